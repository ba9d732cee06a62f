import { MAX_RUN, type SegmentHash, type SegmentInfo } from '../../ports.js';
import type { SegmentCutter } from '../../segmentation/index.js';
import {
  BLOCK_LENGTH,
  BLOCKS_PER_SEGMENT,
  compactRun,
  describeSegment,
  HASH_LENGTHS,
  MAX_SEGMENT_LENGTH_V2,
  versionOf,
} from '../../wire/index.js';
import type { Disk } from '../disk/disk.js';
import { settled } from '../disk/in-flight.js';
import { startHash, type BlockHasher, type FilePlace, type RunningHash } from '../hashing/block-hasher.js';

/** Bytes that are handed to the hasher at once; hashing them takes a thread about a millisecond. */
const PIECE_LENGTH = 1024 * 1024;

/** The most that a hasher is given at once: a piece ends with a block. */
export const MOST_HASHED = PIECE_LENGTH + MAX_SEGMENT_LENGTH_V2;

export interface UnitOptions {
  readonly disk: Disk;
  readonly hasher: BlockHasher;
  readonly hash: SegmentHash;
  readonly keepsCopy: boolean;
  /** Tells where blocks end. It goes on from one unit to the next. */
  readonly cutter: SegmentCutter;
}

/** Whole blocks that bytes begin with, and whether what is behind them begins another one. */
interface Cut {
  readonly lengths: readonly number[];
  readonly end: number;
  readonly hasTail: boolean;
}

/** A unit of a publication, from its start on: cut, hashed, and written to a data file unless that is kept empty. */
export class UnitBeingWritten {
  readonly #options: UnitOptions;
  readonly #fd: number;
  readonly #most: number;
  /** Of blocks that were cut; those that a file is read in are all of the same length but the last one. */
  readonly #lengths: number[] = [];
  /** Blocks. */
  #count = 0;
  /** One after the other. */
  readonly #hashes: Buffer;
  readonly #hashLength: number;
  readonly #tasks = new Set<Promise<unknown>>();
  #length = 0;
  #isClosed = false;
  #failure: { readonly error: unknown } | undefined;
  #lastWrite: Promise<void> = Promise.resolve();
  /** The block that has begun but not ended. */
  #partial: { readonly hash: RunningHash; length: number } | undefined;

  constructor(path: string, options: UnitOptions) {
    this.#options = options;
    this.#most = versionOf(options.hash) === 1 ? BLOCKS_PER_SEGMENT : MAX_RUN;
    this.#hashLength = HASH_LENGTHS[options.hash];
    this.#hashes = Buffer.alloc(this.#most * this.#hashLength);
    this.#fd = options.disk.openNew(path);
  }

  get length(): number {
    return this.#length;
  }

  get isFull(): boolean {
    return this.#count >= this.#most;
  }

  /**
   * Takes bytes until it is full.
   *
   * @param bytes must not change until it resolves.
   * @returns how many it took.
   */
  async append(bytes: Uint8Array, signal?: AbortSignal): Promise<number> {
    let taken = 0;
    const accepted: Promise<void>[] = [];
    try {
      while (taken < bytes.length && !this.isFull) {
        signal?.throwIfAborted();
        this.#throwIfFailed();
        const rest = bytes.subarray(taken);
        taken += this.#partial === undefined ? await this.#take(rest, accepted) : await this.#goOn(rest);
      }
    } finally {
      // Also after a failure: the caller may use its bytes again once it hears of it.
      await Promise.all(accepted);
    }
    this.#throwIfFailed();
    return taken;
  }

  /**
   * Takes blocks of version 1 out of a file until it is full; the last one may be short if nothing follows. They are read
   * later, so the file must stay open until it is closed.
   *
   * @param stop see {@link Stretch}
   * @returns how many bytes it took.
   */
  async appendFile(from: FilePlace, length: number, stop: Int32Array): Promise<number> {
    let taken = 0;
    while (taken < length && !this.isFull) {
      await this.#place();
      this.#throwIfFailed();
      const room = (this.#most - this.#count) * BLOCK_LENGTH;
      const size = Math.min(this.#options.hasher.stretchLength, length - taken, room);
      const position = from.position + taken;
      this.#startFile({ fd: from.fd, position }, size, stop);
      taken += size;
    }
    return taken;
  }

  /** Ends the last block. @returns the segments, once all is hashed and written; the file is closed then. */
  async finish(serverKey: Uint8Array): Promise<readonly SegmentInfo[]> {
    this.#endPartial();
    await this.close();
    this.#throwIfFailed();
    const { hash } = this.#options;
    if (versionOf(hash) === 1) {
      const blockHashes = this.#hashesOf(0, this.#count);
      return [describeSegment({ hash, serverKey, length: this.#length, blockHashes })];
    }
    return compactRun(this.#count, (index) => {
      const length = this.#lengths[index] ?? 0;
      return describeSegment({ hash, serverKey, length, blockHashes: this.#hashesOf(index, 1) });
    });
  }

  /** Waits for what is under way and closes the file. Calling it again does nothing. */
  async close(): Promise<void> {
    await Promise.all(this.#tasks);
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.disk.close(this.#fd);
  }

  /** Takes about a megabyte of whole blocks, and the beginning of the next one if bytes end in it. */
  async #take(bytes: Uint8Array, accepted: Promise<void>[]): Promise<number> {
    const { lengths, end, hasTail } = this.#cut(bytes);
    if (lengths.length > 0) accepted.push(...(await this.#startBlocks(bytes.subarray(0, end), lengths)));
    if (!hasTail) return end;
    this.#partial = { hash: startHash(this.#options.hash), length: 0 };
    await this.#addToPartial(bytes.subarray(end));
    return bytes.length;
  }

  #cut(bytes: Uint8Array): Cut {
    const lengths: number[] = [];
    let end = 0;
    while (end < Math.min(bytes.length, PIECE_LENGTH) && this.#count + lengths.length < this.#most) {
      const length = this.#options.cutter.cut(bytes.subarray(end));
      if (length === undefined) return { lengths, end, hasTail: true };
      lengths.push(length);
      end += length;
    }
    return { lengths, end, hasTail: false };
  }

  /** Goes on with the block that has begun. */
  async #goOn(bytes: Uint8Array): Promise<number> {
    const length = this.#options.cutter.cut(bytes);
    await this.#addToPartial(bytes.subarray(0, length));
    if (length !== undefined) this.#endPartial();
    return length ?? bytes.length;
  }

  async #addToPartial(bytes: Uint8Array): Promise<void> {
    if (this.#partial === undefined) return;
    this.#partial.hash.update(bytes);
    this.#partial.length += bytes.length;
    const written = this.#write(bytes);
    this.#length += bytes.length;
    await written;
  }

  #endPartial(): void {
    if (this.#partial === undefined) return;
    this.#putHashes(this.#count, this.#partial.hash.digest());
    this.#addBlocks([this.#partial.length]);
    this.#partial = undefined;
  }

  #startFile(from: FilePlace, length: number, stop: Int32Array): void {
    const { hasher, hash, keepsCopy } = this.#options;
    const copyTo = keepsCopy ? { fd: this.#fd, position: this.#length } : undefined;
    const hashes = hasher.hashFile(hash, { from, length, blockLength: BLOCK_LENGTH, copyTo, stop });
    this.#follow(hashes, Promise.resolve(), this.#count);
    this.#count += Math.ceil(length / BLOCK_LENGTH);
    this.#length += length;
  }

  /** Waits for a place among the tasks under way. */
  async #place(): Promise<void> {
    while (this.#tasks.size >= this.#options.hasher.concurrency) await Promise.race(this.#tasks);
  }

  /** @returns when the bytes may change again. */
  async #startBlocks(bytes: Uint8Array, lengths: readonly number[]): Promise<readonly Promise<void>[]> {
    const { hasher, hash } = this.#options;
    await this.#place();
    const written = this.#write(bytes);
    const { accepted, hashes } = hasher.start(hash, bytes, lengths);
    this.#follow(hashes, written, this.#count);
    this.#addBlocks(lengths);
    this.#length += bytes.length;
    return [accepted, settled(written)];
  }

  #follow(hashing: Promise<Buffer>, written: Promise<void>, firstBlock: number): void {
    const followed = Promise.all([hashing, written])
      .then(([hashes]) => this.#putHashes(firstBlock, hashes))
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#tasks.delete(followed));
    this.#tasks.add(followed);
  }

  #addBlocks(lengths: readonly number[]): void {
    this.#lengths.push(...lengths);
    this.#count += lengths.length;
  }

  #putHashes(firstBlock: number, hashes: Uint8Array): void {
    this.#hashes.set(hashes, firstBlock * this.#hashLength);
  }

  #hashesOf(firstBlock: number, count: number): Buffer {
    return this.#hashes.subarray(firstBlock * this.#hashLength, (firstBlock + count) * this.#hashLength);
  }

  /** One at a time: several writes to one file would only wait for each other, and not idly. */
  #write(bytes: Uint8Array): Promise<void> {
    const { disk, keepsCopy } = this.#options;
    if (!keepsCopy) return this.#lastWrite;
    const position = this.#length;
    const written = this.#lastWrite.then(() => disk.write(this.#fd, [bytes], position));
    this.#lastWrite = settled(written);
    return written;
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
