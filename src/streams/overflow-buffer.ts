/** So many values were lost here because nobody took them fast enough. */
export interface Dropped {
  readonly _tag: 'Dropped';
  readonly count: number;
}

/** Which values to lose when there is no room. */
export type Overflow = 'drop-oldest' | 'drop-newest';

interface Gap {
  /** Number of the value before which others are missing; values are numbered from 0 as they come. */
  before: number;
  count: number;
}

/** Where it pays to move what is left to the front of the array. */
const COMPACT_FROM = 1_024;

/** Holds values for somebody slower, `capacity` at most, and remembers how many are missing where. */
export class OverflowBuffer<T> {
  readonly #capacity: number;
  readonly #overflow: Overflow;
  /** Values from {@link #head} on are still to be taken: `Array.shift` would move them all, every time. */
  #values: T[] = [];
  #head = 0;
  /** Number of the value at the head. */
  #taken = 0;
  readonly #gaps: Gap[] = [];

  constructor(capacity: number, overflow: Overflow) {
    this.#capacity = capacity;
    this.#overflow = overflow;
  }

  get isEmpty(): boolean {
    return this.#size === 0 && this.#gaps.length === 0;
  }

  push(value: T): void {
    if (this.#size < this.#capacity) {
      this.#values.push(value);
    } else if (this.#overflow === 'drop-newest' || this.#size === 0) {
      this.#lose(this.#taken + this.#size);
    } else {
      this.#values.push(value);
      this.#advance(1);
      this.#lose(this.#taken);
    }
  }

  /** The next values in order, `most` at most, with a {@link Dropped} wherever some are missing. */
  take(most: number): readonly (T | Dropped)[] {
    const out: (T | Dropped)[] = [];
    for (let left = most; left > 0 && !this.isEmpty;) {
      const [gap] = this.#gaps;
      if (gap?.before === this.#taken) {
        this.#gaps.shift();
        out.push({ _tag: 'Dropped', count: gap.count });
        left -= 1;
        continue;
      }
      const run = Math.min(left, gap === undefined ? this.#size : gap.before - this.#taken);
      for (let index = 0; index < run; index += 1) out.push(this.#values[this.#head + index] as T);
      this.#advance(run);
      left -= run;
    }
    return out;
  }

  get #size(): number {
    return this.#values.length - this.#head;
  }

  #advance(count: number): void {
    this.#values.fill(undefined as T, this.#head, this.#head + count);
    this.#head += count;
    this.#taken += count;
    if (this.#head < COMPACT_FROM || this.#head * 2 < this.#values.length) return;
    this.#values = this.#values.slice(this.#head);
    this.#head = 0;
  }

  /** One more is missing before the value with this number. A gap that the head has passed moves along with it. */
  #lose(before: number): void {
    const last = this.#gaps.at(-1);
    if (last === undefined || (last.before !== before && this.#overflow === 'drop-newest')) {
      this.#gaps.push({ before, count: 1 });
    } else {
      last.before = before;
      last.count += 1;
    }
  }
}
