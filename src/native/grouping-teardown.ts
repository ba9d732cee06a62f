import type { GroupEventsHandle, GroupHandle } from '../driver/index.js';
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

/** PeerGroupClose, once, after the registrations of the group that are still there. */
export const closeGroup = async (runtime: Runtime, state: PeerState, group: GroupHandle): Promise<void> => {
  state.groups.take(group);
  const left = state.registrations.entries().filter(([, registration]) => registration.group === group);
  try {
    for (const [events] of left) await unregister(runtime, state, events);
  } finally {
    runtime.native.hresult('PeerGroupClose', group);
  }
};

/** Releases all that P2P.dll still holds for this driver, whatever fails on the way. */
export const releasePeers = async (runtime: Runtime, state: PeerState): Promise<void> => {
  const { native } = runtime;
  for (const [listing] of state.listings.entries()) {
    state.listings.take(listing);
    attempt(() => native.hresult('PeerEndEnumeration', listing));
  }
  for (const [group] of state.groups.entries())
    await closeGroup(runtime, state, group).catch(() => undefined);
  for (; state.startups > 0; state.startups--) attempt(() => native.hresult('PeerGroupShutdown'));
};

const attempt = (release: () => unknown): void => {
  try {
    release();
  } catch {
    // Releasing goes on: there is nobody left who could act on this.
  }
};
