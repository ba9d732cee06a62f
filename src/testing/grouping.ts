import type { GroupEvent, GroupHandle, GroupingDriver, NamePair } from '../driver/index.js';
import type { FakeContext } from './context.js';
import type { FakeEnumeration } from './enumeration.js';
import { createGroupConnections } from './group-connections.js';
import { createGroupEvents } from './group-events.js';
import { createGroupInvitations } from './group-invitations.js';
import { createGroupLifecycle } from './group-lifecycle.js';
import { goOffline, type ConnectOutcome } from './group-online.js';
import { createGroupProperties } from './group-properties.js';
import { createGroupRecords } from './group-records.js';
import { GroupingContext } from './grouping-context.js';
import type { FakeIdentity } from './identity.js';

/** What a test can do to the groups from outside. */
export interface GroupingControls {
  /** What `connect` leads to from now on; `online` at first. */
  setConnectOutcome(outcome: ConnectOutcome): void;
}

/** The grouping family of a fake driver, with the controls of a test. */
export type FakeGrouping = GroupingDriver & GroupingControls;

export interface GroupingFamily {
  readonly driver: FakeGrouping;
  /** Events as if the system had sent them, to every registration for them of this group. */
  emit(group: GroupHandle, events: readonly GroupEvent[]): void;
  groupsOf(identity: string): readonly NamePair[];
  clear(): void;
}

export const createGrouping = (
  fake: FakeContext,
  identity: FakeIdentity,
  enumeration: FakeEnumeration,
  clouds: readonly string[],
  canConnect: boolean,
): GroupingFamily => {
  const grouping = new GroupingContext(fake, identity, enumeration, clouds);
  const lifecycle = createGroupLifecycle(grouping, canConnect);
  const events = createGroupEvents(grouping);

  return {
    driver: {
      canConnect,
      ...lifecycle.members,
      ...createGroupProperties(grouping),
      ...createGroupInvitations(grouping),
      ...createGroupConnections(grouping),
      ...createGroupRecords(grouping),
      ...events.members,
      setConnectOutcome: (outcome) => lifecycle.setConnectOutcome(outcome),
    },
    emit: (group, all) => {
      const membership = grouping.handles.peek(group);
      if (membership === undefined) throw new TypeError('emit: this group handle is not open');
      for (const event of all) membership.post(event);
    },
    groupsOf: (owner) =>
      [...grouping.memberships]
        .filter((membership) => membership.identity === owner)
        .map(({ group: { properties } }) => ({
          peerName: properties.groupPeerName,
          friendlyName: properties.friendlyName ?? properties.groupPeerName,
        })),
    clear: () => {
      events.clear();
      for (const membership of grouping.memberships) {
        membership.handles.clear();
        goOffline(membership);
        membership.cancelExpiry?.();
      }
      grouping.handles.clear();
      grouping.startups.length = 0;
    },
  };
};
