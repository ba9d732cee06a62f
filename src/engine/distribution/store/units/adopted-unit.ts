import type { AdoptedBlock, AdoptedSegments, FilePlace, SegmentInfo } from '../../ports.js';
import { blockLength, hashCount } from '../../wire/index.js';
import { DiskSegment } from './disk-segment.js';
import type { Place } from './place.js';
import { hasBlock, hasBlockOf, type OpenUnits } from './open-units.js';
import { isRun, nameOfSegment, type Unit } from './unit.js';
import type { UnitWriter } from './unit-writer.js';

/**
 * The segments of a unit, held for somebody. It keeps nothing for each of them: a content has hundreds of them at hand at a
 * time, and thousands in a second.
 */
export class AdoptedUnit implements AdoptedSegments {
  readonly #name: string;
  readonly #isRun: boolean;
  readonly #infos: readonly SegmentInfo[];
  readonly #units: OpenUnits;
  readonly #writer: UnitWriter;
  readonly #placesOf: (id: Uint8Array) => readonly Place[];
  /** Of each segment the first one with the same id. */
  #firstAlike: Uint16Array | undefined;

  /** @param placesOf where a segment of version 2 is, as far as that is known. */
  constructor(
    unit: Unit,
    units: OpenUnits,
    writer: UnitWriter,
    placesOf: (id: Uint8Array) => readonly Place[],
  ) {
    this.#name = unit.name;
    this.#isRun = isRun(unit);
    this.#infos = unit.segments;
    this.#units = units;
    this.#writer = writer;
    this.#placesOf = placesOf;
  }

  at(segment: number): DiskSegment {
    return new DiskSegment(this.#infoAt(segment), this.#units, this.#placesAt(segment), this.#writer);
  }

  has(segment: number, index: number): boolean {
    const open = this.#units.lastSeen(this.#name);
    const info = this.#infoAt(segment);
    const block = this.#firstBlockOf(segment) + index;
    const isHere = open !== undefined && hasBlockOf(open, block, blockLength(info, index));
    if (isHere || !this.#isRun) return isHere && index < hashCount(info);
    return this.at(segment).has(index);
  }

  writeAll(blocks: readonly AdoptedBlock[]): Promise<FilePlace | undefined> {
    return this.#writer.write(
      this.#name,
      blocks.map(({ segment, index, bytes }) => ({
        info: this.#infoAt(segment),
        first: this.#firstBlockOf(segment),
        index,
        bytes,
      })),
    );
  }

  *[Symbol.iterator](): Generator<DiskSegment, void> {
    for (const segment of this.#infos.keys()) yield this.at(segment);
  }

  #infoAt(segment: number): SegmentInfo {
    const info = this.#infos[segment];
    if (info === undefined) throw new RangeError(`segment ${segment} of ${this.#infos.length}`);
    return info;
  }

  #firstBlockOf(segment: number): number {
    return this.#isRun ? segment : 0;
  }

  /** The first one is where blocks are written. */
  #placesAt(segment: number): readonly Place[] {
    const own = { unit: this.#name, first: this.#firstBlockOf(segment) };
    const open = this.#isRun ? this.#units.lastSeen(this.#name) : undefined;
    if (!this.#isRun || (open !== undefined && hasBlock(open, segment))) return [own];
    // The same bytes may come again in the run, and may lie in another one.
    const first = this.#firstLike(segment);
    return first === segment
      ? [own, ...this.#placesOf(this.#infoAt(segment).id)]
      : [own, { unit: this.#name, first }];
  }

  #firstLike(segment: number): number {
    this.#firstAlike ??= firstAlike(this.#infos);
    return this.#firstAlike[segment] ?? segment;
  }
}

const firstAlike = (infos: readonly SegmentInfo[]): Uint16Array => {
  const firsts = new Map<string, number>();
  return Uint16Array.from(infos, ({ id }, index) => {
    const first = firsts.get(nameOfSegment(id)) ?? index;
    firsts.set(nameOfSegment(id), first);
    return first;
  });
};
