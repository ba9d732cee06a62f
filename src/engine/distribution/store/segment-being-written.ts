import { createHash, type Hash } from 'node:crypto';
import type { HashName } from '../ports.js';
import { BLOCK_LENGTH, HASH_LENGTHS, SEGMENT_LENGTH } from '../wire/index.js';
import type { BlockHasher, HashingTask } from './block-hasher.js';
import type { Disk } from './disk.js';

/** Bytes that are handed to the hasher at once; hashing them takes this thread about a millisecond. */
export const PIECE_LENGTH = 1024 * 1024;

/** The data file of one segment of a publication, being filled from its start. */
export class SegmentBeingWritten {
  readonly #disk: Disk;
  readonly #hasher: BlockHasher;
  readonly #hash: HashName;
  readonly #fd: number;
  /** By block index. */
  readonly #blockHashes: Uint8Array[] = [];
  readonly #tasks = new Set<Promise<unknown>>();
  #length = 0;
  #isClosed = false;
  #failure: { readonly error: unknown } | undefined;
  /** The block that has begun but not ended. */
  #partial: Hash | undefined;

  constructor(path: string, hash: HashName, disk: Disk, hasher: BlockHasher) {
    this.#disk = disk;
    this.#hasher = hasher;
    this.#hash = hash;
    this.#fd = disk.openNew(path);
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
    const accepted: Promise<void>[] = [];
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
        if (isWhole) accepted.push((await this.#startBlocks(piece)).accepted);
        else await this.#appendPart(piece);
        rest = rest.subarray(length);
      }
    } finally {
      // Also after a failure: the caller may use its bytes again once it hears of it.
      await Promise.all(accepted);
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

  /** Waits for a place among the tasks under way. */
  async #startBlocks(bytes: Uint8Array): Promise<HashingTask> {
    while (this.#tasks.size >= this.#hasher.concurrency) await Promise.race(this.#tasks);
    const task = this.#hasher.start(this.#hash, this.#fd, bytes, this.#length);
    this.#follow(task, this.#length / BLOCK_LENGTH);
    this.#length += bytes.length;
    return task;
  }

  #follow(task: HashingTask, firstBlock: number): void {
    const size = HASH_LENGTHS[this.#hash];
    const followed = task.done
      .then((hashes) => {
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

  async #appendPart(bytes: Uint8Array): Promise<void> {
    this.#partial ??= createHash(this.#hash);
    this.#partial.update(bytes);
    await this.#disk.write(this.#fd, [bytes], this.#length);
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
