import type { EnumerationHandle, GroupEventsHandle, GroupHandle } from '../driver/index.js';
import type { Runtime } from './runtime.js';
import type { PeerState } from './state.js';

/** PeerGroupUnregisterEvent, once. The listener is gone even if the function fails. */
export const unregister = async (
  { native }: Runtime,
  state: PeerState,
  events: GroupEventsHandle,
): Promise<void> => {
  const { listening } = state.registrations.take(events);
  try {
    native.hresult('PeerGroupUnregisterEvent', events);
  } finally {
    await listening.leave();
  }
};

/** PeerGroupClose, once, after the calls on the group and its registrations that are still there. */
export const closeGroup = async (runtime: Runtime, state: PeerState, group: GroupHandle): Promise<void> => {
  state.groups.take(group);
  await state.running.ended(runtime.clock, group);
  const left = state.registrations.entries().filter(([, registration]) => registration.group === group);
  const failures: unknown[] = [];
  for (const [events] of left)
    await unregister(runtime, state, events).catch((error: unknown) => failures.push(error));
  runtime.native.hresult('PeerGroupClose', group);
  if (failures.length > 0) throw failures[0];
};

/** PeerGroupShutdown; the last one waits for groups that are being opened, although nobody else does. */
export const shutDown = async (
  { native, clock }: Runtime,
  { running }: PeerState,
  isLast: boolean,
): Promise<void> => {
  if (isLast) await running.ended(clock, undefined);
  native.hresult('PeerGroupShutdown');
};

/** PeerEndEnumeration, once, after a call that still reads from the listing. */
export const endListing = async (
  { native, clock }: Runtime,
  state: PeerState,
  listing: EnumerationHandle<unknown>,
): Promise<void> => {
  state.listings.take(listing);
  await state.running.ended(clock, listing);
  native.hresult('PeerEndEnumeration', listing);
};

/** Releases all that P2P.dll still holds for this driver, whatever fails on the way. */
export const releasePeers = async (runtime: Runtime, state: PeerState): Promise<void> => {
  for (const [listing] of state.listings.entries())
    await endListing(runtime, state, listing).catch(() => undefined);
  for (const [group] of state.groups.entries())
    await closeGroup(runtime, state, group).catch(() => undefined);
  for (; state.startups > 0; state.startups--)
    await shutDown(runtime, state, state.startups === 1).catch(() => undefined);
};
