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
import { boolean } from './validate/scalars.js';
import { secret, type SecretInput } from './validate/secret-input.js';
import { wiping } from './wiping.js';

/**
 * An invitation for one identity, as text to hand over by any channel; useless to anybody else.
 *
 * Errors: `NotReady` before the group has synchronised, `AccessDenied` for a role above one's own.
 * Source: PeerGroupCreateInvitation.
 */
export const createInvitation =
  (group: PeerGroup, input: InvitationInput): PeerEffect<string> =>
  (env) =>
    checked('createInvitation', invitationRequest(env.clock.now()), input, (request) =>
      onGroup(group, 'createInvitation', (grouping, raw) => grouping.createInvitation(raw, request)),
    )(env);

/**
 * An invitation for whoever also knows the group's password. The group needs password authentication.
 *
 * Source: PeerGroupCreatePasswordInvitation.
 */
export const createPasswordInvitation = (group: PeerGroup): PeerEffect<string> =>
  onGroup(group, 'createPasswordInvitation', (grouping, raw) => grouping.createPasswordInvitation(raw));

/**
 * What an invitation says: group, issuer, roles, validity. Needs no membership. Source: PeerGroupParseInvitation.
 *
 * Errors: `AccessDenied` for one that is not trusted.
 */
export const parseInvitation = (invitation: string): PeerEffect<InvitationInfo> =>
  checked('parseInvitation', opaqueXml, invitation, (xml) =>
    withGrouping('parseInvitation', (grouping) => grouping.parseInvitation(xml)),
  );

/**
 * Issues or renews a member's credentials. With `store` they are published in the group and picked up by the member
 * at its next connect, otherwise they come back as an invitation. Source: PeerGroupIssueCredentials.
 */
export const issueCredentials =
  (group: PeerGroup, input: CredentialsInput): PeerEffect<string | undefined> =>
  (env) =>
    checked('issueCredentials', credentialsRequest(env.clock.now()), input, (request) =>
      onGroup(group, 'issueCredentials', (grouping, raw) => grouping.issueCredentials(raw, request)),
    )(env);

/**
 * The group's configuration with this identity's membership, under a password: to move it to another machine, where
 * the identity must exist already. Source: PeerGroupExportConfig.
 */
export const exportGroupConfig = (group: PeerGroup, password: SecretInput): PeerEffect<string> =>
  checked('exportGroupConfig', secret, password, (valid) =>
    wiping(
      valid,
      password,
      onGroup(group, 'exportGroupConfig', (grouping, raw) => grouping.exportConfig(raw, valid)),
    ),
  );

/** Takes such a configuration in. Errors: `AlreadyExists` without `overwrite`. Source: PeerGroupImportConfig. */
export const importGroupConfig = (
  xml: string,
  password: SecretInput,
  options: { readonly overwrite?: boolean | undefined } = {},
): PeerEffect<ImportedGroup> =>
  checked('importGroupConfig', CONFIG, { xml, password, overwrite: options.overwrite ?? false }, (valid) =>
    wiping(
      valid.password,
      password,
      withGrouping('importGroupConfig', (grouping) =>
        grouping.importConfig(valid.xml, valid.password, valid.overwrite),
      ),
    ),
  );

const CONFIG = object({ xml: opaqueXml, password: secret, overwrite: boolean });
