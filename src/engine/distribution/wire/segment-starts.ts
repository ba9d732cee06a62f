/** What four bytes can hold. */
const OFFSETS = 2 ** 32;

/**
 * Where the segments of a content start, and where the last one ends. There may be a million, so each takes four bytes: it
 * is counted from the first of as many as they are enough for.
 */
export class SegmentStarts {
  /** Of segments. */
  readonly count: number;
  readonly #together: number;
  readonly #bases: Float64Array;
  readonly #offsets: Uint32Array;

  /** @param longest bytes of a segment; a power of two. */
  constructor(count: number, longest: number) {
    this.count = count;
    this.#together = OFFSETS / longest;
    this.#bases = new Float64Array(Math.floor(count / this.#together) + 1);
    this.#offsets = new Uint32Array(count + 1);
  }

  /** One after the other; the end of the last segment comes last. */
  set(index: number, start: number): void {
    const group = Math.floor(index / this.#together);
    if (index % this.#together === 0) this.#bases[group] = start;
    this.#offsets[index] = start - (this.#bases[group] ?? 0);
  }

  at(index: number): number {
    return (this.#bases[Math.floor(index / this.#together)] ?? 0) + (this.#offsets[index] ?? 0);
  }
}
