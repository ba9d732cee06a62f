import { Worker } from 'node:worker_threads';
import type { SegmentHash } from '../../ports.js';
import { HASH_LENGTHS } from '../../wire/index.js';
import { InFlight, settled } from '../disk/in-flight.js';
import { algorithmOf, type BlockHasher, type HashingTask } from './block-hasher.js';
import { HASH_WORKER_SOURCE, type HashJob, type HashReply } from './hash-worker.js';

interface Pending {
  resolve(hashes: Buffer): void;
  reject(error: Error): void;
}

/** A worker needs a few megabytes for its code; the blocks lie in shared memory. */
const WORKER_LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 32 };

/** Tasks per worker: the next one waits at the worker while it does one. */
const DEPTH = 2;

/**
 * Hashes on worker threads. Bytes in a SharedArrayBuffer go there as they are, others are copied once into one. Workers
 * are started with the first task and keep the process alive only while they work.
 */
export class WorkerHasher implements BlockHasher {
  readonly concurrency: number;
  readonly #workerCount: number;
  readonly #workers: HashWorker[] = [];
  readonly #freeSlots: Uint8Array[] = [];
  readonly #waiting: ((slot: Uint8Array) => void)[] = [];
  readonly #tasks = new InFlight();
  #slotCount = 0;

  /** @param taskLength the most bytes that a task has. */
  constructor(
    workerCount: number,
    readonly taskLength: number,
  ) {
    this.#workerCount = workerCount;
    this.concurrency = workerCount * DEPTH;
  }

  start(hash: SegmentHash, bytes: Uint8Array, lengths: readonly number[]): HashingTask {
    const job = { algorithm: algorithmOf(hash), hashLength: HASH_LENGTHS[hash], lengths };
    if (bytes.buffer instanceof SharedArrayBuffer) {
      const hashes = this.#tasks.track(this.#worker().run({ ...job, bytes }));
      return { accepted: settled(hashes), hashes };
    }
    const copied = this.#slot().then((slot) => {
      slot.set(bytes);
      return slot;
    });
    const hashes = copied.then(async (slot) => {
      try {
        return await this.#worker().run({ ...job, bytes: slot.subarray(0, bytes.length) });
      } finally {
        this.#release(slot);
      }
    });
    return { accepted: settled(copied), hashes: this.#tasks.track(hashes) };
  }

  async close(): Promise<void> {
    await this.#tasks.end();
    await Promise.all(this.#workers.splice(0).map((worker) => worker.end()));
  }

  /** The one with the least to do. */
  #worker(): HashWorker {
    const alive = this.#workers.filter(({ isOver }) => !isOver);
    const idlest = alive.reduce<HashWorker | undefined>(
      (best, worker) => (best === undefined || worker.load < best.load ? worker : best),
      undefined,
    );
    if (idlest !== undefined && (idlest.load === 0 || alive.length >= this.#workerCount)) return idlest;
    const worker = new HashWorker();
    this.#workers.splice(0, Infinity, ...alive, worker);
    return worker;
  }

  #slot(): Promise<Uint8Array> {
    const free = this.#freeSlots.pop();
    if (free !== undefined) return Promise.resolve(free);
    if (this.#slotCount < this.concurrency) {
      this.#slotCount += 1;
      return Promise.resolve(new Uint8Array(new SharedArrayBuffer(this.taskLength)));
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #release(slot: Uint8Array): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#freeSlots.push(slot);
    else next(slot);
  }
}

/** One worker thread and what it has been asked. */
class HashWorker {
  readonly #worker = new Worker(HASH_WORKER_SOURCE, {
    eval: true,
    // Options of the program, such as loaders, are not for this thread.
    execArgv: [],
    env: {},
    resourceLimits: WORKER_LIMITS,
  });
  readonly #pending = new Map<number, Pending>();
  #ids = 0;
  #isOver = false;

  constructor() {
    this.#worker.unref();
    this.#worker.on('message', (reply: HashReply) => this.#settle(reply));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('the hashing thread ended')));
  }

  get load(): number {
    return this.#pending.size;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  run(job: Omit<HashJob, 'id'>): Promise<Buffer> {
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
    if (hashes !== undefined) pending?.resolve(Buffer.from(hashes.buffer));
    else pending?.reject(new Error(error));
  }

  #fail(error: Error): void {
    this.#isOver = true;
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }
}
