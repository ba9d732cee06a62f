import type { SegmentHash } from '../../ports.js';
import { releaseBytes } from '../../release-bytes.js';
import type { Disk } from '../disk/disk.js';
import {
  type BlockHasher,
  blockLengthsOf,
  endedEarly,
  hashBlocks,
  type HashingTask,
  MOST_STRETCHED,
  type Stretch,
} from './block-hasher.js';
import { IdleWatch } from './idle-watch.js';
import { MemoryPool } from './memory-pool.js';

/** While one piece is being read or written another one is hashed. More of them would only be in each other's cache. */
const CONCURRENCY = 2;

/** Hashes on this thread, never more stretches at a time than it is worth, whoever asks. */
export class InlineHasher implements BlockHasher {
  readonly concurrency = CONCURRENCY;
  readonly #disk: Disk;
  readonly #memory = new MemoryPool(CONCURRENCY, () => Buffer.allocUnsafeSlow(MOST_STRETCHED));
  readonly #use = new IdleWatch(() => this.#releaseMemory());

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  start(hash: SegmentHash, bytes: Uint8Array, lengths: readonly number[]): HashingTask {
    return { accepted: Promise.resolve(), hashes: Promise.resolve(hashBlocks(hash, bytes, lengths)) };
  }

  hashFile(hash: SegmentHash, stretch: Stretch): Promise<Buffer> {
    return this.#use.during(this.#hashInMemory(hash, stretch));
  }

  close(): Promise<void> {
    this.#use.stop();
    this.#releaseMemory();
    return Promise.resolve();
  }

  async #hashInMemory(hash: SegmentHash, stretch: Stretch): Promise<Buffer> {
    const memory = await this.#memory.take();
    try {
      return await this.#hashFile(hash, stretch, memory.subarray(0, stretch.length));
    } finally {
      this.#memory.giveBack(memory);
    }
  }

  /** At once, as each read costs this thread something, and hashing holds it up for some milliseconds only. */
  async #hashFile(hash: SegmentHash, stretch: Stretch, memory: Buffer): Promise<Buffer> {
    const { from, length, blockLength, copyTo } = stretch;
    if ((await this.#disk.read(from.fd, memory, from.position)) < length) throw endedEarly();
    const hashes = hashBlocks(hash, memory, blockLengthsOf(length, blockLength));
    if (copyTo !== undefined) await this.#disk.write(copyTo.fd, [memory], copyTo.position);
    return hashes;
  }

  #releaseMemory(): void {
    for (const piece of this.#memory.clear()) releaseBytes(piece);
  }
}
