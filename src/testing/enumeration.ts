import type { EnumerationDriver, EnumerationHandle } from '../driver/index.js';
import type { FakeContext } from './context.js';
import { HandleTable } from './handle-table.js';
import { faultOf } from './operations.js';

interface Listing {
  readonly items: readonly unknown[];
  cursor: number;
}

export interface FakeEnumeration {
  readonly driver: EnumerationDriver;
  /** Starts a listing of what there is now. */
  list<Item>(items: readonly Item[], parent?: bigint): EnumerationHandle<Item>;
  clear(): void;
}

export const createEnumeration = ({ gate, ledger, nextId }: FakeContext): FakeEnumeration => {
  const listings = new HandleTable<EnumerationHandle<unknown>, Listing>(
    'enumeration',
    ledger,
    nextId,
    (operation) => faultOf(operation, 'E_INVALIDARG', 'this listing is not open'),
  );

  return {
    driver: {
      itemCount: (listing) =>
        gate.run('enumeration.itemCount', undefined, () => {
          return listings.find('enumeration.itemCount', listing).items.length;
        }),

      nextItems: <Item>(listing: EnumerationHandle<Item>, max: number, call = {}) =>
        gate.run('enumeration.nextItems', call, () => {
          const open = listings.find('enumeration.nextItems', listing);
          if (!Number.isSafeInteger(max) || max < 1)
            throw faultOf('enumeration.nextItems', 'E_INVALIDARG', 'max must be a positive integer');
          const items = open.items.slice(open.cursor, open.cursor + max);
          open.cursor += items.length;
          return items as readonly Item[];
        }),

      end: (listing) =>
        gate.run('enumeration.end', undefined, () => {
          listings.close('enumeration.end', listing);
        }),
    },
    list: <Item>(items: readonly Item[], parent?: bigint) =>
      listings.open({ items: [...items], cursor: 0 }, parent) as EnumerationHandle<Item>,
    clear: () => listings.clear(),
  };
};
