import type { SegmentInfo } from '../ports.js';
import { lastAtMost } from './last-at-most.js';
import type { PlacedSegment } from './placed-segment.js';
import type { SegmentStarts } from './segment-starts.js';

/**
 * The segments of a content in their order. Of version 2 there are 15 000 in a gigabyte, too many for an object each, so
 * they are made as they are asked for and only those asked for last are kept.
 */
export class SegmentList implements Iterable<PlacedSegment> {
  readonly #starts: SegmentStarts;
  readonly #describe: (index: number) => SegmentInfo;
  readonly #kept: PlacedSegment[] = [];
  /** Made once, as every block is looked for by it. */
  readonly #startOf = (index: number): number => this.#starts.at(index);
  readonly #keptIndexes: Int32Array;

  /** @param mostKept that are not made again while they are asked for. */
  constructor(starts: SegmentStarts, mostKept: number, describe: (index: number) => SegmentInfo) {
    this.#starts = starts;
    this.#describe = describe;
    this.#keptIndexes = new Int32Array(Math.min(mostKept, starts.count)).fill(-1);
  }

  get length(): number {
    return this.#starts.count;
  }

  /** `undefined` if there are fewer. */
  at(index: number): PlacedSegment | undefined {
    if (!(index >= 0 && index < this.length)) return undefined;
    const slot = index % this.#keptIndexes.length;
    const kept = this.#keptIndexes[slot] === index ? this.#kept[slot] : undefined;
    if (kept !== undefined) return kept;
    const made = this.#make(index);
    this.#kept[slot] = made;
    this.#keptIndexes[slot] = index;
    return made;
  }

  /** The id of a segment, of which nothing is kept. */
  idOf(index: number): Uint8Array {
    return this.#describe(index).id;
  }

  /** Those from `from` to `to` (exclusive), as many as there are. */
  slice(from: number, to = this.length): readonly PlacedSegment[] {
    const segments: PlacedSegment[] = [];
    for (let index = from; index < to; index += 1) {
      const segment = this.at(index);
      if (segment !== undefined) segments.push(segment);
    }
    return segments;
  }

  /** Where a segment starts in the content; for the first one that there is not, where the last one ends. */
  startOf(index: number): number {
    return this.#startOf(Math.min(index, this.length));
  }

  /** The index of the last segment that starts at `offset` or before; the first one if there is none. */
  indexAt(offset: number): number {
    return lastAtMost(offset, this.length, this.#startOf);
  }

  *[Symbol.iterator](): Generator<PlacedSegment, void> {
    for (let index = 0; index < this.length; index += 1) yield this.#make(index);
  }

  #make(index: number): PlacedSegment {
    return { info: this.#describe(index), offsetInContent: this.startOf(index) };
  }
}
