import {
  type ConnectionKind,
  type GroupConnection,
  type GroupingDriver,
  type GroupMember,
  PEER_CONNECTION_FLAGS,
  PEER_MEMBER_FLAGS,
} from '../driver/index.js';
import { fromPeerAddress, toPeerAddress } from './address.js';
import * as check from './check.js';
import { readCredential } from './credential.js';
import { flagIf, hasFlag } from './flags.js';
import { u64In } from './frame.js';
import { PEER_ADDRESS, PEER_CONNECTION_INFO, PEER_MEMBER } from './layouts.js';
import type { MakeMember } from './members.js';
import type { Native } from './native.js';
import { openListing, room } from './p2p.js';
import type { PeerState } from './state.js';

const readMember = ({ memory }: Native, address: bigint): GroupMember => {
  const found = memory.struct(address, PEER_MEMBER);
  return {
    present: hasFlag(found.dwFlags, PEER_MEMBER_FLAGS.PEER_MEMBER_PRESENT),
    identity: found.pwzIdentity ?? '',
    attributes: found.pwzAttributes,
    nodeId: found.ullNodeId,
    addresses: memory.array(found.pAddresses, found.cAddresses, PEER_ADDRESS).map(fromPeerAddress),
    credential: readCredential(memory, found.pCredentialInfo),
  };
};

const readConnection = ({ memory }: Native, address: bigint): GroupConnection => {
  const found = memory.struct(address, PEER_CONNECTION_INFO);
  return {
    kind: hasFlag(found.dwFlags, PEER_CONNECTION_FLAGS.PEER_CONNECTION_DIRECT) ? 'direct' : 'neighbor',
    connectionId: found.ullConnectionId,
    nodeId: found.ullNodeId,
    peerName: found.pwzPeerId,
    address: fromPeerAddress(found.address),
  };
};

const CONNECTION_FLAG = {
  neighbor: PEER_CONNECTION_FLAGS.PEER_CONNECTION_NEIGHBOR,
  direct: PEER_CONNECTION_FLAGS.PEER_CONNECTION_DIRECT,
} as const satisfies Record<ConnectionKind, number>;

const connectionFlags = (kinds: readonly ConnectionKind[]): number =>
  check
    .list(kinds, 'kinds')
    .reduce<number>(
      (flags, kind) => flags | CONNECTION_FLAG[check.oneOf(kind, 'kind', ['neighbor', 'direct'])],
      0,
    );

type Members =
  'enumerateMembers' | 'enumerateConnections' | 'openDirectConnection' | 'closeDirectConnection' | 'sendData';

/** Who is in the group, who is connected, and talking to one of them. */
export const memberMembers = (member: MakeMember, state: PeerState): Pick<GroupingDriver, Members> => ({
  enumerateMembers: member('enumerateMembers', ({ native }, group, filter) => {
    state.groups.get(group);
    const { presentOnly, identity } = check.object(filter, 'filter');
    return openListing<GroupMember>(native, state, readMember, (frame, out) =>
      native.hresult(
        'PeerGroupEnumMembers',
        group,
        flagIf(check.flag(presentOnly, 'presentOnly'), PEER_MEMBER_FLAGS.PEER_MEMBER_PRESENT),
        frame.text(identity, 'identity'),
        out,
      ),
    );
  }),

  enumerateConnections: member('enumerateConnections', ({ native }, group, kinds) => {
    state.groups.get(group);
    return openListing<GroupConnection>(native, state, readConnection, (_, out) =>
      native.hresult('PeerGroupEnumConnections', group, connectionFlags(kinds), out),
    );
  }),

  openDirectConnection: member('openDirectConnection', ({ native }, group, identity, address) => {
    state.groups.get(group);
    return native.frame((frame) => {
      const connection = room(frame);
      native.hresult(
        'PeerGroupOpenDirectConnection',
        group,
        frame.text(check.text(identity, 'identity'), 'identity'),
        frame.struct(PEER_ADDRESS, toPeerAddress(address)).address,
        connection.address,
      );
      return u64In(connection);
    });
  }),

  closeDirectConnection: member('closeDirectConnection', ({ native }, group, connectionId) => {
    state.groups.get(group);
    native.hresult('PeerGroupCloseDirectConnection', group, connectionId);
  }),

  sendData: member('sendData', ({ native }, group, connectionId, type, data) => {
    state.groups.get(group);
    const message = check.bytes(data, 'data');
    native.frame((frame) =>
      native.hresult(
        'PeerGroupSendData',
        group,
        connectionId,
        frame.guid(type, 'type'),
        message.length,
        frame.bytes(message, 'data'),
      ),
    );
  }),
});
