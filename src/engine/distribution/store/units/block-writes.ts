import type { Disk } from '../disk/disk.js';
import type { BlockLayout } from './block-layout.js';
import type { UnitFiles } from './unit-files.js';

interface PendingBlock {
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
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

  /** Resolves when the block is in the file and noted. `bytes` must not change until then. */
  write(index: number, bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ index, bytes, resolve, reject });
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

  async #writeTogether(blocks: readonly PendingBlock[]): Promise<void> {
    const first = blocks[0]?.index ?? 0;
    const pieces = blocks.map(({ bytes }) => bytes);
    const { data, blocks: marks, start } = this.#files;
    try {
      if (data === undefined) throw new Error('a unit is written to whose file is away');
      await this.#disk.write(data, pieces, start + this.#layout.startOf(first));
      // A few bytes: handing them to the thread pool would cost more than writing them.
      this.#disk.writeNow(marks, new Uint8Array(blocks.length).fill(1), first);
      for (const { resolve } of blocks) resolve();
    } catch (error) {
      for (const { reject } of blocks) reject(error);
    }
  }
}

/** Blocks in the order of their indexes, those that follow one another without a gap together. */
const inRuns = (blocks: readonly PendingBlock[]): readonly (readonly PendingBlock[])[] => {
  const runs: PendingBlock[][] = [];
  for (const block of [...blocks].sort((one, other) => one.index - other.index)) {
    const run = runs.at(-1);
    const next = (run?.at(-1)?.index ?? -1) + 1;
    if (run !== undefined && run.length < MOST_TOGETHER && block.index === next) run.push(block);
    else runs.push([block]);
  }
  return runs;
};
