import { Worker } from 'node:worker_threads';
import { HASH_WORKER_SOURCE, type HashJob, type HashReply } from './hash-worker.js';

interface Pending {
  resolve(hashes: Buffer): void;
  reject(error: Error): void;
}

/** A worker needs a few megabytes for its code; the blocks lie in shared memory. */
const WORKER_LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 32 };

/** The thread is no more; what it was asked can be asked again elsewhere. */
export class ThreadEnded extends Error {}

/** `Omit` of every kind of job. */
type Question<Job> = Job extends unknown ? Omit<Job, 'id'> : never;

/** One worker thread and what it has been asked. It keeps the process alive only while it works. */
export class HashingThread {
  readonly #worker = new Worker(HASH_WORKER_SOURCE, {
    eval: true,
    // Options of the program, such as loaders, are not for this thread.
    execArgv: [],
    env: {},
    resourceLimits: WORKER_LIMITS,
  });
  readonly #pending = new Map<number, Pending>();
  #ids = 0;
  #isOnline = false;
  #isOver = false;

  constructor() {
    this.#worker.unref();
    this.#worker.on('message', (reply: HashReply) => this.#settle(reply));
    this.#worker.once('online', () => (this.#isOnline = true));
    // The reason is of use only in a debugger: whatever it is, the thread is gone.
    this.#worker.on('error', () => undefined);
    this.#worker.on('exit', () => this.#end());
  }

  /** How much it has been asked. */
  get load(): number {
    return this.#pending.size;
  }

  /** Whether it runs. Until then, what it is asked waits. */
  get isOnline(): boolean {
    return this.#isOnline;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  run(job: Question<HashJob>): Promise<Buffer> {
    this.#ids += 1;
    const id = this.#ids;
    this.#worker.ref();
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage({ id, ...job } satisfies HashJob);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #settle({ id, hashes, error }: HashReply): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#worker.unref();
    if (hashes !== undefined) pending?.resolve(Buffer.from(hashes, 'binary'));
    else pending?.reject(Object.assign(new Error(error?.message), { code: error?.code }));
  }

  #end(): void {
    this.#isOver = true;
    for (const pending of this.#pending.values()) pending.reject(new ThreadEnded('the hashing thread ended'));
    this.#pending.clear();
  }
}
