import type { SegmentList } from '../wire/index.js';

/** Of each entry: the number of a segment and one, and above that a part of its id. Content information has no more segments. */
const NUMBER_BITS = 20;
const MOST_SEGMENTS = 2 ** NUMBER_BITS - 1;

/**
 * Which segment of a content goes by an id. A content has a million of them at most and neighbours ask all the time, so
 * there are some bytes for each, not a name; who finds one by them looks at the segment itself.
 */
export class SegmentNumbers {
  readonly #segments: SegmentList;
  /** By what an id begins with, or in the next free place; 0: free. */
  readonly #entries: Uint32Array;

  constructor(segments: SegmentList) {
    this.#segments = segments;
    this.#entries = new Uint32Array(2 ** Math.ceil(Math.log2(1.5 * segments.length + 1)));
  }

  /** Of segments with the same id the one that is added first counts. */
  add(number: number, id: Uint8Array): void {
    if (number >= MOST_SEGMENTS) return;
    const { at, found } = this.#lookUp(id);
    if (found === undefined) this.#entries[at] = ((markOf(id) << NUMBER_BITS) | (number + 1)) >>> 0;
  }

  /** `undefined`: there is none, or it was not added yet. */
  find(id: Uint8Array): number | undefined {
    return this.#lookUp(id).found;
  }

  #lookUp(id: Uint8Array): { readonly at: number; readonly found: number | undefined } {
    const mark = markOf(id);
    for (let at = startOf(id) % this.#entries.length; ; at = (at + 1) % this.#entries.length) {
      const entry = this.#entries[at] ?? 0;
      if (entry === 0) return { at, found: undefined };
      const number = (entry & MOST_SEGMENTS) - 1;
      if (entry >>> NUMBER_BITS === mark && this.#is(number, id)) return { at, found: number };
    }
  }

  #is(number: number, id: Uint8Array): boolean {
    const segment = this.#segments.at(number);
    return segment !== undefined && Buffer.compare(segment.info.id, id) === 0;
  }
}

/* Ids are hashes: whichever of their bits are taken, they are evenly distributed. */
const startOf = (id: Uint8Array): number => wordAt(id, 0) >>> 0;
const markOf = (id: Uint8Array): number => (wordAt(id, 4) >>> NUMBER_BITS) & 0xfff;

const wordAt = (id: Uint8Array, at: number): number =>
  (id[at] ?? 0) | ((id[at + 1] ?? 0) << 8) | ((id[at + 2] ?? 0) << 16) | ((id[at + 3] ?? 0) << 24);
