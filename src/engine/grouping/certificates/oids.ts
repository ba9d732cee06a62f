/*
 * Our own object identifiers. Windows uses 1.3.6.1.4.1.311.44 for the same purpose; these certificates are made with
 * other algorithms and must not claim to be Microsoft's. 2.25 needs no registration; the number below it is random,
 * with as many bits as the certificate library can carry.
 */
const ARC = '2.25.1736201944';

export const OID = {
  /** INTEGER: 1 membership, 2 group root, 3 identity. */
  certificateType: `${ARC}.0.1`,
  /** INTEGER. */
  certificateVersion: `${ARC}.0.4`,
  /** UTF8String. */
  groupPeerName: `${ARC}.3.1`,
  /** SEQUENCE OF OCTET STRING, each a GUID. */
  roles: `${ARC}.3.3`,
  /** Extended key usage: authentication between peers. */
  peerAuthentication: `${ARC}.3.4`,
  /** UTF8String: the cloud a group was made in, in its root. */
  cloud: `${ARC}.3.6`,
} as const;
