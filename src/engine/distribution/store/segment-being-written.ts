import { createHash, type Hash } from 'node:crypto';
import type { HashName } from '../ports.js';
import { BLOCK_LENGTH, HASH_LENGTHS, SEGMENT_LENGTH } from '../wire/index.js';
import type { BlockHasher } from './block-hasher.js';
import type { Disk } from './disk.js';
import { settled } from './in-flight.js';

/** Bytes that are handed to the hasher at once; hashing them takes this thread about a millisecond. */
export const PIECE_LENGTH = 1024 * 1024;

/** One segment of a publication, from its start on: hashed, and written to a data file unless that is kept empty. */
export class SegmentBeingWritten {
  readonly #disk: Disk;
  readonly #hasher: BlockHasher;
  readonly #hash: HashName;
  readonly #keepsCopy: boolean;
  readonly #fd: number;
  /** By block index. */
  readonly #blockHashes: Uint8Array[] = [];
  readonly #tasks = new Set<Promise<unknown>>();
  #length = 0;
  #isClosed = false;
  #failure: { readonly error: unknown } | undefined;
  #lastWrite: Promise<void> = Promise.resolve();
  /** The block that has begun but not ended. */
  #partial: Hash | undefined;

  constructor(
    path: string,
    options: {
      readonly disk: Disk;
      readonly hasher: BlockHasher;
      readonly hash: HashName;
      readonly keepsCopy: boolean;
    },
  ) {
    this.#disk = options.disk;
    this.#hasher = options.hasher;
    this.#hash = options.hash;
    this.#keepsCopy = options.keepsCopy;
    this.#fd = options.disk.openNew(path);
  }

  get length(): number {
    return this.#length;
  }

  /** How many bytes it can take. */
  get room(): number {
    return SEGMENT_LENGTH - this.#length;
  }

  /** @param bytes no more than there is room for; they must not change until it resolves. */
  async append(bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    let rest = bytes;
    const accepted: (readonly Promise<void>[])[] = [];
    try {
      while (rest.length > 0) {
        signal?.throwIfAborted();
        this.#throwIfFailed();
        const begun = this.#length % BLOCK_LENGTH;
        const isWhole = begun === 0 && rest.length >= BLOCK_LENGTH;
        const length = isWhole
          ? Math.min(PIECE_LENGTH, rest.length - (rest.length % BLOCK_LENGTH))
          : Math.min(BLOCK_LENGTH - begun, rest.length);
        const piece = rest.subarray(0, length);
        if (isWhole) accepted.push(await this.#startBlocks(piece));
        else await this.#appendPart(piece);
        rest = rest.subarray(length);
      }
    } finally {
      // Also after a failure: the caller may use its bytes again once it hears of it.
      await Promise.all(accepted.flat());
    }
    this.#throwIfFailed();
  }

  /** @returns the hashes of all blocks. The file is closed then. */
  async finish(): Promise<readonly Uint8Array[]> {
    this.#endPartial();
    await this.close();
    this.#throwIfFailed();
    return this.#blockHashes;
  }

  /** Waits for what is under way and closes the file. Calling it again does nothing. */
  async close(): Promise<void> {
    await Promise.all(this.#tasks);
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#disk.close(this.#fd);
  }

  /**
   * Waits for a place among the tasks under way.
   *
   * @returns when the bytes may change again.
   */
  async #startBlocks(bytes: Uint8Array): Promise<readonly Promise<void>[]> {
    while (this.#tasks.size >= this.#hasher.concurrency) await Promise.race(this.#tasks);
    const written = this.#write(bytes);
    const { accepted, hashes } = this.#hasher.start(this.#hash, bytes);
    this.#follow(hashes, written, this.#length / BLOCK_LENGTH);
    this.#length += bytes.length;
    return [accepted, settled(written)];
  }

  #follow(hashing: Promise<Buffer>, written: Promise<void>, firstBlock: number): void {
    const size = HASH_LENGTHS[this.#hash];
    const followed = Promise.all([hashing, written])
      .then(([hashes]) => {
        for (let at = 0; at < hashes.length; at += size) {
          this.#blockHashes[firstBlock + at / size] = hashes.subarray(at, at + size);
        }
      })
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#tasks.delete(followed));
    this.#tasks.add(followed);
  }

  /** One at a time: several writes to one file would only wait for each other, and not idly. */
  #write(bytes: Uint8Array): Promise<void> {
    if (!this.#keepsCopy) return this.#lastWrite;
    const position = this.#length;
    const written = this.#lastWrite.then(() => this.#disk.write(this.#fd, [bytes], position));
    this.#lastWrite = settled(written);
    return written;
  }

  async #appendPart(bytes: Uint8Array): Promise<void> {
    this.#partial ??= createHash(this.#hash);
    this.#partial.update(bytes);
    await this.#write(bytes);
    this.#length += bytes.length;
    if (this.#length % BLOCK_LENGTH === 0) this.#endPartial();
  }

  #endPartial(): void {
    if (this.#partial === undefined) return;
    this.#blockHashes[Math.ceil(this.#length / BLOCK_LENGTH) - 1] = this.#partial.digest();
    this.#partial = undefined;
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
