import { unsupportedGrouping, type GroupHandle, type GroupingDriver } from '../driver/index.js';
import { authorityOf, keyPairFor } from './fake-keys.js';
import type { GroupingContext } from './grouping-context.js';
import { propertiesOf } from './group-properties.js';
import { goOffline, goOnline, statusOf, unlink, type ConnectOutcome } from './group-online.js';
import { readInvitation, rolesOf, type Invitation } from './invitation.js';
import type { StoredIdentity } from './identity-store.js';
import type { Membership } from './membership.js';
import { faultOf, type OperationName } from './operations.js';
import { isPeerName, joinPeerName } from './peer-name.js';
import { armExpiry } from './record-expiry.js';
import { GROUP_ROLES } from './roles.js';
import { digestSecret } from './sealed-xml.js';

type LifecycleMembers =
  | 'startup'
  | 'shutdown'
  | 'create'
  | 'open'
  | 'join'
  | 'joinWithPassword'
  | 'close'
  | 'delete'
  | 'whenDeleted'
  | 'connect'
  | 'connectByAddress'
  | 'resumePasswordAuthentication'
  | 'getStatus';

export interface GroupLifecycle {
  readonly members: Pick<GroupingDriver, LifecycleMembers>;
  setConnectOutcome(outcome: ConnectOutcome): void;
}

/** PEER_GROUP_VERSION. */
const VERSION = 0x0101;

export const createGroupLifecycle = (grouping: GroupingContext, canConnect: boolean): GroupLifecycle => {
  const { fake, identity: identities } = grouping;
  const { gate, ledger, network, nextId, clock } = fake;
  let connectOutcome: ConnectOutcome = 'online';

  const creatorOf = (operation: OperationName, peerName: string): StoredIdentity => {
    if (!isPeerName(peerName)) throw faultOf(operation, 'PEER_E_INVALID_PEER_NAME', peerName);
    if (identities.store.wasDeleted(peerName)) throw faultOf(operation, 'ERROR_DELETE_PENDING');
    const creator = identities.store.get(peerName);
    if (creator === undefined) throw faultOf(operation, 'PEER_E_NO_KEY_ACCESS', 'no such identity here');
    return creator;
  };

  const open = (membership: Membership): GroupHandle => {
    const handle = grouping.openHandle(membership);
    armExpiry(membership, clock);
    return handle;
  };

  /** Like a driver that means it: newer credentials take the place of older ones, and any that of those that have ended. */
  const renew = (
    known: Membership,
    { validFrom = 0, validTo }: Invitation,
    roles: Membership['roles'],
  ): void => {
    const current = known.validity;
    const isOver = current.validTo !== undefined && current.validTo <= clock.now();
    if (validFrom < (current.validFrom ?? 0) && !isOver) return;
    known.roles = roles;
    known.validity = { validFrom, validTo };
  };

  /** @throws PEER_E_GROUP_IN_USE while the group is open for this identity. */
  const join = (
    operation: OperationName,
    joiner: StoredIdentity,
    invitation: Invitation,
    cloud: string | undefined,
  ): Membership => {
    const { groupPeerName, validFrom, validTo } = invitation;
    const roles = rolesOf(invitation);
    const group = network.groups.get(groupPeerName);
    if (group === undefined) throw faultOf(operation, 'PEER_E_INVITATION_NOT_TRUSTED', 'no such group');
    const known = grouping.find(joiner.peerName, groupPeerName);
    if (known === undefined)
      return grouping.addMembership(group, joiner, grouping.resolveCloud(operation, cloud), {
        ready: false,
        roles,
        validity: { validFrom, validTo },
      });
    if (known.handles.size > 0) throw faultOf(operation, 'PEER_E_GROUP_IN_USE');
    if (invitation.authentication === 'certificate') renew(known, invitation, roles);
    return known;
  };

  const connect = (operation: OperationName, handle: GroupHandle): void => {
    const membership = grouping.use(operation, handle);
    if (!canConnect) throw unsupportedGrouping(operation, 'this fake driver was made with canConnect: false');
    if (membership.online || connectOutcome === 'silent') return;
    if (connectOutcome === 'online') goOnline(membership, nextId);
    else membership.post({ _tag: 'ConnectionFailed', reason: connectOutcome.failed });
  };

  /** The last handle takes the member offline; what the handle opened by itself is no longer reachable. */
  const leave = (membership: Membership): void => {
    if (membership.handles.size > 0) return;
    goOffline(membership);
    for (const link of [...membership.links.values()]) unlink(membership, link);
    membership.cancelExpiry?.();
  };

  const members: GroupLifecycle['members'] = {
    startup: () =>
      gate.run('grouping.startup', undefined, () => {
        const id = nextId();
        grouping.startups.push(id);
        ledger.open('grouping', id);
        return { version: VERSION, highestVersion: VERSION };
      }),

    shutdown: () =>
      gate.run('grouping.shutdown', undefined, () => {
        const id = grouping.startups.pop();
        if (id === undefined) throw faultOf('grouping.shutdown', 'E_UNEXPECTED', 'there was no startup');
        ledger.close(id, 'grouping.shutdown');
      }),

    create: (creation, call) =>
      gate.run('grouping.create', call, () => {
        const operation = 'grouping.create';
        grouping.checkStarted(operation);
        const creator = creatorOf(operation, creation.creatorPeerName);
        const cloud = grouping.resolveCloud(operation, creation.cloud);
        const authority = authorityOf(keyPairFor(`group ${network.nextSerial()}`).publicKey);
        const groupPeerName = joinPeerName(authority, creation.classifier);
        const properties = propertiesOf(operation, creation, groupPeerName, cloud);
        const password = creation.authentication?.groupPassword;
        const passwordDigest = password === undefined ? undefined : digestSecret(password);
        const group = { properties, passwordDigest, memberships: new Set<Membership>() };
        network.groups.add(group);
        return open(
          grouping.addMembership(group, creator, cloud, { ready: true, roles: [GROUP_ROLES.admin] }),
        );
      }),

    open: (identity, groupPeerName, cloud, call) =>
      gate.run('grouping.open', call, () => {
        const operation = 'grouping.open';
        grouping.checkStarted(operation);
        grouping.resolveCloud(operation, cloud);
        const membership = grouping.find(identities.resolve(operation, identity).peerName, groupPeerName);
        if (membership === undefined)
          throw faultOf(operation, 'PEER_E_NOT_FOUND', 'this identity has no such group here');
        return open(membership);
      }),

    join: (identity, xml, cloud, call) =>
      gate.run('grouping.join', call, () => {
        const operation = 'grouping.join';
        grouping.checkStarted(operation);
        const joiner = identities.resolve(operation, identity);
        const invitation = readInvitation(operation, xml);
        if (invitation.authentication !== 'certificate')
          throw faultOf(operation, 'E_INVALIDARG', 'this invitation wants a password');
        if (invitation.subjectPeerName !== joiner.peerName)
          throw faultOf(operation, 'PEER_E_INVITATION_NOT_TRUSTED', 'made out to another identity');
        if (invitation.validTo !== undefined && invitation.validTo <= clock.now())
          throw faultOf(operation, 'PEER_E_INVALID_TIME_PERIOD', 'the invitation has expired');
        return open(join(operation, joiner, invitation, cloud));
      }),

    joinWithPassword: (identity, xml, password, cloud, call) =>
      gate.run('grouping.joinWithPassword', call, () => {
        const operation = 'grouping.joinWithPassword';
        grouping.checkStarted(operation);
        const joiner = identities.resolve(operation, identity);
        const invitation = readInvitation(operation, xml);
        if (invitation.authentication !== 'password')
          throw faultOf(operation, 'E_INVALIDARG', 'this invitation wants no password');
        const membership = join(operation, joiner, invitation, cloud);
        membership.passwordDigest = digestSecret(password);
        return open(membership);
      }),

    close: (handle) =>
      gate.run('grouping.close', undefined, () => {
        const membership = grouping.handles.close('grouping.close', handle);
        membership.handles.delete(handle);
        leave(membership);
      }),

    delete: (identity, groupPeerName) =>
      gate.run('grouping.delete', undefined, () => {
        const operation = 'grouping.delete';
        grouping.checkStarted(operation);
        const membership = grouping.find(identities.resolve(operation, identity).peerName, groupPeerName);
        if (membership === undefined)
          throw faultOf(operation, 'PEER_E_NOT_FOUND', 'this identity has no such group here');
        const handles = [...membership.handles];
        membership.handles.clear();
        leave(membership);
        membership.group.memberships.delete(membership);
        grouping.memberships.delete(membership);
        for (const handle of handles) grouping.void(handle);
      }),

    whenDeleted: (handle, onDeleted) => grouping.whenDeleted(handle, onDeleted),

    connect: (handle, call) => gate.run('grouping.connect', call, () => connect('grouping.connect', handle)),

    connectByAddress: (handle, addresses, call) =>
      gate.run('grouping.connectByAddress', call, () => {
        if (addresses.length === 0)
          throw faultOf('grouping.connectByAddress', 'E_INVALIDARG', 'at least one address');
        connect('grouping.connectByAddress', handle);
      }),

    resumePasswordAuthentication: (handle) =>
      gate.run('grouping.resumePasswordAuthentication', undefined, () => {
        const operation = 'grouping.resumePasswordAuthentication';
        grouping.use(operation, handle);
        throw unsupportedGrouping(operation, 'nothing says what this function does');
      }),

    getStatus: (handle) =>
      gate.run('grouping.getStatus', undefined, () => statusOf(grouping.use('grouping.getStatus', handle))),
  };

  return {
    members,
    setConnectOutcome: (outcome) => {
      connectOutcome = outcome;
    },
  };
};
