import {
  type GroupingDriver,
  type InvitationInfo,
  PEER_GROUP_AUTHENTICATION_SCHEME,
  PEER_GROUP_ISSUE_CREDENTIAL_FLAGS,
} from '../driver/index.js';
import * as check from './check.js';
import { readPublicKey, readRoles, writeCredential } from './credential.js';
import { flagIf, hasFlag } from './flags.js';
import { NULL, u64In } from './frame.js';
import { PEER_INVITATION_INFO } from './layouts.js';
import type { MakeMember } from './members.js';
import { momentOrNone, type Memory } from './memory.js';
import { onThread, room, takeText, textFrom } from './p2p.js';
import type { PeerState } from './state.js';

/** PNRP_SCOPE, by value. */
const SCOPES = ['any', 'global', 'site-local', 'link-local'] as const;

const read = (memory: Memory, address: bigint): InvitationInfo => {
  const info = memory.struct(address, PEER_INVITATION_INFO);
  const byPassword = hasFlag(
    info.authScheme,
    PEER_GROUP_AUTHENTICATION_SCHEME.PEER_GROUP_PASSWORD_AUTHENTICATION,
  );
  return {
    cloud: info.pwzCloudName,
    scope: SCOPES[info.dwScope] ?? 'any',
    cloudFlags: info.dwCloudFlags,
    groupPeerName: info.pwzGroupPeerName ?? '',
    issuerPeerName: info.pwzIssuerPeerName,
    subjectPeerName: info.pwzSubjectPeerName,
    groupFriendlyName: info.pwzGroupFriendlyName,
    issuerFriendlyName: info.pwzIssuerFriendlyName,
    subjectFriendlyName: info.pwzSubjectFriendlyName,
    validFrom: momentOrNone(info.ftValidityStart),
    validTo: momentOrNone(info.ftValidityEnd),
    roles: readRoles(memory, info.pRoles, info.cRoles),
    subjectPublicKey: readPublicKey(memory, info.pSubjectPublicKey),
    authentication: byPassword ? 'password' : 'certificate',
  };
};

type Members =
  | 'createInvitation'
  | 'createPasswordInvitation'
  | 'parseInvitation'
  | 'issueCredentials'
  | 'exportConfig'
  | 'importConfig';

/** Letting others in, and carrying a membership to another machine. */
export const invitationMembers = (member: MakeMember, state: PeerState): Pick<GroupingDriver, Members> => ({
  createInvitation: member('createInvitation', ({ native }, group, request) => {
    state.groups.get(group);
    const { identityXml, expiration, roles } = check.object(request, 'request');
    const granted = check.list(roles, 'roles');
    return textFrom(native, (frame, out) =>
      native.hresult(
        'PeerGroupCreateInvitation',
        group,
        frame.text(check.text(identityXml, 'identityXml'), 'identityXml'),
        expiration === undefined ? NULL : frame.fileTime(expiration, 'expiration'),
        granted.length,
        frame.guids(granted, 'roles'),
        out,
      ),
    );
  }),

  createPasswordInvitation: member('createPasswordInvitation', ({ native }, group) => {
    state.groups.get(group);
    return textFrom(native, (_, out) => native.hresult('PeerGroupCreatePasswordInvitation', group, out));
  }),

  parseInvitation: member('parseInvitation', ({ native }, invitation) =>
    native.frame((frame) => {
      const info = room(frame);
      const xml = frame.text(check.text(invitation, 'invitation'), 'invitation');
      native.hresult('PeerGroupParseInvitation', xml, info.address);
      return native.take(u64In(info), (address) => read(native.memory, address));
    }),
  ),

  issueCredentials: member('issueCredentials', ({ native }, group, request) => {
    state.groups.get(group);
    const { subjectIdentity, credential, store } = check.object(request, 'request');
    return native.frame((frame) => {
      const invitation = room(frame);
      native.hresult(
        'PeerGroupIssueCredentials',
        group,
        frame.text(check.text(subjectIdentity, 'subjectIdentity'), 'subjectIdentity'),
        credential === undefined ? NULL : writeCredential(frame, credential),
        flagIf(check.flag(store, 'store'), PEER_GROUP_ISSUE_CREDENTIAL_FLAGS.PEER_GROUP_STORE_CREDENTIALS),
        store ? NULL : invitation.address,
      );
      return store ? undefined : takeText(native, invitation);
    });
  }),

  exportConfig: member('exportConfig', ({ native }, group, password) => {
    state.groups.get(group);
    return onThread(native, state, group, async (frame) => {
      const xml = room(frame);
      await native.slowHresult(
        frame,
        'PeerGroupExportConfig',
        group,
        frame.secret(password, 'password'),
        xml.address,
      );
      return takeText(native, xml);
    });
  }),

  importConfig: member('importConfig', ({ native }, xml, password, overwrite) =>
    onThread(native, state, undefined, async (frame) => {
      const identity = room(frame);
      const group = room(frame);
      await native.slowHresult(
        frame,
        'PeerGroupImportConfig',
        frame.text(check.text(xml, 'xml'), 'xml'),
        frame.secret(password, 'password'),
        flagIf(check.flag(overwrite, 'overwrite'), 1),
        identity.address,
        group.address,
      );
      return { identity: takeText(native, identity), groupPeerName: takeText(native, group) };
    }),
  ),
});
