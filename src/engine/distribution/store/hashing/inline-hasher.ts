import type { SegmentHash } from '../../ports.js';
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

/** Pieces of memory that are kept for the next stretches. */
const MOST_KEPT = 2;

/** Hashes on this thread. */
export class InlineHasher implements BlockHasher {
  /** While one piece is being read or written another one is hashed. */
  readonly concurrency = 2;
  readonly #disk: Disk;
  readonly #memory: Buffer[] = [];

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  start(hash: SegmentHash, bytes: Uint8Array, lengths: readonly number[]): HashingTask {
    return { accepted: Promise.resolve(), hashes: Promise.resolve(hashBlocks(hash, bytes, lengths)) };
  }

  async hashFile(hash: SegmentHash, stretch: Stretch): Promise<Buffer> {
    const memory = this.#memory.pop() ?? Buffer.allocUnsafeSlow(MOST_STRETCHED);
    try {
      return await this.#hashFile(hash, stretch, memory.subarray(0, stretch.length));
    } finally {
      if (this.#memory.length < MOST_KEPT) this.#memory.push(memory);
    }
  }

  close(): Promise<void> {
    this.#memory.length = 0;
    return Promise.resolve();
  }

  /** At once, as each read costs this thread something, and hashing holds it up for some milliseconds only. */
  async #hashFile(hash: SegmentHash, stretch: Stretch, memory: Buffer): Promise<Buffer> {
    const { from, length, blockLength, copyTo } = stretch;
    if ((await this.#disk.read(from.fd, memory, from.position)) < length) throw endedEarly();
    const hashes = hashBlocks(hash, memory, blockLengthsOf(length, blockLength));
    if (copyTo !== undefined) await this.#disk.write(copyTo.fd, [memory], copyTo.position);
    return hashes;
  }
}
