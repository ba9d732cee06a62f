import type { CheckedBlock, FilePlace, SegmentInfo } from '../../ports.js';
import { LOOK_AGE_MS } from '../../look-age.js';
import { blockCount, blockLength, hashCount } from '../../wire/index.js';
import type { SegmentIndex } from '../segment-index/segment-index.js';
import { lengthOf } from './block-layout.js';
import { isWritable, type OpenUnit, type OpenUnits } from './open-units.js';
import type { UnitDirectories } from './unit-directories.js';
import { isRun, unitOf } from './unit.js';

/** A block of a segment that lies in a unit. */
export interface SegmentBlock extends CheckedBlock {
  readonly info: SegmentInfo;
  /** The segment's first block in the unit. */
  readonly first: number;
}

/** Another process has put another unit in the place of the one that was written to, or what it said was wrong. */
const REPLACED = Symbol('replaced');

export interface UnitWriterParts {
  readonly units: OpenUnits;
  readonly directories: UnitDirectories;
  readonly index: SegmentIndex;
  /** Blocks were stored; their writer waits for it. */
  readonly onWritten: (bytes: number) => Promise<void>;
}

/** Writes blocks into units, and notes which segments of version 2 they are. */
export class UnitWriter {
  readonly #units: OpenUnits;
  readonly #directories: UnitDirectories;
  readonly #index: SegmentIndex;
  readonly #onWritten: (bytes: number) => Promise<void>;

  constructor(parts: UnitWriterParts) {
    this.#units = parts.units;
    this.#directories = parts.directories;
    this.#index = parts.index;
    this.#onWritten = parts.onWritten;
  }

  /**
   * Keeps nothing if the unit was dropped from the store meanwhile.
   *
   * @returns where the unit lies outside of the store, if that is where the blocks have been written.
   */
  async write(unit: string, blocks: readonly SegmentBlock[]): Promise<FilePlace | undefined> {
    for (const { info, index, bytes } of blocks) {
      if (index >= hashCount(info) || bytes.length !== blockLength(info, index)) {
        throw new RangeError(`${bytes.length} bytes are not block ${index} of this segment`);
      }
    }
    if (blocks.length === 0) return undefined;
    const written = await this.#units.use(unit, (open) => this.#writeTo(open, blocks), LOOK_AGE_MS);
    if (written !== REPLACED) return written;
    const again = await this.#units.use(unit, (open) => this.#writeTo(open, blocks));
    return again === REPLACED ? undefined : again;
  }

  async #writeTo(
    open: OpenUnit,
    blocks: readonly SegmentBlock[],
  ): Promise<FilePlace | typeof REPLACED | undefined> {
    if (!isWritable(open)) return undefined;
    const { start, filled } = open;
    const misfit = blocks.find((block) => !isFitting(open, block));
    if (misfit !== undefined) return this.#writeMisfits(open, blocks, misfit);
    const written = this.#put(open, blocks);
    await (filled?.track(written) ?? written);
    if (!this.#units.isOnDisk(open)) return REPLACED;
    await this.#note(open, blocks);
    return start === undefined || filled === undefined ? undefined : { file: filled, start };
  }

  /**
   * What the unit says of a segment's length differs from what the writer knows. Neither the id nor the hash of data tells
   * it, so that whoever comes first could have anything believed: but the last block does, as it matched its hash.
   */
  async #writeMisfits(
    open: OpenUnit,
    blocks: readonly SegmentBlock[],
    { info, index }: SegmentBlock,
  ): Promise<undefined | typeof REPLACED> {
    const isProved = hashCount(info) === blockCount(info) && index === blockCount(info) - 1;
    if (isProved && !isRun(open.unit)) {
      await this.#directories.correct(unitOf([info]));
      if (!this.#units.isOnDisk(open)) return REPLACED;
    }
    const fitting = blocks.filter((block) => isFitting(open, block));
    if (fitting.length === 0) return undefined;
    // Not all of them lie where the unit does, so nobody is told where that is.
    return (await this.#writeTo(open, fitting)) === REPLACED ? REPLACED : undefined;
  }

  async #put({ writes, files, present }: OpenUnit, blocks: readonly SegmentBlock[]): Promise<void> {
    await writes.write(blocks.map(({ first, index, bytes }) => ({ index: first + index, bytes })));
    for (const { first, index } of blocks) {
      for (const { fd, isOurs } of files) if (isOurs) this.#units.reads.forget(fd, first + index);
      present[first + index] = 1;
    }
  }

  /** What cannot be noted is not found by others, and fetched once more. */
  async #note({ unit }: OpenUnit, blocks: readonly SegmentBlock[]): Promise<void> {
    if (isRun(unit)) {
      const entries = blocks.map(({ info, first }) => [info.id, { unit: unit.name, first }] as const);
      await this.#index.add(entries).catch(() => undefined);
    }
    let length = 0;
    for (const { bytes } of blocks) length += bytes.length;
    await this.#onWritten(length);
  }
}

/** Whether the unit has a place for just so many bytes there. */
const isFitting = ({ unit }: OpenUnit, { first, index, bytes }: SegmentBlock): boolean =>
  lengthOf(unit.layout, first + index) === bytes.length;
