import type { CallOptions } from './call.js';
import type { EnumerationHandle } from './handles.js';

/** The utility family: walking a listing. What it yields are copies; no memory of the system crosses the contract. */
export interface EnumerationDriver {
  /** PeerGetItemCount: how many items the listing has in all. */
  itemCount(listing: EnumerationHandle<unknown>): Promise<number>;
  /** PeerGetNextItem: the next `max` items at most; fewer than asked, or none, means the end. */
  nextItems<Item>(
    listing: EnumerationHandle<Item>,
    max: number,
    call?: CallOptions,
  ): Promise<readonly Item[]>;
  /** PeerEndEnumeration: must be called once for every listing. */
  end(listing: EnumerationHandle<unknown>): Promise<void>;
}
