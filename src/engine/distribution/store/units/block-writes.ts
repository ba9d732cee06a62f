import type { Disk } from '../disk/disk.js';
import type { BlockLayout } from './block-layout.js';
import type { UnitFiles } from './unit-files.js';

/** A block that belongs into a unit. */
export interface UnitBlock {
  readonly index: number;
  readonly bytes: Uint8Array;
}

/** Blocks that somebody waits for together. */
interface Batch {
  left: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface PendingBlock {
  readonly block: UnitBlock;
  readonly batch: Batch;
}

/** Most blocks written by one call: a megabyte or two. */
const MOST_TOGETHER = 16;

/** So many are worth a call; fewer wait for others of the same turn of the event loop. */
const ENOUGH_TOGETHER = 8;

/**
 * Writes blocks into the files of a unit. A call to the thread pool costs more than copying a block, so neighbours
 * are written together.
 */
export class BlockWrites {
  readonly #disk: Disk;
  readonly #files: UnitFiles;
  readonly #layout: BlockLayout;
  #pending: PendingBlock[] = [];
  #isWriting = false;
  #soon: NodeJS.Immediate | undefined;

  constructor(disk: Disk, files: UnitFiles, layout: BlockLayout) {
    this.#disk = disk;
    this.#files = files;
    this.#layout = layout;
  }

  /** Resolves when all blocks are in the file and noted. Their bytes must not change until then. */
  write(blocks: readonly UnitBlock[]): Promise<void> {
    if (blocks.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const batch: Batch = { left: blocks.length, resolve, reject };
      for (const block of blocks) this.#pending.push({ block, batch });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#isWriting || this.#pending.length === 0) return;
    if (this.#pending.length >= ENOUGH_TOGETHER) void this.#writeSome();
    else this.#soon ??= setImmediate(() => void this.#writeSome());
  }

  async #writeSome(): Promise<void> {
    clearImmediate(this.#soon);
    this.#soon = undefined;
    this.#isWriting = true;
    // Neighbours by neighbours; what comes meanwhile waits for company of its own.
    const runs = inRuns(this.#pending.splice(0));
    for (const run of runs) await this.#writeTogether(run);
    this.#isWriting = false;
    this.#schedule();
  }

  async #writeTogether(pending: readonly PendingBlock[]): Promise<void> {
    const first = pending[0]?.block.index ?? 0;
    const pieces = pending.map(({ block }) => block.bytes);
    const { data, blocks: marks, start } = this.#files;
    try {
      if (data === undefined) throw new Error('a unit is written to whose file is away');
      await this.#disk.write(data, pieces, start + this.#layout.startOf(first));
      // A few bytes: handing them to the thread pool would cost more than writing them.
      this.#disk.writeNow(marks, new Uint8Array(pending.length).fill(1), first);
      for (const { batch } of pending) {
        batch.left -= 1;
        if (batch.left === 0) batch.resolve();
      }
    } catch (error) {
      for (const { batch } of pending) batch.reject(error);
    }
  }
}

/** Blocks in the order of their indexes, those that follow one another without a gap together. */
const inRuns = (blocks: PendingBlock[]): readonly (readonly PendingBlock[])[] => {
  const runs: PendingBlock[][] = [];
  let run: PendingBlock[] | undefined;
  let next = 0;
  for (const pending of blocks.sort((one, other) => one.block.index - other.block.index)) {
    if (run !== undefined && run.length < MOST_TOGETHER && pending.block.index === next) run.push(pending);
    else runs.push((run = [pending]));
    next = pending.block.index + 1;
  }
  return runs;
};
