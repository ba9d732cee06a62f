import type { CallOptions, EnumerationDriver, EnumerationHandle } from '../driver/index.js';
import * as check from './check.js';
import { u32In, u64In } from './frame.js';
import { endListing } from './grouping-teardown.js';
import { abortable, membersOf, signalOf, type LoadRuntime } from './members.js';
import { room } from './p2p.js';
import type { PeerState } from './state.js';

/** The utility family by P2P.dll. Items are copied and their memory given back before they are answered. */
export const createEnumeration = (load: LoadRuntime, state: PeerState): EnumerationDriver => {
  const member = membersOf('enumeration', 'hresult', load);

  const nextItems = member(
    'nextItems',
    ({ native }, listing: EnumerationHandle<unknown>, max: number, call?: CallOptions) => {
      const read = state.listings.get(listing);
      const most = check.u32(max, 'max');
      const next = (): Promise<readonly unknown[]> =>
        state.running.run(listing, () =>
          native.frameOnThread(
            async (frame) => {
              const count = frame.reserve(4);
              const items = room(frame);
              count.view.setUint32(0, most, true);
              await native.slowHresult(frame, 'PeerGetNextItem', listing, count.address, items.address);
              return native.take(u64In(items), (array) =>
                native.memory.pointers(array, u32In(count)).map((item) => read(native, item)),
              );
            },
            () => void state.listings.get(listing),
          ),
        );
      return abortable(signalOf(call), next, () => undefined);
    },
  );

  return {
    itemCount: member('itemCount', ({ native }, listing) => {
      state.listings.get(listing);
      return native.frame((frame) => {
        const count = frame.reserve(4);
        native.hresult('PeerGetItemCount', listing, count.address);
        return u32In(count);
      });
    }),

    // The listing was opened together with the reader of its items, so they are of the type its handle promises.
    nextItems: async <Item>(listing: EnumerationHandle<Item>, max: number, call?: CallOptions) =>
      (await nextItems(listing, max, call)) as readonly Item[],

    end: member('end', (runtime, listing) => endListing(runtime, state, listing)),
  };
};
