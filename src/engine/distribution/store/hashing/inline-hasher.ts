import type { SegmentHash } from '../../ports.js';
import { releaseBytes } from '../../release-bytes.js';
import type { Disk } from '../disk/disk.js';
import {
  type BlockHasher,
  blockLengthsOf,
  endedEarly,
  hashBlocks,
  type HashingTask,
  type Stretch,
} from './block-hasher.js';
import { IdleWatch } from './idle-watch.js';
import { MemoryPool } from './memory-pool.js';

/** While one piece is being read or written another one is hashed. More of them would only be in each other's cache. */
const CONCURRENCY = 2;

/** What is read at once, as each read costs this thread something, and hashing it takes some milliseconds only. */
const PIECE_LENGTH = 4 * 1024 * 1024;

/** Hashes on this thread, never more stretches at a time than it is worth, whoever asks. */
export class InlineHasher implements BlockHasher {
  readonly concurrency = CONCURRENCY;
  readonly stretchLength = PIECE_LENGTH;
  readonly #disk: Disk;
  readonly #memory = new MemoryPool(CONCURRENCY, () => Buffer.allocUnsafeSlow(PIECE_LENGTH));
  readonly #use = new IdleWatch(() => this.#releaseMemory());

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  start(hash: SegmentHash, bytes: Uint8Array, lengths: readonly number[]): HashingTask {
    return { accepted: Promise.resolve(), hashes: Promise.resolve(hashBlocks(hash, bytes, lengths)) };
  }

  hashFile(hash: SegmentHash, stretch: Stretch): Promise<Buffer> {
    return this.#use.during(this.#hashStretch(hash, stretch));
  }

  close(): Promise<void> {
    this.#use.stop();
    this.#releaseMemory();
    return Promise.resolve();
  }

  /** Piece by piece: a stretch that was cut for threads is longer. */
  async #hashStretch(hash: SegmentHash, stretch: Stretch): Promise<Buffer> {
    const hashes: Buffer[] = [];
    for (let at = 0; at < stretch.length; at += PIECE_LENGTH) {
      const memory = await this.#memory.take();
      try {
        const piece = memory.subarray(0, Math.min(PIECE_LENGTH, stretch.length - at));
        hashes.push(await this.#hashPiece(hash, stretch, at, piece));
      } finally {
        this.#memory.giveBack(memory);
      }
    }
    return Buffer.concat(hashes);
  }

  async #hashPiece(hash: SegmentHash, stretch: Stretch, at: number, memory: Buffer): Promise<Buffer> {
    const { from, blockLength, copyTo } = stretch;
    if ((await this.#disk.read(from.fd, memory, from.position + at)) < memory.length) throw endedEarly();
    const hashes = hashBlocks(hash, memory, blockLengthsOf(memory.length, blockLength));
    if (copyTo !== undefined) await this.#disk.write(copyTo.fd, [memory], copyTo.position + at);
    return hashes;
  }

  #releaseMemory(): void {
    for (const piece of this.#memory.clear()) releaseBytes(piece);
  }
}
