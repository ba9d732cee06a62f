import { HRESULT_CODES, type ConnectionChangeData, type GroupStatus } from '../driver/index.js';
import { GROUP_ROLES } from './roles.js';
import type { Link, Membership } from './membership.js';
import { applyRecord } from './replication.js';

/** What the next connect of a driver leads to. */
export type ConnectOutcome =
  | 'online'
  /** Started, and nothing is ever heard of it. */
  | 'silent'
  /** A ConnectionFailed event with this reason. */
  | { readonly failed: number };

const change = (link: Link, kind: ConnectionChangeData['change'], reason?: number): ConnectionChangeData => ({
  change: kind,
  connectionId: link.connectionId,
  nodeId: link.nodeId,
  nextConnectionId: 0n,
  reason,
});

/** Tells a member what became of one of its connections. */
const tellLink = (
  member: Membership,
  link: Link,
  kind: ConnectionChangeData['change'],
  reason?: number,
): void =>
  member.post({
    _tag: link.kind === 'direct' ? 'DirectConnection' : 'NeighborConnection',
    ...change(link, kind, reason),
  });

/** Connects two members, with one id at each end. */
export const link = (
  kind: Link['kind'],
  from: Membership,
  fromId: bigint,
  to: Membership,
  toId: bigint,
): Link => {
  const end = (connectionId: bigint, remote: Membership, remoteId: bigint): Link => ({
    kind,
    connectionId,
    remoteId,
    remote,
    nodeId: remote.nodeId,
    peerName: remote.identity,
    address: remote.address,
  });
  const [here, there] = [end(fromId, to, toId), end(toId, from, fromId)];
  from.links.set(fromId, here);
  to.links.set(toId, there);
  tellLink(from, here, 'connected');
  tellLink(to, there, 'connected');
  return here;
};

/** Ends a connection at both ends and tells the other end; the near end only when it did not ask for it. */
export const unlink = (near: Membership, { connectionId, remoteId, remote }: Link): void => {
  near.links.delete(connectionId);
  const far = remote.links.get(remoteId);
  remote.links.delete(remoteId);
  if (far !== undefined) tellLink(remote, far, 'disconnected');
};

export const statusOf = (membership: Membership): GroupStatus => ({
  listening: membership.online && membership.links.size === 0,
  hasConnections: membership.links.size > 0,
});

const tellStatus = (membership: Membership): void =>
  membership.post({ _tag: 'StatusChanged', status: statusOf(membership) });

const fail = (membership: Membership, reason: number): void =>
  membership.post({ _tag: 'ConnectionFailed', reason });

/** Brings a member online: alone it listens, otherwise it synchronises with everybody there at once. */
export const goOnline = (membership: Membership, nextId: () => bigint): void => {
  const { group, passwordDigest, reachable } = membership;
  if (passwordDigest !== undefined && passwordDigest !== group.passwordDigest) {
    membership.post({ _tag: 'AuthenticationFailed' });
    fail(membership, HRESULT_CODES.PEER_E_NOT_AUTHORIZED);
    return;
  }
  if (!membership.ready && reachable.length === 0) {
    fail(membership, HRESULT_CODES.PEER_E_NO_MEMBERS_FOUND);
    return;
  }
  const joined = !membership.ready;
  membership.online = true;
  membership.ready = true;
  for (const other of reachable) {
    for (const record of other.records.values()) applyRecord(membership, record);
    for (const record of membership.records.values()) applyRecord(other, record);
    link('neighbor', membership, nextId(), other, nextId());
    other.post({
      _tag: 'MemberChanged',
      change: joined ? 'joined' : 'connected',
      identity: membership.identity,
    });
    tellStatus(other);
  }
  tellStatus(membership);
};

/** Ends all connections of a member. */
export const goOffline = (membership: Membership): void => {
  if (!membership.online) return;
  membership.online = false;
  for (const connection of [...membership.links.values()]) {
    unlink(membership, connection);
    connection.remote.post({
      _tag: 'MemberChanged',
      change: 'disconnected',
      identity: membership.identity,
    });
    if (connection.remote.online) tellStatus(connection.remote);
  }
  tellStatus(membership);
};

/** The roles that a password joiner gets. */
export const passwordRoles = (membership: Pick<Membership, 'group'>) => [
  membership.group.properties.authentication.passwordRole ?? GROUP_ROLES.member,
];
