import type { Coverage } from './coverage.js';

/** The cache of one driver: what it holds of each content, by application tag. */
export class LocalCache {
  readonly #byTag = new Map<string, Map<string, Coverage>>();

  /** What is held of a content under a tag. */
  coverage(tag: string, key: string, length: number): Coverage {
    const contents = this.#byTag.get(tag) ?? new Map<string, Coverage>();
    this.#byTag.set(tag, contents);
    const known = contents.get(key);
    if (known !== undefined) return known;
    const empty = new Uint8Array(length);
    contents.set(key, empty);
    return empty;
  }

  /** Everything held of a content under any tag: peers ask without one. */
  coverages(key: string): readonly Coverage[] {
    return [...this.#byTag.values()].flatMap((contents) => contents.get(key) ?? []);
  }

  flush(tag: string): void {
    this.#byTag.delete(tag);
  }
}
