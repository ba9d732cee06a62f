import { BLOCK_LENGTH } from '../wire/index.js';
import type { Disk } from './disk.js';

interface PendingBlock {
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Most blocks written by one call: a megabyte. */
const MOST_TOGETHER = 16;

/** So many are worth a call; fewer wait this long for company. */
const ENOUGH_TOGETHER = 8;
const WAIT_MS = 5;

/** Where blocks of a segment are written to, and noted as being there. */
export interface WritableFiles {
  readonly data: number;
  /** One byte for each block. */
  readonly blocks: number;
}

/**
 * Writes blocks into the files of a segment. A call to the thread pool costs more than copying a block, so blocks wait
 * a moment for others, and neighbours are written together.
 */
export class BlockWrites {
  readonly #disk: Disk;
  readonly #files: WritableFiles;
  #pending: PendingBlock[] = [];
  #isWriting = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(disk: Disk, files: WritableFiles) {
    this.#disk = disk;
    this.#files = files;
  }

  /** Resolves when the block is in the file and noted. `bytes` must not change until then. */
  write(index: number, bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ index, bytes, resolve, reject });
      if (this.#pending.length >= ENOUGH_TOGETHER) this.#begin();
      else this.#timer ??= setTimeout(() => this.#begin(), WAIT_MS);
    });
  }

  #begin(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#isWriting) void this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    for (let blocks = this.#takeNeighbours(); blocks.length > 0; blocks = this.#takeNeighbours()) {
      await this.#writeTogether(blocks);
    }
    this.#isWriting = false;
  }

  async #writeTogether(blocks: readonly PendingBlock[]): Promise<void> {
    const first = blocks[0]?.index ?? 0;
    const pieces = blocks.map(({ bytes }) => bytes);
    try {
      await this.#disk.write(this.#files.data, pieces, first * BLOCK_LENGTH);
      await this.#disk.write(this.#files.blocks, [new Uint8Array(blocks.length).fill(1)], first);
      for (const { resolve } of blocks) resolve();
    } catch (error) {
      for (const { reject } of blocks) reject(error);
    }
  }

  /** The lowest of the blocks that wait and those that follow it without a gap. */
  #takeNeighbours(): readonly PendingBlock[] {
    this.#pending.sort((one, other) => one.index - other.index);
    const first = this.#pending[0]?.index ?? 0;
    let count = 0;
    while (count < MOST_TOGETHER && this.#pending[count]?.index === first + count) count += 1;
    return this.#pending.splice(0, count);
  }
}
