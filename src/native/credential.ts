import type { CredentialInfo } from '../driver/index.js';
import * as check from './check.js';
import { NULL, type Frame } from './frame.js';
import { CERT_PUBLIC_KEY_INFO, PEER_CREDENTIAL_INFO } from './layouts.js';
import { momentOrNone, type Memory } from './memory.js';
import { decodePublicKey, encodePublicKey } from './spki.js';
import { guidFromBytes, type Guid } from '../driver/index.js';

const RSA = '1.2.840.113549.1.1.1';
const DER_NULL = Uint8Array.of(5, 0);

/** RFC 3279 wants NULL parameters for RSA; not every CryptoAPI writes them. */
const parametersFor = (algorithm: string, parameters: Uint8Array): Uint8Array =>
  algorithm === RSA && parameters.length === 0 ? DER_NULL : parameters;

/** SubjectPublicKeyInfo of a CERT_PUBLIC_KEY_INFO; `undefined` for NULL. */
export const readPublicKey = (memory: Memory, address: bigint): Uint8Array | undefined => {
  if (address === NULL) return undefined;
  const { Algorithm, PublicKey } = memory.struct(address, CERT_PUBLIC_KEY_INFO);
  if (Algorithm.pszObjId === undefined) return undefined;
  return encodePublicKey({
    algorithm: Algorithm.pszObjId,
    parameters: parametersFor(
      Algorithm.pszObjId,
      memory.bytes(Algorithm.Parameters.pbData, Algorithm.Parameters.cbData),
    ),
    key: memory.bytes(PublicKey.pbData, PublicKey.cbData),
    unusedBits: PublicKey.cUnusedBits,
  });
};

/** CERT_PUBLIC_KEY_INFO of a SubjectPublicKeyInfo. */
const writePublicKey = (frame: Frame, der: Uint8Array): bigint => {
  const { algorithm, parameters, key, unusedBits } = decodePublicKey(der);
  return frame.struct(CERT_PUBLIC_KEY_INFO, {
    Algorithm: {
      pszObjId: algorithm,
      Parameters: { cbData: parameters.length, pbData: frame.bytes(parameters, 'parameters') },
    },
    PublicKey: { cbData: key.length, pbData: frame.bytes(key, 'key'), cUnusedBits: unusedBits },
  }).address;
};

export const readRoles = (memory: Memory, address: bigint, count: number): readonly Guid[] => {
  const bytes = memory.bytes(address, count * 16);
  return Array.from({ length: bytes.length / 16 }, (_, index) =>
    guidFromBytes(bytes.subarray(index * 16, index * 16 + 16)),
  );
};

/** What a PEER_CREDENTIAL_INFO says; `undefined` for NULL. */
export const readCredential = (memory: Memory, address: bigint): CredentialInfo | undefined => {
  if (address === NULL) return undefined;
  const info = memory.struct(address, PEER_CREDENTIAL_INFO);
  return {
    friendlyName: info.pwzFriendlyName,
    publicKey: readPublicKey(memory, info.pPublicKey) ?? new Uint8Array(0),
    issuerPeerName: info.pwzIssuerPeerName,
    issuerFriendlyName: info.pwzIssuerFriendlyName,
    validFrom: momentOrNone(info.ftValidityStart),
    validTo: momentOrNone(info.ftValidityEnd),
    roles: readRoles(memory, info.pRoles, info.cRoles),
  };
};

/** PEER_CREDENTIAL_INFO to issue. The issuer is whoever calls, its names are not read. */
export const writeCredential = (frame: Frame, credential: CredentialInfo): bigint => {
  const { friendlyName, publicKey, validFrom, validTo, roles } = check.object(credential, 'credential');
  const granted = check.list(roles, 'roles');
  return frame.struct(PEER_CREDENTIAL_INFO, {
    pwzFriendlyName: friendlyName,
    pPublicKey: writePublicKey(frame, publicKey),
    ftValidityStart: validFrom,
    ftValidityEnd: validTo,
    cRoles: granted.length,
    pRoles: frame.guids(granted, 'roles'),
  }).address;
};
