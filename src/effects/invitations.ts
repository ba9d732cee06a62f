import type { ImportedGroup, InvitationInfo } from '../driver/index.js';
import { checked, type PeerEffect } from './effect.js';
import { onGroup, type PeerGroup, withGrouping } from './group.js';
import {
  credentialsRequest,
  type CredentialsInput,
  invitationRequest,
  type InvitationInput,
  opaqueXml,
} from './validate/invitation.js';
import { object } from './validate/object.js';
import { withDefault } from './validate/rule.js';
import { boolean } from './validate/scalars.js';
import { secret, type SecretInput } from './validate/secret-input.js';
import { wiping } from './wiping.js';

/**
 * An invitation for one identity, as text to hand over by any channel; useless to anybody else. See {@link joinGroup}
 * for an example.
 *
 * Errors: `NotReady` before the group has synchronised, `AccessDenied` for a role above one's own, `BadArgument` for an
 * expiration in the past, roles or a text that is no identity. Source: PeerGroupCreateInvitation.
 */
export const createInvitation =
  (group: PeerGroup, input: InvitationInput): PeerEffect<string> =>
  (env) =>
    checked('createInvitation', invitationRequest(env.clock.now()), input, (request) =>
      onGroup(group, 'createInvitation', (grouping, raw) => grouping.createInvitation(raw, request)),
    )(env);

/**
 * An invitation for whoever also knows the group's password. The group needs password authentication. See {@link
 * joinGroupWithPassword} for an example.
 *
 * Errors: `NotReady` before the group has synchronised. Source: PeerGroupCreatePasswordInvitation.
 */
export const createPasswordInvitation = (group: PeerGroup): PeerEffect<string> =>
  onGroup(group, 'createPasswordInvitation', (grouping, raw) => grouping.createPasswordInvitation(raw));

/**
 * What an invitation says: group, issuer, roles, validity. Needs no membership. See {@link joinGroup} for an example.
 *
 * Errors: `AccessDenied` for one that is not trusted, `BadArgument` for a text that is none.
 * Source: PeerGroupParseInvitation.
 */
export const parseInvitation = (invitation: string): PeerEffect<InvitationInfo> =>
  checked('parseInvitation', opaqueXml, invitation, (xml) =>
    withGrouping('parseInvitation', (grouping) => grouping.parseInvitation(xml)),
  );

/**
 * Issues or renews a member's credentials.
 *
 * Use it to prolong a membership or to change roles. With `store` they are published in the group and picked up by the
 * member at its next connect; otherwise they come back as an invitation, with which the member joins once more, having
 * closed the group. Without a credential they are the same again, for as long again.
 *
 * Errors: `AccessDenied` unless administrator, `NotFound` for a member that the group does not know when no credential
 * is given, `BadArgument` for the credential. Source: PeerGroupIssueCredentials.
 *
 * @example
 * ```ts
 * import { createPeerweave } from 'peerweave';
 * import { createFakeDriver, createFakeNetwork } from 'peerweave/testing';
 *
 * const network = createFakeNetwork();
 * const alice = createPeerweave({ driver: createFakeDriver({ network }) });
 * const bob = createPeerweave({ driver: createFakeDriver({ network }) });
 * const subjectIdentity = await bob.promise(bob.effects.getDefaultIdentity());
 * const { publicKey } = await bob.promise(bob.effects.getIdentityKey());
 * const creatorPeerName = await alice.promise(alice.effects.createIdentity());
 * await using group = await alice.promise(alice.effects.createGroup({ creatorPeerName }));
 * const credential = { publicKey, roles: ['inviting-member'] } as const;
 * const invitation = await alice.promise(alice.effects.issueCredentials(group, { subjectIdentity, credential }));
 * console.log(typeof invitation); // string
 * ```
 */
export const issueCredentials =
  (group: PeerGroup, input: CredentialsInput): PeerEffect<string | undefined> =>
  (env) =>
    checked('issueCredentials', credentialsRequest(env.clock.now()), input, (request) =>
      onGroup(group, 'issueCredentials', (grouping, raw) => grouping.issueCredentials(raw, request)),
    )(env);

/**
 * The group's configuration with this identity's membership, under a password: to move it to another machine, where the
 * identity must exist already.
 *
 * The copy that is made of the password is wiped. Errors: `BadArgument` for an empty password.
 * Source: PeerGroupExportConfig.
 *
 * @example
 * ```ts
 * import { createPeerweave } from 'peerweave';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const { effects, promise } = createPeerweave({ driver: createFakeDriver() });
 * const creatorPeerName = await promise(effects.createIdentity());
 * await using group = await promise(effects.createGroup({ creatorPeerName }));
 * const xml = await promise(effects.exportGroupConfig(group, 'a long password'));
 * await group.close();
 * const { identity } = await promise(effects.importGroupConfig(xml, 'a long password', { overwrite: true }));
 * console.log(identity === creatorPeerName); // true
 * ```
 */
export const exportGroupConfig = (group: PeerGroup, password: SecretInput): PeerEffect<string> =>
  checked('exportGroupConfig', secret, password, (valid) =>
    wiping(
      valid,
      password,
      onGroup(group, 'exportGroupConfig', (grouping, raw) => grouping.exportConfig(raw, valid)),
    ),
  );

/**
 * Takes a configuration of {@link exportGroupConfig} in; the group can be opened afterwards.
 *
 * Errors: `AlreadyExists` without `overwrite`, `NotFound` if the identity is not here, `BadArgument` for a wrong
 * password or a changed byte. Source: PeerGroupImportConfig.
 */
export const importGroupConfig = (
  xml: string,
  password: SecretInput,
  options: { readonly overwrite?: boolean | undefined } = {},
): PeerEffect<ImportedGroup> =>
  checked('importGroupConfig', CONFIG, { xml, password, options }, (valid) =>
    wiping(
      valid.password,
      password,
      withGrouping('importGroupConfig', (grouping) =>
        grouping.importConfig(valid.xml, valid.password, valid.options.overwrite),
      ),
    ),
  );

const CONFIG = object({
  xml: opaqueXml,
  password: secret,
  options: object({ overwrite: withDefault(boolean, false) }),
});
