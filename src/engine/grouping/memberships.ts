import type { FileTime, GroupProperties, Guid } from '../../driver/index.js';
import { fileTimeToMillis } from '../../driver/index.js';
import {
  wholeSeconds,
  type CertificateFields,
  type PeerCertificate,
  type MembershipFields,
} from './certificates/certificate.js';
import {
  chainFromDer,
  chainToDer,
  checkChainTime,
  MAX_CHAIN_LENGTH,
  type MembershipChain,
} from './certificates/chain.js';
import { issueCertificate } from './certificates/issue.js';
import type { GroupingContext } from './context.js';
import { refuseMalformed } from './documents/malformed.js';
import { Refusal } from './refusal.js';
import { isRole, mayIssue, mayIssueRoles } from './roles.js';
import { MEND_GROUP } from './storage/group-store.js';
import type { StoredGroup } from './storage/stored-group.js';

/** The properties of a group that has them. */
export const requireReady = (group: StoredGroup): GroupProperties => {
  if (group.properties === undefined)
    throw new Refusal(
      'PEER_E_GROUP_NOT_READY',
      'the properties of this group are unknown until it has synchronised with another member',
      undefined,
      'Do it as the creator of the group, who knows them: the embedded engine connects no groups yet, so that whoever has joined one does not get them.',
    );
  return group.properties;
};

/** This identity's own membership, `undefined` before a password joiner has got one. */
export const ownMembership = async (group: StoredGroup): Promise<MembershipChain | undefined> =>
  group.chain.length === 0
    ? undefined
    : refuseMalformed(
        'PEER_E_CERT_STORE_CORRUPTED',
        `the membership in ${group.groupPeerName}`,
        () => chainFromDer(group.chain),
        MEND_GROUP,
      );

/** This identity's membership if it is valid now and may issue others. PEER_E_NOT_AUTHORIZED otherwise. */
export const requireIssuer = async (
  context: GroupingContext,
  group: StoredGroup,
): Promise<MembershipChain> => {
  requireReady(group);
  const chain = await ownMembership(group);
  if (chain === undefined || !mayIssue(chain.leaf.roles))
    throw new Refusal('PEER_E_NOT_AUTHORIZED', `${group.identity} may not invite others into this group`);
  checkChainTime(chain, context.clock.now());
  return chain;
};

export interface MembershipWish {
  readonly subject: string;
  readonly subjectFriendlyName: string;
  readonly publicKey: Uint8Array;
  readonly roles: readonly Guid[];
  readonly validFrom: FileTime | undefined;
  readonly validTo: FileTime | undefined;
}

/** A period within the issuer's own, not over yet. */
const periodWithin = (
  issuer: PeerCertificate<MembershipFields>,
  { validFrom, validTo }: MembershipWish,
  now: number,
): Pick<CertificateFields, 'validFrom' | 'validTo'> => {
  const from = wholeSeconds(
    validFrom === undefined ? Math.max(now, issuer.validFrom) : fileTimeToMillis(validFrom),
  );
  const to = validTo === undefined ? issuer.validTo : wholeSeconds(fileTimeToMillis(validTo));
  if (from < issuer.validFrom || to > issuer.validTo)
    throw new Refusal('E_INVALIDARG', "the membership would outlive its issuer's");
  if (to <= now || to <= from)
    throw new Refusal('E_INVALIDARG', 'the membership would be over before it begins');
  return { validFrom: from, validTo: to };
};

/** Issues a membership below the own one. @returns the new chain, root first. */
export const issueMembership = async (
  context: GroupingContext,
  group: StoredGroup,
  chain: MembershipChain,
  wish: MembershipWish,
): Promise<Uint8Array[]> => {
  const issuer = chain.leaf;
  if (wish.roles.length === 0 || !wish.roles.every(isRole))
    throw new Refusal('E_INVALIDARG', 'a membership needs one role or more, of the three that exist');
  if (!mayIssueRoles(issuer.roles, wish.roles))
    throw new Refusal('PEER_E_NOT_AUTHORIZED', `${issuer.subject} may not hand on roles above its own`);
  if (chain.memberships.length >= MAX_CHAIN_LENGTH)
    throw new Refusal(
      'PEER_E_CHAIN_TOO_LONG',
      `${MAX_CHAIN_LENGTH} memberships already lead to ${issuer.subject}; ask an earlier member`,
    );
  const der = await issueCertificate(
    {
      kind: 'membership',
      subject: wish.subject,
      subjectFriendlyName: wish.subjectFriendlyName,
      publicKey: wish.publicKey,
      issuer: issuer.subject,
      issuerFriendlyName: issuer.subjectFriendlyName,
      groupPeerName: group.groupPeerName,
      roles: wish.roles,
      ...periodWithin(issuer, wish, context.clock.now()),
    },
    await context.identityStore.readKey(group.identity),
    context.random,
  );
  return [...chainToDer(chain), der];
};
