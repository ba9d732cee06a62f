import { LIMITS, type Guid } from '../../../driver/index.js';

/** Times are milliseconds since 1970, whole seconds. */
interface CommonFields {
  readonly subject: string;
  readonly subjectFriendlyName: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  readonly validFrom: number;
  readonly validTo: number;
}

/** Says which key a peer name stands for; signed with that key. */
export interface IdentityFields extends CommonFields {
  readonly kind: 'identity';
}

/** The root of a group's memberships; signed with the group's key, of which the group's name is the hash. */
export interface GroupRootFields extends CommonFields {
  readonly kind: 'group-root';
  readonly cloud: string;
}

/** A membership: signed by the group root or by another member whose roles allow it. */
export interface MembershipFields extends CommonFields {
  readonly kind: 'membership';
  readonly issuer: string;
  readonly issuerFriendlyName: string;
  readonly groupPeerName: string;
  readonly roles: readonly Guid[];
}

export type CertificateFields = IdentityFields | GroupRootFields | MembershipFields;

/** A certificate whose form has been checked, but not yet who signed it. */
export type PeerCertificate<Fields extends CertificateFields = CertificateFields> = Fields & {
  readonly der: Uint8Array;
  /** Whether the holder of this public key (SubjectPublicKeyInfo, DER) signed it. */
  isSignedBy(publicKey: Uint8Array): boolean;
};

/** "Infinite" for a certificate: 1000 years of 365 days. */
export const INFINITE_VALIDITY_MS = LIMITS['gmc.infinite'] * 365 * 24 * 3600 * 1000;

/** X.509 counts whole seconds. */
export const wholeSeconds = (millis: number): number => Math.floor(millis / 1000) * 1000;
