import type { EnumerationHandle, GroupEventsHandle, GroupHandle } from '../driver/index.js';
import { HandleTable } from './handle-table.js';
import type { Native } from './native.js';
import { RunningCalls } from './running-calls.js';
import type { Listening } from './shared-event.js';

/** Copies one item of a listing out of native memory. */
export type ReadItem = (native: Native, address: bigint) => unknown;

/** What this driver holds open in P2P.dll. */
export class PeerState {
  readonly groups = new HandleTable<GroupHandle, undefined>('group', 'PEER_E_INVALID_GROUP');
  readonly registrations = new HandleTable<
    GroupEventsHandle,
    { readonly group: GroupHandle; readonly listening: Listening }
  >('event registration', 'E_INVALIDARG');
  readonly listings = new HandleTable<EnumerationHandle<unknown>, ReadItem>('listing', 'E_INVALIDARG');
  readonly running = new RunningCalls();
  /** Whether the driver was disposed: what a slow call still brings is closed at once. */
  disposed = false;
  /** How often PeerGroupStartup has succeeded and not been shut down. */
  startups = 0;
}
