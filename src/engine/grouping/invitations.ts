import {
  fileTimeFromMillis,
  isFileTime,
  type CredentialInfo,
  type CredentialsRequest,
  type FileTime,
  type GroupHandle,
  type InvitationInfo,
  type InvitationRequest,
} from '../../driver/index.js';
import { chainFromPkcs7, chainToPkcs7, type MembershipChain } from './certificates/chain.js';
import { readIdentityCertificate } from './certificates/read.js';
import { scopeOfCloud } from './clouds.js';
import type { GroupingContext } from './context.js';
import { readInvitation, writeInvitation, type Invitation } from './documents/group-documents.js';
import { readIdentityInfo } from './documents/identity-documents.js';
import { Malformed, refuseMalformed } from './documents/malformed.js';
import { issueMembership, ownMembership, requireIssuer, requireReady } from './memberships.js';
import { isFriendlyName, isNameOf, parsePeerName, UNSECURED } from './names.js';
import { Refusal } from './refusal.js';
import type { StoredGroup } from './storage/stored-group.js';

type PasswordInvitation = Extract<Invitation, { _tag: 'Password' }>;

/** An invitation whose signatures, if it has any, have been verified. */
export type TrustedInvitation =
  | { readonly _tag: 'Certificate'; readonly cloud: string; readonly chain: MembershipChain }
  | PasswordInvitation;

/** Reads and verifies an invitation, its time aside. */
export const trustInvitation = async (xml: string): Promise<TrustedInvitation> => {
  const invitation = await refuseMalformed('E_INVALIDARG', 'the invitation', () => readInvitation(xml));
  return refuseMalformed('PEER_E_INVITATION_NOT_TRUSTED', 'the invitation', async () => {
    if (invitation._tag === 'Password') {
      const name = parsePeerName(invitation.groupPeerName);
      if (name === undefined || name.authority === UNSECURED)
        throw new Malformed(`'${invitation.groupPeerName}' is no secure peer name`);
      if (!isFriendlyName(invitation.groupFriendlyName))
        throw new Malformed("the group's friendly name is too long");
      return invitation;
    }
    const chain = await chainFromPkcs7(invitation.chain);
    if (chain.root.cloud !== invitation.cloud)
      throw new Malformed(`the group was made in another cloud than ${invitation.cloud}`);
    return { _tag: 'Certificate', cloud: invitation.cloud, chain };
  });
};

/** PeerGroupParseInvitation. */
export const parseInvitation = async (xml: string): Promise<InvitationInfo> => {
  const invitation = await trustInvitation(xml);
  const { scope, flags } = scopeOfCloud(invitation.cloud);
  const common = { cloud: invitation.cloud, scope, cloudFlags: flags };
  if (invitation._tag === 'Password')
    return {
      ...common,
      groupPeerName: invitation.groupPeerName,
      groupFriendlyName: invitation.groupFriendlyName,
      issuerPeerName: undefined,
      subjectPeerName: undefined,
      issuerFriendlyName: undefined,
      subjectFriendlyName: undefined,
      validFrom: undefined,
      validTo: undefined,
      roles: [],
      subjectPublicKey: undefined,
      authentication: 'password',
    };
  const { root, leaf } = invitation.chain;
  return {
    ...common,
    groupPeerName: root.subject,
    groupFriendlyName: root.subjectFriendlyName,
    issuerPeerName: leaf.issuer,
    subjectPeerName: leaf.subject,
    issuerFriendlyName: leaf.issuerFriendlyName,
    subjectFriendlyName: leaf.subjectFriendlyName,
    validFrom: fileTimeFromMillis(leaf.validFrom),
    validTo: fileTimeFromMillis(leaf.validTo),
    roles: leaf.roles,
    subjectPublicKey: leaf.publicKey,
    authentication: 'certificate',
  };
};

const certificateInvitation = async (group: StoredGroup, chain: readonly Uint8Array[]): Promise<string> =>
  writeInvitation({ _tag: 'Certificate', cloud: group.cloud, chain: await chainToPkcs7(chain) });

const checkTime = (time: FileTime | undefined): FileTime | undefined => {
  if (time !== undefined && !isFileTime(time)) throw new Refusal('E_INVALIDARG', 'a time is no FILETIME');
  return time;
};

/** PeerGroupCreateInvitation. */
export const createInvitation = async (
  context: GroupingContext,
  handle: GroupHandle,
  request: InvitationRequest,
): Promise<string> => {
  const group = await context.openGroups.read(handle);
  const issuer = await requireIssuer(context, group);
  const invitee = await refuseMalformed('E_INVALIDARG', "the invitee's identity", () =>
    readIdentityCertificate(readIdentityInfo(request.identityXml)),
  );
  const chain = await issueMembership(context, group, issuer, {
    subject: invitee.subject,
    subjectFriendlyName: invitee.subjectFriendlyName,
    publicKey: invitee.publicKey,
    roles: request.roles,
    validFrom: undefined,
    validTo: checkTime(request.expiration),
  });
  return certificateInvitation(group, chain);
};

/** PeerGroupCreatePasswordInvitation. */
export const createPasswordInvitation = async (
  context: GroupingContext,
  handle: GroupHandle,
): Promise<string> => {
  const group = await context.openGroups.read(handle);
  const { authentication } = requireReady(group);
  await requireIssuer(context, group);
  if (!authentication.password)
    throw new Refusal('E_INVALIDARG', 'this group was created without a password');
  return writeInvitation({
    _tag: 'Password',
    cloud: group.cloud,
    groupPeerName: group.groupPeerName,
    groupFriendlyName: group.friendlyName,
  });
};

export const credentialOf = ({ leaf }: MembershipChain): CredentialInfo => ({
  friendlyName: leaf.subjectFriendlyName,
  publicKey: leaf.publicKey,
  issuerPeerName: leaf.issuer,
  issuerFriendlyName: leaf.issuerFriendlyName,
  validFrom: fileTimeFromMillis(leaf.validFrom),
  validTo: fileTimeFromMillis(leaf.validTo),
  roles: leaf.roles,
});

/** What a renewal takes over: name, key and roles; it lasts as long again, but not beyond the issuer. */
const renewal = async (
  context: GroupingContext,
  group: StoredGroup,
  issuer: MembershipChain,
  subject: string,
): Promise<CredentialInfo> => {
  const known = subject === group.identity ? await ownMembership(group) : undefined;
  if (known === undefined)
    throw new Refusal(
      'PEER_E_IDENTITY_NOT_FOUND',
      `nothing is known of ${subject} here; give its credential with the request`,
    );
  const now = context.clock.now();
  const duration = known.leaf.validTo - known.leaf.validFrom;
  return {
    ...credentialOf(known),
    validFrom: undefined,
    validTo: fileTimeFromMillis(Math.min(now + duration, issuer.leaf.validTo)),
  };
};

/** PeerGroupIssueCredentials without storing. */
export const issueCredentials = async (
  context: GroupingContext,
  handle: GroupHandle,
  { subjectIdentity, credential }: CredentialsRequest,
): Promise<string> => {
  const group = await context.openGroups.read(handle);
  const issuer = await requireIssuer(context, group);
  const wanted = credential ?? (await renewal(context, group, issuer, subjectIdentity));
  if (parsePeerName(subjectIdentity) === undefined || !isNameOf(subjectIdentity, wanted.publicKey))
    throw new Refusal(
      'PEER_E_INVALID_CREDENTIAL_INFO',
      `the public key is not the one that ${subjectIdentity} is named after`,
    );
  const chain = await issueMembership(context, group, issuer, {
    subject: subjectIdentity,
    subjectFriendlyName: wanted.friendlyName ?? subjectIdentity,
    publicKey: wanted.publicKey,
    roles: wanted.roles,
    validFrom: checkTime(wanted.validFrom),
    validTo: checkTime(wanted.validTo),
  });
  return certificateInvitation(group, chain);
};
