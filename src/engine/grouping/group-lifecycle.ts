import {
  ROLES,
  type CallOptions,
  type GroupCreation,
  type GroupHandle,
  type GroupProperties,
  type SecretText,
} from '../../driver/index.js';
import { INFINITE_VALIDITY_MS, wholeSeconds } from './certificates/certificate.js';
import { chainToDer, checkChainTime, isOver, type MembershipChain } from './certificates/chain.js';
import { issueCertificate } from './certificates/issue.js';
import { checkCloud, resolveCloud } from './clouds.js';
import type { GroupingContext } from './context.js';
import { generateKey, publicKeyOf } from './crypto/keys.js';
import { groupPasswordVerifier, refuseEmptyPassword } from './crypto/password.js';
import { changeProperties, propertiesOfCreation } from './group-properties.js';
import { trustInvitation } from './invitations.js';
import { ownMembership, requireReady } from './memberships.js';
import { authorityOf, composePeerName } from './names.js';
import { Refusal } from './refusal.js';
import type { Identity } from './storage/identity-record.js';
import type { StoredGroup } from './storage/stored-group.js';

const newInstance = ({ random }: GroupingContext): string => Buffer.from(random(16)).toString('hex');

const readCreator = async ({ identityStore }: GroupingContext, peerName: string): Promise<Identity> => {
  try {
    return await identityStore.read(peerName);
  } catch (error) {
    if (error instanceof Refusal && error.symbol === 'PEER_E_NOT_FOUND')
      throw new Refusal('PEER_E_IDENTITY_NOT_FOUND', error.message, error);
    throw error;
  }
};

const passwordVerifier = async (
  password: SecretText | undefined,
  groupPeerName: string,
): Promise<string | undefined> =>
  password === undefined ? undefined : groupPasswordVerifier(password, groupPeerName);

/** PeerGroupCreate. */
export const createGroup = async (
  context: GroupingContext,
  creation: GroupCreation,
  call?: CallOptions,
): Promise<GroupHandle> => {
  const { random, groupStore, openGroups } = context;
  openGroups.requireStarted();
  const wanted = propertiesOfCreation(creation);
  const creator = await readCreator(context, creation.creatorPeerName);

  const key = generateKey(random);
  const publicKey = publicKeyOf(key);
  const groupPeerName = composePeerName(authorityOf(publicKey), wanted.classifier);
  const friendlyName = wanted.friendlyName ?? groupPeerName;
  const cloud = resolveCloud(wanted.cloud);
  const validFrom = wholeSeconds(context.clock.now());
  const period = { validFrom, validTo: validFrom + INFINITE_VALIDITY_MS };
  const root = await issueCertificate(
    {
      kind: 'group-root',
      subject: groupPeerName,
      subjectFriendlyName: friendlyName,
      publicKey,
      cloud,
      ...period,
    },
    key,
    random,
  );
  const membership = await issueCertificate(
    {
      kind: 'membership',
      subject: creator.peerName,
      subjectFriendlyName: creator.friendlyName,
      publicKey: creator.publicKey,
      issuer: groupPeerName,
      issuerFriendlyName: friendlyName,
      groupPeerName,
      roles: [ROLES.admin],
      ...period,
    },
    key,
    random,
  );
  const group: StoredGroup = {
    instance: newInstance(context),
    groupPeerName,
    identity: creator.peerName,
    cloud,
    friendlyName,
    chain: [root, membership],
    properties: { ...wanted, groupPeerName },
    passwordVerifier: await passwordVerifier(creation.authentication?.groupPassword, groupPeerName),
  };
  if (!(await groupStore.create(group, key, call)))
    throw new Refusal('PEER_E_ALREADY_EXISTS', `group ${groupPeerName} exists already`);
  return openGroups.open(group);
};

/** PeerGroupOpen. */
export const openGroup = async (
  context: GroupingContext,
  identity: string | undefined,
  groupPeerName: string,
  cloud: string | undefined,
): Promise<GroupHandle> => {
  context.openGroups.requireStarted();
  const owner = await context.identities.resolve(identity);
  const group = await context.groupStore.find(owner, groupPeerName);
  if (group === undefined)
    throw new Refusal('PEER_E_NOT_FOUND', `${owner} has neither created nor joined group ${groupPeerName}`);
  checkCloud(cloud, group.cloud);
  return context.openGroups.open(group);
};

/** The group that was there before this join. */
const findKnown = async ({ groupStore }: GroupingContext, joined: StoredGroup): Promise<StoredGroup> => {
  const known = await groupStore.find(joined.identity, joined.groupPeerName);
  if (known === undefined)
    throw new Refusal('ERROR_DELETE_PENDING', 'the group is being deleted at this moment; join again');
  return known;
};

/**
 * Whether a membership that is valid now takes the place of another. Certificates count whole seconds, so of two that
 * begin in the same one the last to be handed in counts; and what has ended gives way to whatever is valid.
 */
const takesPlaceOf = (offered: MembershipChain, current: MembershipChain, now: number): boolean =>
  offered.leaf.validFrom >= current.leaf.validFrom || isOver(current, now);

/** A newer membership replaces an older one; everything else that is known of the group stays. */
const renewMembership = async (
  { groupStore, clock }: GroupingContext,
  known: StoredGroup,
  chain: MembershipChain,
): Promise<void> => {
  const current = await ownMembership(known);
  if (current === undefined || takesPlaceOf(chain, current, clock.now()))
    await groupStore.update({ ...known, chain: chainToDer(chain) });
};

/** PeerGroupJoin. */
export const joinGroup = async (
  context: GroupingContext,
  identity: string | undefined,
  xml: string,
  cloud: string | undefined,
  call?: CallOptions,
): Promise<GroupHandle> => {
  const { openGroups, groupStore } = context;
  openGroups.requireStarted();
  const invitation = await trustInvitation(xml);
  if (invitation._tag === 'Password')
    throw new Refusal('E_INVALIDARG', 'this invitation needs the password of the group');
  const { chain } = invitation;
  checkCloud(cloud, invitation.cloud);
  checkChainTime(chain, context.clock.now());
  const owner = await context.identityStore.read(await context.identities.resolve(identity));
  if (chain.leaf.subject !== owner.peerName)
    throw new Refusal(
      'PEER_E_INVITATION_NOT_TRUSTED',
      `the invitation was made for ${chain.leaf.subject}, not for ${owner.peerName}`,
    );
  const groupPeerName = chain.root.subject;
  if (openGroups.handlesOn(owner.peerName, groupPeerName).length > 0)
    throw new Refusal('PEER_E_GROUP_IN_USE', `${owner.peerName} has group ${groupPeerName} open`);
  const joined: StoredGroup = {
    instance: newInstance(context),
    groupPeerName,
    identity: owner.peerName,
    cloud: invitation.cloud,
    friendlyName: chain.root.subjectFriendlyName,
    chain: chainToDer(chain),
    properties: undefined,
    passwordVerifier: undefined,
  };
  if (await groupStore.create(joined, undefined, call)) return openGroups.open(joined);
  const known = await findKnown(context, joined);
  await renewMembership(context, known, chain);
  return openGroups.open(known);
};

/** PeerGroupPasswordJoin. */
export const joinGroupWithPassword = async (
  context: GroupingContext,
  identity: string | undefined,
  xml: string,
  password: SecretText,
  cloud: string | undefined,
  call?: CallOptions,
): Promise<GroupHandle> => {
  const { openGroups, groupStore } = context;
  openGroups.requireStarted();
  refuseEmptyPassword(password);
  const invitation = await trustInvitation(xml);
  if (invitation._tag === 'Certificate')
    throw new Refusal('E_INVALIDARG', 'this invitation is joined without a password');
  checkCloud(cloud, invitation.cloud);
  const owner = await context.identityStore.read(await context.identities.resolve(identity));
  const joined: StoredGroup = {
    instance: newInstance(context),
    groupPeerName: invitation.groupPeerName,
    identity: owner.peerName,
    cloud: invitation.cloud,
    friendlyName: invitation.groupFriendlyName,
    chain: [],
    properties: undefined,
    passwordVerifier: await groupPasswordVerifier(password, invitation.groupPeerName),
  };
  if (await groupStore.create(joined, undefined, call)) return openGroups.open(joined);
  const known = await findKnown(context, joined);
  if (known.chain.length > 0) return openGroups.open(known);
  // Not a member yet: the password may have been mistyped the first time.
  await groupStore.update({ ...known, passwordVerifier: joined.passwordVerifier });
  return openGroups.open(known);
};

/** PeerGroupDelete. */
export const deleteGroup = async (
  context: GroupingContext,
  identity: string | undefined,
  groupPeerName: string,
): Promise<void> => {
  const { openGroups, groupStore } = context;
  openGroups.requireStarted();
  const owner = await context.identities.resolve(identity);
  const handles = openGroups.handlesOn(owner, groupPeerName);
  if (!(await groupStore.delete(owner, groupPeerName)))
    throw new Refusal('PEER_E_NOT_FOUND', `${owner} has no group ${groupPeerName}`);
  handles.forEach((handle) => openGroups.void(handle));
};

/** PeerGroupGetProperties. */
export const getProperties = async (
  { openGroups }: GroupingContext,
  handle: GroupHandle,
): Promise<GroupProperties> => requireReady(await openGroups.read(handle));

/** PeerGroupSetProperties. */
export const setProperties = async (
  { openGroups, groupStore, events }: GroupingContext,
  handle: GroupHandle,
  wanted: GroupProperties,
): Promise<void> => {
  const group = await openGroups.read(handle);
  const current = requireReady(group);
  if (current.creatorPeerName !== group.identity)
    throw new Refusal('PEER_E_NOT_AUTHORIZED', 'only the creator of a group may change its properties');
  const properties = changeProperties(current, wanted);
  const verifier = await passwordVerifier(wanted.authentication.groupPassword, group.groupPeerName);
  await groupStore.update({
    ...group,
    properties,
    friendlyName: properties.friendlyName ?? group.groupPeerName,
    passwordVerifier: verifier ?? group.passwordVerifier,
  });
  events.propertyChanged(openGroups.handlesOn(group.identity, group.groupPeerName));
};
