import { randomBytes } from 'node:crypto';
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
  /** Where what an id begins with says, or in the next free place; 0: free. */
  readonly #entries: Uint32Array;
  readonly #unusedBits: number;
  /** Ids are hashes, but of what a publisher may choose: nobody can know which of them get into one another's way. */
  readonly #factor = randomBytes(4).readUInt32LE() | 1;

  constructor(segments: SegmentList) {
    const bits = Math.max(1, Math.ceil(Math.log2(1.5 * segments.length + 1)));
    this.#segments = segments;
    this.#entries = new Uint32Array(2 ** bits);
    this.#unusedBits = 32 - bits;
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
    for (let at = this.#startOf(id); ; at = (at + 1) % this.#entries.length) {
      const entry = this.#entries[at] ?? 0;
      if (entry === 0) return { at, found: undefined };
      const number = (entry & MOST_SEGMENTS) - 1;
      if (entry >>> NUMBER_BITS === mark && this.#is(number, id)) return { at, found: number };
    }
  }

  #startOf(id: Uint8Array): number {
    return Math.imul(wordAt(id, 0), this.#factor) >>> this.#unusedBits;
  }

  #is(number: number, id: Uint8Array): boolean {
    return Buffer.compare(this.#segments.idOf(number), id) === 0;
  }
}

const markOf = (id: Uint8Array): number => (wordAt(id, 4) >>> NUMBER_BITS) & 0xfff;

const wordAt = (id: Uint8Array, at: number): number =>
  (id[at] ?? 0) | ((id[at + 1] ?? 0) << 8) | ((id[at + 2] ?? 0) << 16) | ((id[at + 3] ?? 0) << 24);
