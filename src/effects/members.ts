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

/**
 * The members of a group that are known here, the local one first, to be listed by {@link list} or {@link openListing}.
 * See {@link openDirectConnection} for an example.
 *
 * Source: PeerGroupEnumMembers.
 */
export const membersOf = (group: PeerGroup, filter: MemberFilter = {}): ListingSource<GroupMember> => ({
  operation: 'membersOf',
  parent: () => groupCore(group, 'membersOf'),
  open: async ({ grouping }) =>
    grouping.enumerateMembers(
      groupCore(group, 'membersOf').assertOpen('membersOf'),
      orThrow(validate(memberFilter, filter, 'membersOf')),
    ),
});

/**
 * The links of this peer in a group, of both kinds unless told, to be listed by {@link list} or {@link openListing}.
 * See {@link openDirectConnection} for an example.
 *
 * Source: PeerGroupEnumConnections.
 */
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
 * is connected; close it in any case.
 *
 * Both ends must be registered for that event. Errors: `BadArgument` for oneself or an address, `Unsupported` where the
 * driver has no network. Source: PeerGroupOpenDirectConnection.
 *
 * @example
 * ```ts
 * import { createPeerweave } from 'peerweave';
 * import { connectionsOf, type Guid, membersOf } from 'peerweave/effects';
 * import { createFakeDriver, createFakeNetwork } from 'peerweave/testing';
 *
 * const network = createFakeNetwork();
 * const alice = createPeerweave({ driver: createFakeDriver({ network }) });
 * const bob = createPeerweave({ driver: createFakeDriver({ network }) });
 * const identityXml = await bob.promise(bob.effects.getIdentityXml());
 * const creatorPeerName = await alice.promise(alice.effects.createIdentity());
 * await using here = await alice.promise(alice.effects.createGroup({ creatorPeerName }));
 * const invitation = await alice.promise(alice.effects.createInvitation(here, { identityXml, roles: ['member'] }));
 * await using there = await bob.promise(bob.effects.joinGroup({ invitation }));
 * const inbox = await bob.promise(
 *   bob.effects.registerGroupEvents(there, ['DirectConnection', 'IncomingData'], () => undefined),
 * );
 *
 * const [, member] = await alice.promise(alice.effects.list(membersOf(here, { presentOnly: true })));
 * const [address] = member?.addresses ?? [];
 * if (member === undefined || address === undefined) throw new Error('nobody there');
 * const connectionId = await alice.promise(alice.effects.openDirectConnection(here, member.identity, address));
 * console.log((await alice.promise(alice.effects.list(connectionsOf(here, ['direct'])))).length); // 1
 * const type = '5ba73bb8-5f9e-4a1b-9d6f-1c5a1f4f3a11' as Guid;
 * await alice.promise(alice.effects.sendData(here, { connectionId, type, data: Buffer.from('hello') }));
 * const events = await bob.promise(bob.effects.takeGroupEvents(inbox, 16));
 * console.log(events.map(({ _tag }) => _tag)); // DirectConnection, IncomingData
 * await alice.promise(alice.effects.closeDirectConnection(here, connectionId));
 * ```
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

/**
 * Closes a direct connection. See {@link openDirectConnection} for an example.
 *
 * Errors: `NotFound` when it is closed already. Source: PeerGroupCloseDirectConnection.
 */
export const closeDirectConnection = (group: PeerGroup, id: bigint): PeerEffect<void> =>
  checked('closeDirectConnection', connectionId, id, (valid) =>
    onGroup(group, 'closeDirectConnection', (grouping, raw) => grouping.closeDirectConnection(raw, valid)),
  );

/**
 * Sends bytes, tagged with an application's GUID, over a direct or neighbor connection; order is kept per connection.
 * See {@link openDirectConnection} for an example.
 *
 * The receiver must be registered for `IncomingData`. Errors: `NotFound` for a connection that is closed.
 * Source: PeerGroupSendData.
 */
export const sendData = (group: PeerGroup, message: DirectMessage): PeerEffect<void> =>
  checked('sendData', directMessage, message, (valid) =>
    onGroup(group, 'sendData', (grouping, raw) =>
      grouping.sendData(raw, valid.connectionId, valid.type, valid.data),
    ),
  );
