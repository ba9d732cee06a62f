import { HRESULT_CODES, type GroupHandle, type GroupingDriver, type GroupMember } from '../driver/index.js';
import type { GroupingContext } from './grouping-context.js';
import { link, unlink } from './group-online.js';
import type { Membership } from './membership.js';
import { faultOf } from './operations.js';

type ConnectionMembers =
  'enumerateMembers' | 'enumerateConnections' | 'openDirectConnection' | 'closeDirectConnection' | 'sendData';

const describe = (member: Membership): GroupMember => ({
  present: member.online,
  identity: member.identity,
  attributes: undefined,
  nodeId: member.nodeId,
  addresses: member.online ? [member.address] : [],
  credential: member.credential,
});

export const createGroupConnections = (
  grouping: GroupingContext,
): Pick<GroupingDriver, ConnectionMembers> => {
  const { gate, ledger, nextId } = grouping.fake;
  /** Direct connections that this driver opened and that somebody has to close, by the handle they came from. */
  const opened = new Map<bigint, GroupHandle>();

  return {
    enumerateMembers: (handle, { presentOnly, identity }) =>
      gate.run('grouping.enumerateMembers', undefined, () => {
        const self = grouping.use('grouping.enumerateMembers', handle);
        const others = self.ready ? [...self.group.memberships].filter((one) => one !== self) : [];
        const wanted = [self, ...others].filter(
          (one) => (identity === undefined || one.identity === identity) && (!presentOnly || one.online),
        );
        return grouping.enumeration.list(wanted.map(describe), handle);
      }),

    enumerateConnections: (handle, kinds) =>
      gate.run('grouping.enumerateConnections', undefined, () => {
        const { links } = grouping.use('grouping.enumerateConnections', handle);
        if (kinds.length === 0)
          throw faultOf('grouping.enumerateConnections', 'E_INVALIDARG', 'at least one kind');
        const wanted = [...links.values()].filter(({ kind }) => kinds.includes(kind));
        return grouping.enumeration.list(
          wanted.map(({ kind, connectionId, nodeId, peerName, address }) => ({
            kind,
            connectionId,
            nodeId,
            peerName,
            address,
          })),
          handle,
        );
      }),

    openDirectConnection: (handle, identity, address) =>
      gate.run('grouping.openDirectConnection', undefined, () => {
        const operation = 'grouping.openDirectConnection';
        const self = grouping.use(operation, handle);
        if (identity === self.identity) throw faultOf(operation, 'PEER_E_CONNECT_SELF');
        if (!self.online) throw faultOf(operation, 'E_INVALIDARG', 'this group is not connected');
        const id = nextId();
        opened.set(id, handle);
        ledger.open('direct-connection', id, handle);
        const remote = self.reachable.find(
          (one) => one.identity === identity && one.address.address === address.address,
        );
        if (remote?.listensTo('DirectConnection') === true) link('direct', self, id, remote, nextId());
        else
          self.post({
            _tag: 'DirectConnection',
            change: 'failed',
            connectionId: id,
            nodeId: remote?.nodeId ?? 0n,
            nextConnectionId: 0n,
            reason:
              remote === undefined
                ? HRESULT_CODES.PEER_E_CONNECTION_FAILED
                : HRESULT_CODES.PEER_E_CONNECTION_REFUSED,
          });
        return id;
      }),

    closeDirectConnection: (handle, id) =>
      gate.run('grouping.closeDirectConnection', undefined, () => {
        const operation = 'grouping.closeDirectConnection';
        ledger.close(id, operation);
        const self = grouping.use(operation, handle);
        const connection = self.links.get(id);
        if (!opened.delete(id) && connection?.kind !== 'direct')
          throw faultOf(operation, 'PEER_E_CONNECTION_NOT_FOUND');
        if (connection !== undefined) unlink(self, connection);
      }),

    sendData: (handle, id, type, data) =>
      gate.run('grouping.sendData', undefined, () => {
        const connection = grouping.use('grouping.sendData', handle).links.get(id);
        if (connection === undefined) throw faultOf('grouping.sendData', 'PEER_E_CONNECTION_NOT_FOUND');
        const { remote, remoteId } = connection;
        remote.post({ _tag: 'IncomingData', connectionId: remoteId, type, data: Uint8Array.from(data) });
      }),
  };
};
