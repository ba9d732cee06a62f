import type { SegmentInfo, StoredSegment } from '../ports.js';
import { blockLength, hashBlock } from '../wire/index.js';
import { errorCode, type Disk } from './disk.js';
import type { OpenSegment, OpenSegments } from './open-segments.js';

const NOT_HERE = Uint8Array.of(0);

/**
 * A segment on disk. The bytes of `blocks` are hints only: every read is checked against the hash list that this
 * object was made with, so neither a crash, nor another process, nor a list that somebody else brought for the same
 * segment can make it hand out a wrong block. For the same reason nothing is ever flushed to the disk: what a power
 * loss takes away is found missing or damaged, and fetched again.
 */
export class FileSegment implements StoredSegment {
  readonly #idHex: string;
  readonly #disk: Disk;
  readonly #segments: OpenSegments;
  #present: Uint8Array;

  constructor(
    readonly info: SegmentInfo,
    disk: Disk,
    segments: OpenSegments,
    present: Uint8Array,
  ) {
    this.#idHex = Buffer.from(info.id).toString('hex');
    this.#disk = disk;
    this.#segments = segments;
    this.#present = present;
  }

  /** As of the last look at the disk, which finding, reading and writing take. */
  has(index: number): boolean {
    return index < this.info.blockHashes.length && this.#present[index] === 1;
  }

  read(index: number): Promise<Buffer | undefined> {
    return this.lend(index, (bytes) => Buffer.from(bytes));
  }

  async lend<Result>(index: number, use: (bytes: Buffer) => Result): Promise<Result | undefined> {
    const used = await this.#segments.use(this.#idHex, async (segment) => {
      this.#present = segment.present;
      if (!this.has(index)) return undefined;
      const result =
        (await this.#lendIntact(segment, index, use)) ?? (await this.#lendAnew(segment, index, use));
      if (result === undefined) this.#forget(segment, index);
      return result;
    });
    return used?.result;
  }

  /** Keeps nothing if the segment was dropped from the store meanwhile. */
  async write(index: number, bytes: Uint8Array): Promise<void> {
    if (!(index in this.info.blockHashes) || bytes.length !== blockLength(this.info, index)) {
      throw new RangeError(`${bytes.length} bytes are not block ${index} of segment ${this.#idHex}`);
    }
    await this.#segments.use(this.#idHex, async (segment) => {
      this.#present = segment.present;
      await segment.writes.write(index, bytes);
      this.#segments.reads.forget(segment.data, index);
      segment.present[index] = 1;
    });
  }

  /** What was read with its neighbours may be older than the block: another process may have written it since. */
  #lendAnew<Result>(
    segment: OpenSegment,
    index: number,
    use: (bytes: Buffer) => Result,
  ): Promise<{ readonly result: Result } | undefined> {
    this.#segments.reads.forget(segment.data, index);
    return this.#lendIntact(segment, index, use);
  }

  /** `undefined` if the disk does not deliver the bytes that belong there. */
  async #lendIntact<Result>(
    segment: OpenSegment,
    index: number,
    use: (bytes: Buffer) => Result,
  ): Promise<{ readonly result: Result } | undefined> {
    const file = { fd: segment.data, segment: this.info, has: (other: number) => this.has(other) };
    const expected = this.info.blockHashes[index];
    try {
      return await this.#segments.reads.lend(file, index, (bytes) =>
        expected !== undefined && hashBlock(this.info.hash, bytes).equals(expected)
          ? { result: use(bytes) }
          : undefined,
      );
    } catch (error) {
      if (errorCode(error) === 'EIO') return undefined;
      throw error;
    }
  }

  #forget(segment: OpenSegment, index: number): void {
    if (index >= segment.present.length) return;
    this.#disk.writeNow(segment.blocks, NOT_HERE, index);
    segment.present.set(NOT_HERE, index);
  }
}
