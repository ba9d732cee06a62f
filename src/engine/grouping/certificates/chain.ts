import { LIMITS } from '../../../driver/index.js';
import { Malformed } from '../documents/malformed.js';
import { Refusal } from '../refusal.js';
import { isRole, mayIssueRoles } from '../roles.js';
import type { GroupRootFields, MembershipFields, PeerCertificate } from './certificate.js';
import { certificateLibrary } from './library.js';
import { readCertificate } from './read.js';

/** Memberships below the group root. */
export const MAX_CHAIN_LENGTH = LIMITS['gmc.chain.max'];

/** How far the clock of an issuer may be ahead of ours. */
const CLOCK_SKEW_MS = 5 * 60 * 1000;

/** A verified way from the group's key to one member. */
export interface MembershipChain {
  readonly root: PeerCertificate<GroupRootFields>;
  /** Oldest first; the last is the member's own. */
  readonly memberships: readonly PeerCertificate<MembershipFields>[];
  readonly leaf: PeerCertificate<MembershipFields>;
}

const untrusted = (reason: string): Refusal => new Refusal('PEER_E_INVITATION_NOT_TRUSTED', reason);

/** Checks one membership against the certificate it was issued under. */
const checkLink = (
  parent: PeerCertificate<GroupRootFields> | PeerCertificate<MembershipFields>,
  child: PeerCertificate<MembershipFields>,
  groupPeerName: string,
): void => {
  const who = `the membership of ${child.subject}`;
  if (child.groupPeerName !== groupPeerName) throw untrusted(`${who} belongs to another group`);
  if (child.issuer !== parent.subject) throw untrusted(`${who} was not issued by ${parent.subject}`);
  if (!child.isSignedBy(parent.publicKey))
    throw untrusted(`the signature on ${who} is not that of ${parent.subject}`);
  if (child.validFrom < parent.validFrom || child.validTo > parent.validTo)
    throw untrusted(`${who} outlives that of its issuer`);
  if (child.roles.length === 0 || !child.roles.every(isRole)) throw untrusted(`${who} has unknown roles`);
  if (parent.kind === 'membership' && !mayIssueRoles(parent.roles, child.roles))
    throw untrusted(`${parent.subject} may not issue the roles of ${who}`);
};

/**
 * Verifies certificates, root first, by everything but the present time. PEER_E_CHAIN_TOO_LONG or
 * PEER_E_INVITATION_NOT_TRUSTED otherwise.
 */
export const verifyChain = (certificates: readonly PeerCertificate[]): MembershipChain => {
  const [root, ...rest] = certificates;
  if (rest.length > MAX_CHAIN_LENGTH)
    throw new Refusal('PEER_E_CHAIN_TOO_LONG', `a chain has ${MAX_CHAIN_LENGTH} memberships at most`);
  if (root?.kind !== 'group-root') throw untrusted('the chain does not start with a group root');
  if (!root.isSignedBy(root.publicKey))
    throw untrusted('the group root is not signed with the key of the group');
  let parent: PeerCertificate<GroupRootFields> | PeerCertificate<MembershipFields> = root;
  const memberships: PeerCertificate<MembershipFields>[] = [];
  for (const child of rest) {
    if (child.kind !== 'membership') throw untrusted('the chain holds something other than memberships');
    checkLink(parent, child, root.subject);
    memberships.push(child);
    parent = child;
  }
  const leaf = memberships.at(-1);
  if (leaf === undefined) throw untrusted('the chain holds no membership');
  return { root, memberships, leaf };
};

/** Refuses a chain that is not valid yet or not any more. */
export const checkChainTime = ({ root, memberships }: MembershipChain, now: number): void => {
  for (const { subject, validFrom, validTo } of [root, ...memberships])
    if (now < validFrom - CLOCK_SKEW_MS || now > validTo)
      throw new Refusal(
        'PEER_E_INVALID_TIME_PERIOD',
        `the certificate of ${subject} is valid from ${new Date(validFrom).toISOString()} to ${new Date(validTo).toISOString()}`,
      );
};

/** Whether one of its certificates has run out. */
export const isOver = ({ root, memberships }: MembershipChain, now: number): boolean =>
  [root, ...memberships].some(({ validTo }) => now > validTo);

export const chainToDer = ({ root, memberships }: MembershipChain): Uint8Array[] =>
  [root, ...memberships].map(({ der }) => der);

/** Reads and verifies certificates, root first. */
export const chainFromDer = async (certificates: readonly Uint8Array[]): Promise<MembershipChain> =>
  verifyChain(await Promise.all(certificates.map(readCertificate)));

/** The chain as PKCS#7 SignedData without a signer, root first. */
export const chainToPkcs7 = async (certificates: readonly Uint8Array[]): Promise<Uint8Array> => {
  const { X509Certificate, X509Certificates } = await certificateLibrary();
  const bag = new X509Certificates(certificates.map((der) => new X509Certificate(der)));
  return new Uint8Array(bag.export('raw'));
};

/** Reads and verifies a chain as {@link chainToPkcs7} writes it. @throws Malformed, Refusal */
export const chainFromPkcs7 = async (pkcs7: Uint8Array): Promise<MembershipChain> => {
  const { X509Certificates } = await certificateLibrary();
  let certificates: Uint8Array[];
  try {
    certificates = [...new X509Certificates(pkcs7)].map(({ rawData }) => new Uint8Array(rawData));
  } catch (error) {
    throw new Malformed('not a PKCS#7 certificate chain', error);
  }
  // The container is not signed: only the form we write ourselves is taken.
  if (!Buffer.from(await chainToPkcs7(certificates)).equals(pkcs7))
    throw new Malformed('the PKCS#7 container is not as it was written');
  return chainFromDer(certificates);
};
