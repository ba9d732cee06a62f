import { createPublicKey, X509Certificate as SystemCertificate } from 'node:crypto';
import { publicKeyOf } from '../crypto/keys.js';
import { Malformed } from '../documents/malformed.js';
import { isFriendlyName, isNameOf } from '../names.js';
import type { CertificateFields, PeerCertificate } from './certificate.js';
import { decodeGuids, decodeSmallInteger, decodeText } from './der.js';
import { certificateLibrary, type CertificateLibrary } from './library.js';
import { OID } from './oids.js';
import { CERTIFICATE_TYPES, CERTIFICATE_VERSION, nameFromUri } from './profile.js';

type LibraryCertificate = InstanceType<CertificateLibrary['X509Certificate']>;

const SUBJECT_ALT_NAME = '2.5.29.17';
const ISSUER_ALT_NAME = '2.5.29.18';

const extension = (certificate: LibraryCertificate, oid: string): Uint8Array => {
  const found = certificate.extensions.filter(({ type }) => type === oid);
  const [only] = found;
  if (only === undefined || found.length > 1) throw new Malformed(`extension ${oid} is missing or repeated`);
  return new Uint8Array(only.value);
};

const alternativeName = (
  library: CertificateLibrary,
  certificate: LibraryCertificate,
  oid: string,
): string => {
  const { items } = new library.GeneralNames(extension(certificate, oid));
  const [item] = items;
  const name = item?.type === 'url' && items.length === 1 ? nameFromUri(item.value) : undefined;
  if (name === undefined) throw new Malformed(`extension ${oid} does not hold one peer name`);
  return name;
};

const commonName = (name: { getField(id: string): string[] }): string => {
  const [only, ...rest] = name.getField('CN');
  if (only === undefined || rest.length > 0 || !isFriendlyName(only))
    throw new Malformed('a name does not hold one friendly name');
  return only;
};

const fieldsOf = (
  library: CertificateLibrary,
  certificate: LibraryCertificate,
  publicKey: Uint8Array,
): CertificateFields => {
  if (decodeSmallInteger(extension(certificate, OID.certificateVersion)) !== CERTIFICATE_VERSION)
    throw new Malformed('the certificate has an unknown version');
  const subject = alternativeName(library, certificate, SUBJECT_ALT_NAME);
  if (!isNameOf(subject, publicKey)) throw new Malformed(`${subject} is not the name of the certified key`);
  const common = {
    subject,
    subjectFriendlyName: commonName(certificate.subjectName),
    publicKey,
    validFrom: certificate.notBefore.getTime(),
    validTo: certificate.notAfter.getTime(),
  };
  switch (decodeSmallInteger(extension(certificate, OID.certificateType))) {
    case CERTIFICATE_TYPES.identity:
      return { ...common, kind: 'identity' };
    case CERTIFICATE_TYPES['group-root']:
      if (decodeText(extension(certificate, OID.groupPeerName)) !== subject)
        throw new Malformed('a group root must be about its own group');
      return { ...common, kind: 'group-root', cloud: decodeText(extension(certificate, OID.cloud)) };
    case CERTIFICATE_TYPES.membership:
      return {
        ...common,
        kind: 'membership',
        issuer: alternativeName(library, certificate, ISSUER_ALT_NAME),
        issuerFriendlyName: commonName(certificate.issuerName),
        groupPeerName: decodeText(extension(certificate, OID.groupPeerName)),
        roles: decodeGuids(extension(certificate, OID.roles)),
      };
    default:
      throw new Malformed('the certificate has an unknown type');
  }
};

/**
 * Reads a certificate of ours: the form, the fields, and that its name is the hash of its key. The signature is left to
 * `isSignedBy`, which asks OpenSSL through node:crypto.
 *
 * @throws Malformed
 */
export const readCertificate = async (der: Uint8Array): Promise<PeerCertificate> => {
  const library = await certificateLibrary();
  try {
    const system = new SystemCertificate(der);
    if (!system.raw.equals(der)) throw new Malformed('there are bytes after the certificate');
    if (system.publicKey.asymmetricKeyType !== 'ed25519') throw new Malformed('the key is not Ed25519');
    const fields = fieldsOf(library, new library.X509Certificate(der), publicKeyOf(system.publicKey));
    return {
      ...fields,
      der: Uint8Array.from(der),
      isSignedBy: (spki) =>
        system.verify(createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })),
    };
  } catch (error) {
    if (error instanceof Malformed) throw error;
    throw new Malformed('not an X.509 certificate', error);
  }
};

/** Reads an identity certificate and verifies that it is signed with its own key. @throws Malformed */
export const readIdentityCertificate = async (der: Uint8Array) => {
  const certificate = await readCertificate(der);
  if (certificate.kind !== 'identity') throw new Malformed('this is not an identity certificate');
  if (!certificate.isSignedBy(certificate.publicKey))
    throw new Malformed('the identity certificate is not signed with its own key');
  return certificate;
};
