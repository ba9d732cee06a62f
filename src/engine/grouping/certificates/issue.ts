import { webcrypto, type KeyObject } from 'node:crypto';
import { exportPrivateKey, type RandomSource } from '../crypto/keys.js';
import { mayIssue } from '../roles.js';
import type { CertificateFields } from './certificate.js';
import { encodeGuids, encodeSmallInteger, encodeText } from './der.js';
import { certificateLibrary, type CertificateLibrary } from './library.js';
import { OID } from './oids.js';
import { CERTIFICATE_TYPES, CERTIFICATE_VERSION, nameToUri } from './profile.js';

const ED25519 = { name: 'Ed25519' } as const;

/** 16 bytes; the first is neither zero nor negative, so that DER keeps all of them. */
const serialNumber = (random: RandomSource): string => {
  const bytes = Buffer.from(random(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
};

const mayCertify = (fields: CertificateFields): boolean =>
  fields.kind === 'group-root' || (fields.kind === 'membership' && mayIssue(fields.roles));

// KeyUsage as DER BIT STRING: digitalSignature, with and without keyCertSign.
const KEY_USAGE_OID = '2.5.29.15';
const SIGNING = Uint8Array.of(0x03, 0x02, 0x07, 0x80);
const SIGNING_AND_CERTIFYING = Uint8Array.of(0x03, 0x02, 0x02, 0x84);

const extensionsOf = (library: CertificateLibrary, fields: CertificateFields) => {
  const { Extension } = library;
  const certifies = mayCertify(fields);
  const common = [
    new library.BasicConstraintsExtension(certifies, undefined, true),
    new Extension(KEY_USAGE_OID, true, certifies ? SIGNING_AND_CERTIFYING : SIGNING),
    new library.ExtendedKeyUsageExtension([OID.peerAuthentication]),
    new library.SubjectAlternativeNameExtension([{ type: 'url', value: nameToUri(fields.subject) }]),
    // Not critical, against the Windows profile: any X.509 verifier should be able to check a chain.
    new Extension(OID.certificateType, false, encodeSmallInteger(CERTIFICATE_TYPES[fields.kind])),
    new Extension(OID.certificateVersion, false, encodeSmallInteger(CERTIFICATE_VERSION)),
  ];
  switch (fields.kind) {
    case 'identity':
      return common;
    case 'group-root':
      return [
        ...common,
        new Extension(OID.groupPeerName, false, encodeText(fields.subject)),
        new Extension(OID.cloud, false, encodeText(fields.cloud)),
      ];
    case 'membership':
      return [
        ...common,
        new library.IssuerAlternativeNameExtension([{ type: 'url', value: nameToUri(fields.issuer) }]),
        new Extension(OID.groupPeerName, false, encodeText(fields.groupPeerName)),
        new Extension(OID.roles, false, encodeGuids(fields.roles)),
      ];
  }
};

// Given as a tagged string, not as text: a friendly name must not be able to add attributes of its own.
const commonName = (library: CertificateLibrary, friendlyName: string) =>
  new library.Name([{ CN: [{ utf8String: friendlyName }] }]);

const importSigningKey = async (key: KeyObject): Promise<webcrypto.CryptoKey> => {
  const pkcs8 = exportPrivateKey(key);
  try {
    return await webcrypto.subtle.importKey('pkcs8', pkcs8, ED25519, false, ['sign']);
  } finally {
    pkcs8.fill(0);
  }
};

/** Signs a certificate. @returns its DER bytes. */
export const issueCertificate = async (
  fields: CertificateFields,
  signingKey: KeyObject,
  random: RandomSource,
): Promise<Uint8Array> => {
  const library = await certificateLibrary();
  const issuerFriendlyName =
    fields.kind === 'membership' ? fields.issuerFriendlyName : fields.subjectFriendlyName;
  const certificate = await library.X509CertificateGenerator.create(
    {
      serialNumber: serialNumber(random),
      subject: commonName(library, fields.subjectFriendlyName),
      issuer: commonName(library, issuerFriendlyName),
      notBefore: new Date(fields.validFrom),
      notAfter: new Date(fields.validTo),
      signingAlgorithm: ED25519,
      publicKey: await webcrypto.subtle.importKey('spki', fields.publicKey, ED25519, true, ['verify']),
      signingKey: await importSigningKey(signingKey),
      extensions: extensionsOf(library, fields),
    },
    webcrypto,
  );
  return new Uint8Array(certificate.rawData);
};
