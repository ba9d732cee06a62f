import type { EnumerationDriver, EnumerationHandle } from '../../driver/index.js';
import { HandleTable, type HandleSource } from './handles.js';
import type { Calls } from './calls.js';
import { Refusal } from './refusal.js';

interface Listing {
  readonly items: readonly unknown[];
  position: number;
}

/** Listings in progress: each walks a snapshot that was taken when it was opened. */
export class Enumerations {
  readonly #listings: HandleTable<EnumerationHandle<unknown>, Listing>;

  constructor(next: HandleSource) {
    this.#listings = new HandleTable(next, 'E_INVALIDARG');
  }

  open<Item>(items: readonly Item[]): EnumerationHandle<Item> {
    return this.#listings.add({ items, position: 0 }) as EnumerationHandle<Item>;
  }

  itemCount(handle: EnumerationHandle<unknown>): number {
    return this.#listings.get(handle).items.length;
  }

  nextItems<Item>(handle: EnumerationHandle<Item>, max: number): readonly Item[] {
    if (!Number.isSafeInteger(max) || max < 1) throw new Refusal('E_INVALIDARG', 'ask for one item or more');
    const listing = this.#listings.get(handle);
    const items = listing.items.slice(listing.position, listing.position + max);
    listing.position += items.length;
    // The handle's type remembers what `open` was given.
    return items as readonly Item[];
  }

  end(handle: EnumerationHandle<unknown>): void {
    if (!this.#listings.remove(handle))
      throw new Refusal('E_INVALIDARG', 'this listing has ended or was never opened');
  }

  clear(): void {
    this.#listings.clear();
  }
}

export const createEnumerationDriver = (enumerations: Enumerations, calls: Calls): EnumerationDriver => ({
  itemCount: (listing) => calls.perform('enumeration.itemCount', () => enumerations.itemCount(listing)),
  nextItems: (listing, max, call) =>
    calls.perform('enumeration.nextItems', () => enumerations.nextItems(listing, max), call),
  end: (listing) => calls.perform('enumeration.end', () => enumerations.end(listing)),
});
