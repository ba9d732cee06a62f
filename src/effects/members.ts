import type { ConnectionKind, GroupConnection, GroupMember, PeerAddress } from '../driver/index.js';
import { checked, orThrow, type PeerEffect } from './effect.js';
import { groupCore, onGroup, type PeerGroup } from './group.js';
import type { ListingSource } from './listing.js';
import {
  connectionKinds,
  type DirectMessage,
  directMessage,
  type MemberFilter,
  memberFilter,
} from './validate/members.js';
import { peerName } from './validate/names.js';
import { object } from './validate/object.js';
import { peerAddress } from './validate/peer-address.js';
import { connectionId } from './validate/scalars.js';
import { validate } from './validate/validate.js';

/** The members of a group that are known here, the local one first. Source: PeerGroupEnumMembers. */
export const membersOf = (group: PeerGroup, filter: MemberFilter = {}): ListingSource<GroupMember> => ({
  operation: 'membersOf',
  parent: () => groupCore(group, 'membersOf'),
  open: async ({ grouping }) =>
    grouping.enumerateMembers(
      groupCore(group, 'membersOf').assertOpen('membersOf'),
      orThrow(validate(memberFilter, filter, 'membersOf')),
    ),
});

/** The links of this peer in a group, of both kinds unless told. Source: PeerGroupEnumConnections. */
export const connectionsOf = (
  group: PeerGroup,
  kinds: readonly ConnectionKind[] = ['neighbor', 'direct'],
): ListingSource<GroupConnection> => ({
  operation: 'connectionsOf',
  parent: () => groupCore(group, 'connectionsOf'),
  open: async ({ grouping }) =>
    grouping.enumerateConnections(
      groupCore(group, 'connectionsOf').assertOpen('connectionsOf'),
      orThrow(validate(connectionKinds, kinds, 'connectionsOf')),
    ),
});

/**
 * Asks a member for a direct connection. The id that comes back is usable once a `DirectConnection` event says that it
 * is connected; close it in any case. Source: PeerGroupOpenDirectConnection.
 */
export const openDirectConnection = (
  group: PeerGroup,
  identity: string,
  address: PeerAddress,
): PeerEffect<bigint> =>
  checked('openDirectConnection', DIRECT, { identity, address }, (valid) =>
    onGroup(group, 'openDirectConnection', (grouping, raw) =>
      grouping.openDirectConnection(raw, valid.identity, valid.address),
    ),
  );

const DIRECT = object({ identity: peerName, address: peerAddress });

/** Closes a direct connection. Errors: `NotFound` when it is closed already. Source: PeerGroupCloseDirectConnection. */
export const closeDirectConnection = (group: PeerGroup, id: bigint): PeerEffect<void> =>
  checked('closeDirectConnection', connectionId, id, (valid) =>
    onGroup(group, 'closeDirectConnection', (grouping, raw) => grouping.closeDirectConnection(raw, valid)),
  );

/**
 * Sends bytes, tagged with an application's GUID, over a direct or neighbor connection; order is kept per connection.
 *
 * Source: PeerGroupSendData.
 */
export const sendData = (group: PeerGroup, message: DirectMessage): PeerEffect<void> =>
  checked('sendData', directMessage, message, (valid) =>
    onGroup(group, 'sendData', (grouping, raw) =>
      grouping.sendData(raw, valid.connectionId, valid.type, valid.data),
    ),
  );
