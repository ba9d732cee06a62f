/** After so many removals a table is copied. */
const RENEW_AFTER = 256;

/**
 * A Map for what comes and goes thousands of times a second. V8 lets each table that a Map outgrows refer to the next
 * one, so once one of them has grown old, everything that ever was in the Map stays until the next full collection. A
 * copy has no such past.
 *
 * While it is iterated over, entries may be removed, and are then not visited; whether one is visited that is added
 * meanwhile is left open.
 */
export class TransientMap<Key, Value> {
  #table = new Map<Key, Value>();
  #removed = 0;

  get size(): number {
    return this.#table.size;
  }

  has(key: Key): boolean {
    return this.#table.has(key);
  }

  get(key: Key): Value | undefined {
    return this.#table.get(key);
  }

  set(key: Key, value: Value): void {
    this.#table.set(key, value);
  }

  /** `false`: it was not there. */
  delete(key: Key): boolean {
    if (!this.#table.delete(key)) return false;
    this.#removed += 1;
    if (this.#removed === RENEW_AFTER) {
      this.#table = new Map(this.#table);
      this.#removed = 0;
    }
    return true;
  }

  clear(): void {
    this.#table = new Map();
    this.#removed = 0;
  }

  *[Symbol.iterator](): Generator<[Key, Value], void> {
    const table = this.#table;
    for (const entry of table) if (table === this.#table || this.#table.has(entry[0])) yield entry;
  }

  *keys(): Generator<Key, void> {
    const table = this.#table;
    for (const key of table.keys()) if (table === this.#table || this.#table.has(key)) yield key;
  }
}
