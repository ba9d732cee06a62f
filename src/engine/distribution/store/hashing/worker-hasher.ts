import type { SegmentHash } from '../../ports.js';
import { HASH_LENGTHS } from '../../wire/index.js';
import { InFlight, settled } from '../disk/in-flight.js';
import {
  algorithmOf,
  endedEarly,
  hashBlocks,
  type BlockHasher,
  type HashingTask,
  type Stretch,
} from './block-hasher.js';
import type { BytesJob } from './hash-worker.js';
import { IdleWatch } from './idle-watch.js';
import { MemoryPool } from './memory-pool.js';
import { HashingThread, ThreadEnded } from './hashing-thread.js';

/** Tasks per worker: the next one waits at the worker while it does one. */
const DEPTH = 4;

/**
 * Few bytes, so that threads end at about the same time; but each task wakes two threads, which costs some machines a tenth
 * of a millisecond a time.
 */
const STRETCH_LENGTH = 8 * 1024 * 1024;

export interface WorkerHasherParts {
  readonly workerCount: number;
  /** The most bytes that a task without a file has. */
  readonly taskLength: number;
  /** Does the work when no thread can be had. */
  readonly inline: BlockHasher;
}

/**
 * Hashes on worker threads. Files are read there; bytes in a SharedArrayBuffer go there as they are, others are copied
 * once into one. Threads are started with the first tasks, keep the process alive only while they work, and are ended when
 * there is nothing to do, as each takes nine megabytes; until one runs, files are read here as well. What a thread that
 * ends by itself leaves undone is done here; when as many have ended as there should be no more are started.
 */
export class WorkerHasher implements BlockHasher {
  readonly concurrency: number;
  readonly stretchLength = STRETCH_LENGTH;
  readonly #parts: WorkerHasherParts;
  readonly #threads: HashingThread[] = [];
  readonly #slots: MemoryPool<Uint8Array>;
  readonly #tasks = new InFlight();
  readonly #use = new IdleWatch(() => this.#rest());
  #endedThreads = 0;
  #isHashingHere = false;

  constructor(parts: WorkerHasherParts) {
    this.#parts = parts;
    this.concurrency = parts.workerCount * DEPTH;
    this.#slots = new MemoryPool<Uint8Array>(
      this.concurrency,
      () => new Uint8Array(new SharedArrayBuffer(parts.taskLength)),
    );
  }

  start(hash: SegmentHash, bytes: Uint8Array, lengths: readonly number[]): HashingTask {
    if (bytes.buffer instanceof SharedArrayBuffer) {
      const hashes = this.#track(this.#hashBytes(hash, { bytes, lengths }));
      return { accepted: settled(hashes), hashes };
    }
    const copied = this.#slots.take().then((slot) => {
      slot.set(bytes);
      return slot;
    });
    const hashes = copied.then(async (slot) => {
      try {
        return await this.#hashBytes(hash, { bytes: slot.subarray(0, bytes.length), lengths });
      } finally {
        this.#slots.giveBack(slot);
      }
    });
    return { accepted: settled(copied), hashes: this.#track(hashes) };
  }

  hashFile(hash: SegmentHash, stretch: Stretch): Promise<Buffer> {
    return this.#track(this.#hashFile(hash, stretch));
  }

  async close(): Promise<void> {
    await this.#tasks.end();
    this.#use.stop();
    this.#rest();
    await this.#tasks.end();
  }

  #track<Result>(task: Promise<Result>): Promise<Result> {
    return this.#tasks.track(this.#use.during(task));
  }

  /** Keeps nothing that is not at work. */
  #rest(): void {
    this.#slots.clear();
    for (const thread of this.#takeAlive()) void this.#tasks.track(thread.end());
  }

  #hashBytes(hash: SegmentHash, job: BytesJob): Promise<Buffer> {
    return this.#onThread(
      this.#thread(),
      (thread) => thread.run({ ...job, ...howTo(hash) }),
      () => Promise.resolve(hashBlocks(hash, job.bytes, job.lengths)),
    );
  }

  async #hashFile(hash: SegmentHash, stretch: Stretch): Promise<Buffer> {
    const here = (): Promise<Buffer> => this.#parts.inline.hashFile(hash, stretch);
    const thread = this.#thread();
    // A thread takes a tenth of a second to start, in which a hundred megabytes are hashed.
    const isStarting = thread !== undefined && !this.#threads.some(({ isOnline }) => isOnline);
    const hashes =
      isStarting && !this.#isHashingHere
        ? await this.#whileThreadsStart(here)
        : await this.#onThread(thread, (chosen) => chosen.run({ ...stretch, ...howTo(hash) }), here);
    const expected = Math.ceil(stretch.length / stretch.blockLength) * HASH_LENGTHS[hash];
    if (hashes.length < expected) throw endedEarly();
    return hashes;
  }

  async #whileThreadsStart(here: () => Promise<Buffer>): Promise<Buffer> {
    this.#isHashingHere = true;
    try {
      return await here();
    } finally {
      this.#isHashingHere = false;
    }
  }

  async #onThread(
    thread: HashingThread | undefined,
    run: (thread: HashingThread) => Promise<Buffer>,
    here: () => Promise<Buffer>,
  ): Promise<Buffer> {
    if (thread === undefined) return here();
    try {
      return await run(thread);
    } catch (error) {
      if (!(error instanceof ThreadEnded)) throw error;
      return here();
    }
  }

  /** The one with the least to do; `undefined`: there are none, and none to be had. */
  #thread(): HashingThread | undefined {
    const alive = this.#takeAlive();
    const idlest = alive.reduce<HashingThread | undefined>(
      (best, thread) => (best === undefined || thread.load < best.load ? thread : best),
      undefined,
    );
    const isWanted = idlest === undefined || idlest.load > 0;
    const started = isWanted ? this.#startThread(alive.length) : undefined;
    this.#threads.push(...alive);
    if (started !== undefined) this.#threads.push(started);
    return started ?? idlest;
  }

  /** Takes those out that are not over; counts the others. */
  #takeAlive(): readonly HashingThread[] {
    const all = this.#threads.splice(0);
    const alive = all.filter(({ isOver }) => !isOver);
    this.#endedThreads += all.length - alive.length;
    return alive;
  }

  #startThread(alive: number): HashingThread | undefined {
    if (alive + this.#endedThreads >= this.#parts.workerCount) return undefined;
    try {
      return new HashingThread();
    } catch {
      // The program was started without the permission to.
      this.#endedThreads = Infinity;
      return undefined;
    }
  }
}

const howTo = (hash: SegmentHash): { readonly algorithm: string; readonly hashLength: number } => ({
  algorithm: algorithmOf(hash),
  hashLength: HASH_LENGTHS[hash],
});
