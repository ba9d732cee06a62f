import type { EnumerationHandle, FileTime, GroupHandle, Guid } from '../driver/index.js';
import { Aborted } from './failure.js';
import { guidIn, u64In, type Cell, type Frame } from './frame.js';
import type { Native } from './native.js';
import type { PeerState, ReadItem } from './state.js';

/**
 * The few shapes that most functions of P2P.dll have: they leave something in an out parameter, and what it points to
 * is copied and given back with PeerFreeData.
 */

/** Room for a pointer, handle, 64-bit number or FILETIME. */
export const room = (frame: Frame): Cell => frame.reserve(8);

/** The text a function has handed out through `cell`, given back. */
export const takeText = (native: Native, cell: Cell): string =>
  native.take(u64In(cell), (address) => native.memory.text(address) ?? '');

/** Calls a function whose only out parameter is a text. */
export const textFrom = (native: Native, call: (frame: Frame, out: bigint) => void): string =>
  native.frame((frame) => {
    const text = room(frame);
    call(frame, text.address);
    return takeText(native, text);
  });

/** The identity to use where a function wants one and the caller left it to the default. */
export const identityOrDefault = (native: Native, identity: string | undefined): string =>
  identity ?? textFrom(native, (_, out) => native.hresult('PeerIdentityGetDefault', out));

/** Calls a function that opens a listing, and remembers how its items are read. */
export const openListing = <Item>(
  native: Native,
  state: PeerState,
  read: ReadItem,
  call: (frame: Frame, out: bigint) => void,
): EnumerationHandle<Item> =>
  native.frame((frame) => {
    const listing = room(frame);
    call(frame, listing.address);
    return state.listings.add(u64In(listing), read) as EnumerationHandle<Item>;
  });

export const fileTimeFrom = (native: Native, call: (frame: Frame, out: bigint) => void): FileTime =>
  native.frame((frame) => {
    const time = room(frame);
    call(frame, time.address);
    return u64In(time) as FileTime;
  });

export const guidFrom = (native: Native, call: (frame: Frame, out: bigint) => void): Guid =>
  native.frame((frame) => {
    const guid = frame.reserve(16);
    call(frame, guid.address);
    return guidIn(guid);
  });

/**
 * Lends memory for a slow call that uses a group, or none, and is waited for before that is closed. A call that is still
 * waiting for its turn when the group or the driver is gone is not made.
 */
export const onThread = <Result>(
  native: Native,
  state: PeerState,
  group: GroupHandle | undefined,
  use: (frame: Frame) => Promise<Result>,
): Promise<Result> => {
  const assertUsable = (): void => {
    if (group !== undefined) state.groups.get(group);
    else if (state.disposed) throw new Aborted();
  };
  return state.running.run(group, () => native.frameOnThread(use, assertUsable));
};
