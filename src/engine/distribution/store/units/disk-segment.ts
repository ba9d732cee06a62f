import type { SegmentInfo, StoredSegment } from '../../ports.js';
import { blockLength, hashBlock } from '../../wire/index.js';
import { systemCode } from '../../../system-code.js';
import type { BlockFile } from './block-file.js';
import { lengthOf } from './block-layout.js';
import { hasBlockOf, type OpenUnit, type OpenUnits } from './open-units.js';
import type { Place } from './place.js';
import { hashInUnit } from './unit.js';
import type { UnitWriter } from './unit-writer.js';

/** How a block is to be had. */
interface Lending<Result> {
  readonly index: number;
  readonly use: (bytes: Buffer) => Result;
  /** Who gets it checks it. */
  readonly isChecked: boolean;
}

type Lent<Result> = { readonly result: Result } | undefined;

/**
 * A segment on disk. What is noted of blocks being there are hints only: what is read is checked against the hash list
 * that this object was made with, so neither a crash, nor another process, nor a list that somebody else brought for the
 * same segment can make it hand out a wrong block. For the same reason nothing is ever flushed to the disk: what a power
 * loss takes away is found missing or damaged, and fetched again.
 */
export class DiskSegment implements StoredSegment {
  readonly #units: OpenUnits;
  readonly #places: readonly Place[];
  readonly #writer: UnitWriter;
  /** Nothing can have happened since the look at the disk. */
  #isFresh = false;

  /** @param places the first one is where blocks are written. */
  constructor(
    readonly info: SegmentInfo,
    units: OpenUnits,
    places: readonly Place[],
    writer: UnitWriter,
  ) {
    this.#units = units;
    this.#places = places;
    this.#writer = writer;
  }

  /** It was looked up just now: what is asked of it at once needs no other look at the disk. */
  markFresh(): this {
    this.#isFresh = true;
    queueMicrotask(() => (this.#isFresh = false));
    return this;
  }

  /** As of the last look at the disk, which finding, reading and writing take. */
  has(index: number): boolean {
    if (index >= this.info.blockHashes.length) return false;
    return this.#places.some(({ unit, first }) => {
      const open = this.#units.lastSeen(unit);
      return open !== undefined && hasBlockOf(open, first + index, blockLength(this.info, index));
    });
  }

  read(index: number): Promise<Buffer | undefined> {
    return this.#lend({ index, use: (bytes) => Buffer.from(bytes), isChecked: false });
  }

  lend<Result>(index: number, use: (bytes: Buffer) => Result): Promise<Result | undefined> {
    return this.#lend({ index, use, isChecked: true });
  }

  /** Keeps nothing if the segment was dropped from the store meanwhile. */
  async write(index: number, bytes: Uint8Array): Promise<void> {
    const [place] = this.#places;
    if (place === undefined) return;
    await this.#writer.write(place.unit, [{ info: this.info, first: place.first, index, bytes }]);
  }

  async #lend<Result>(lending: Lending<Result>): Promise<Result | undefined> {
    const maxAgeMs = this.#isFresh ? Infinity : 0;
    for (const place of this.#places) {
      const lent = await this.#units.use(
        place.unit,
        (open) => this.#lendFrom(open, place.first, lending),
        maxAgeMs,
      );
      if (lent !== undefined) return lent.result;
    }
    return undefined;
  }

  async #lendFrom<Result>(open: OpenUnit, first: number, lending: Lending<Result>): Promise<Lent<Result>> {
    const { index, isChecked } = lending;
    const block = first + index;
    if (index >= this.info.blockHashes.length) return undefined;
    // Who of the two is right about its length shows when somebody has the block, and not by reading it here.
    if (lengthOf(open.unit.layout, block) !== blockLength(this.info, index)) return undefined;
    const isAlike = this.#isDescribedAlike(open, block, index);
    const isTrusting = isChecked && isAlike;
    for (const file of open.files) {
      if (!file.has(block)) continue;
      const attempt = (): Promise<Lent<Result>> =>
        this.#lendIntact({ open, file, block, isTrusting }, lending);
      const lent = (await attempt()) ?? (await this.#retry(file, block, attempt));
      if (lent !== undefined) return lent;
      // A description that differs says nothing about the file of a publication.
      if (isAlike || file.isOurs) file.forget(block);
      if (isAlike && file.isOurs) this.#units.damaged(this.info, blockLength(this.info, index));
    }
    return undefined;
  }

  /** What was read with its neighbours may be older than the block: another process may have written it since. */
  #retry<Result>(
    { fd }: BlockFile,
    block: number,
    attempt: () => Promise<Lent<Result>>,
  ): Promise<Lent<Result>> {
    this.#units.reads.forget(fd, block);
    return attempt();
  }

  /** `undefined` if the disk does not deliver the bytes that belong there. */
  async #lendIntact<Result>(
    at: {
      readonly open: OpenUnit;
      readonly file: BlockFile;
      readonly block: number;
      readonly isTrusting: boolean;
    },
    { index, use }: Lending<Result>,
  ): Promise<Lent<Result>> {
    const { open, file, block, isTrusting } = at;
    const expected = this.info.blockHashes[index];
    const { fd, start, has, trust } = file;
    try {
      return await this.#units.reads.lend(
        { fd, start, has, layout: open.unit.layout, keepOpen: open.keepOpen },
        block,
        (bytes, seen) => {
          if (bytes.length !== blockLength(this.info, index)) return undefined;
          if (isTrusting && seen !== undefined && trust.covers(block, seen)) return { result: use(bytes) };
          if (expected === undefined || !hashBlock(this.info.hash, bytes).equals(expected)) return undefined;
          if (isTrusting && seen !== undefined) trust.add(block, seen);
          return { result: use(bytes) };
        },
      );
    } catch (error) {
      if (systemCode(error) === 'EIO') return undefined;
      throw error;
    }
  }

  /** Trust in a block is trust in the hash that the store has for it. */
  #isDescribedAlike({ unit }: OpenUnit, block: number, index: number): boolean {
    const [ours, stored] = [this.info.blockHashes[index], hashInUnit(unit, block)];
    return ours !== undefined && stored !== undefined && Buffer.compare(ours, stored) === 0;
  }
}
