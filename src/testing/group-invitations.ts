import {
  fileTimeToMillis,
  parseGuid,
  type CredentialInfo,
  type FileTime,
  type GroupingDriver,
  type Guid,
} from '../driver/index.js';
import type { GroupingContext } from './grouping-context.js';
import { passwordRoles } from './group-online.js';
import { IDENTITY_ROOT } from './identity.js';
import { readInvitation, rolesOf, writeInvitation } from './invitation.js';
import { timeFrom, type Membership } from './membership.js';
import { faultOf, type OperationName } from './operations.js';
import { isAdmin, mayIssue } from './roles.js';
import { isEmptySecret, sealWithPassword, unsealOpen, unsealWithPassword } from './sealed-xml.js';

type InvitationMembers =
  | 'createInvitation'
  | 'createPasswordInvitation'
  | 'parseInvitation'
  | 'issueCredentials'
  | 'exportConfig'
  | 'importConfig';

const CONFIG_ROOT = 'PEERGROUPCONFIG';

const scopeOf = (cloud: string): 'global' | 'site-local' | 'link-local' => {
  if (cloud.startsWith('SiteLocal_')) return 'site-local';
  return cloud.startsWith('LinkLocal_') ? 'link-local' : 'global';
};

const millisOf = (time: FileTime | undefined): number | undefined =>
  time === undefined ? undefined : fileTimeToMillis(time);

export const createGroupInvitations = (
  grouping: GroupingContext,
): Pick<GroupingDriver, InvitationMembers> => {
  const { gate, clock } = grouping.fake;

  const checkRoles = (operation: OperationName, membership: Membership, roles: readonly Guid[]): void => {
    if (roles.length === 0) throw faultOf(operation, 'E_INVALIDARG', 'at least one role');
    if (!mayIssue(membership.roles, roles))
      throw faultOf(operation, 'PEER_E_NOT_AUTHORIZED', 'more than this member may give');
  };

  const issued = (
    membership: Membership,
    subject: { readonly peerName: string; readonly friendlyName: string; readonly publicKey: string },
    roles: readonly Guid[],
    validTo: FileTime | undefined,
  ): string =>
    writeInvitation({
      groupPeerName: membership.group.properties.groupPeerName,
      groupFriendlyName: membership.group.properties.friendlyName,
      cloud: membership.cloud,
      authentication: 'certificate',
      issuerPeerName: membership.identity,
      issuerFriendlyName: membership.friendlyName,
      subjectPeerName: subject.peerName,
      subjectFriendlyName: subject.friendlyName,
      subjectPublicKey: subject.publicKey,
      validFrom: clock.now(),
      validTo: millisOf(validTo),
      roles,
    });

  const subjectOf = (membership: Membership, peerName: string): Membership | undefined =>
    [...membership.group.memberships].find(({ identity }) => identity === peerName);

  /** What a renewal gives: the same again, for as long again. */
  const prolonged = ({ credential, validity: { validFrom, validTo } }: Membership): CredentialInfo => ({
    ...credential,
    validTo:
      validFrom === undefined || validTo === undefined
        ? credential.validTo
        : timeFrom(clock.now() + validTo - validFrom),
  });

  const store = (membership: Membership, subject: Membership, credential: CredentialInfo): void => {
    subject.roles = credential.roles;
    subject.validity = { validFrom: clock.now(), validTo: millisOf(credential.validTo) };
    for (const member of [membership, ...membership.reachable])
      member.post({ _tag: 'MemberChanged', change: 'updated', identity: subject.identity });
  };

  return {
    createInvitation: (handle, { identityXml, expiration, roles }) =>
      gate.run('grouping.createInvitation', undefined, () => {
        const operation = 'grouping.createInvitation';
        const membership = grouping.useReady(operation, handle);
        const { peerName, friendlyName, publicKey } = unsealOpen(IDENTITY_ROOT, identityXml) ?? {};
        if (typeof peerName !== 'string' || typeof friendlyName !== 'string' || typeof publicKey !== 'string')
          throw faultOf(operation, 'E_INVALIDARG', 'this is no identity XML');
        if (expiration !== undefined && fileTimeToMillis(expiration) <= clock.now())
          throw faultOf(operation, 'E_INVALIDARG', 'the expiration lies in the past');
        if (grouping.identity.store.wasDeleted(peerName)) throw faultOf(operation, 'PEER_E_IDENTITY_DELETED');
        checkRoles(operation, membership, roles);
        return issued(membership, { peerName, friendlyName, publicKey }, roles, expiration);
      }),

    createPasswordInvitation: (handle) =>
      gate.run('grouping.createPasswordInvitation', undefined, () => {
        const operation = 'grouping.createPasswordInvitation';
        const membership = grouping.useReady(operation, handle);
        const { properties, passwordDigest } = membership.group;
        if (passwordDigest === undefined)
          throw faultOf(operation, 'E_INVALIDARG', 'this group has no password');
        return writeInvitation({
          groupPeerName: properties.groupPeerName,
          groupFriendlyName: properties.friendlyName,
          cloud: membership.cloud,
          authentication: 'password',
          roles: passwordRoles(membership),
        });
      }),

    parseInvitation: (xml) =>
      gate.run('grouping.parseInvitation', undefined, () => {
        grouping.checkStarted('grouping.parseInvitation');
        const invitation = readInvitation('grouping.parseInvitation', xml);
        const { subjectPublicKey: key } = invitation;
        return {
          cloud: invitation.cloud,
          scope: scopeOf(invitation.cloud),
          cloudFlags: 0,
          groupPeerName: invitation.groupPeerName,
          issuerPeerName: invitation.issuerPeerName,
          subjectPeerName: invitation.subjectPeerName,
          groupFriendlyName: invitation.groupFriendlyName,
          issuerFriendlyName: invitation.issuerFriendlyName,
          subjectFriendlyName: invitation.subjectFriendlyName,
          validFrom: timeFrom(invitation.validFrom),
          validTo: timeFrom(invitation.validTo),
          roles: rolesOf(invitation),
          subjectPublicKey: key === undefined ? undefined : Uint8Array.from(Buffer.from(key, 'base64')),
          authentication: invitation.authentication,
        };
      }),

    issueCredentials: (handle, { subjectIdentity, credential, store: inDatabase }) =>
      gate.run('grouping.issueCredentials', undefined, () => {
        const operation = 'grouping.issueCredentials';
        const membership = grouping.useReady(operation, handle);
        if (!isAdmin(membership.roles)) throw faultOf(operation, 'PEER_E_NOT_AUTHORIZED');
        const subject = subjectOf(membership, subjectIdentity);
        const granted = credential ?? (subject === undefined ? undefined : prolonged(subject));
        if (granted === undefined) throw faultOf(operation, 'PEER_E_IDENTITY_NOT_FOUND');
        checkRoles(operation, membership, granted.roles);
        if (inDatabase) {
          if (subject === undefined) throw faultOf(operation, 'PEER_E_IDENTITY_NOT_FOUND');
          store(membership, subject, granted);
          return undefined;
        }
        const publicKey = Buffer.from(granted.publicKey).toString('base64');
        const friendlyName = granted.friendlyName ?? subjectIdentity;
        return issued(
          membership,
          { peerName: subjectIdentity, friendlyName, publicKey },
          granted.roles,
          granted.validTo,
        );
      }),

    exportConfig: (handle, password) =>
      gate.run('grouping.exportConfig', undefined, () => {
        const { identity, group, roles, cloud } = grouping.use('grouping.exportConfig', handle);
        if (isEmptySecret(password))
          throw faultOf('grouping.exportConfig', 'E_INVALIDARG', 'the password is empty');
        const { groupPeerName } = group.properties;
        const content = { identity, groupPeerName, roles, cloud };
        return sealWithPassword(password, CONFIG_ROOT, groupPeerName, content);
      }),

    importConfig: (xml, password, overwrite) =>
      gate.run('grouping.importConfig', undefined, () => {
        const operation = 'grouping.importConfig';
        grouping.checkStarted(operation);
        const content = unsealWithPassword(password, CONFIG_ROOT, xml);
        const { identity, groupPeerName, roles, cloud } = content ?? {};
        if (
          typeof identity !== 'string' ||
          typeof groupPeerName !== 'string' ||
          typeof cloud !== 'string' ||
          !Array.isArray(roles)
        )
          throw faultOf(operation, 'E_INVALIDARG', 'wrong password, or the text was changed');
        const owner = grouping.identity.store.get(identity);
        const group = grouping.fake.network.groups.get(groupPeerName);
        if (owner === undefined || group === undefined)
          throw faultOf(operation, 'E_INVALIDARG', 'the identity or the group is not known here');
        const known = grouping.find(identity, groupPeerName);
        if (known !== undefined && !overwrite) throw faultOf(operation, 'PEER_E_ALREADY_EXISTS');
        const granted = roles.map((one) => parseGuid(String(one))).filter((one) => one !== undefined);
        if (known === undefined)
          grouping.addMembership(group, owner, cloud, { ready: false, roles: granted });
        else known.roles = granted;
        return { identity, groupPeerName };
      }),
  };
};
