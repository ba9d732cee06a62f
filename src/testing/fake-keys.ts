import { createHash, createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { guidFromBytes, type Guid } from '../driver/index.js';

export interface KeyPair {
  readonly algorithm: string;
  readonly privateKey: KeyObject;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
}

/** RFC 8410: what stands before the 32 bytes of an Ed25519 private key in PKCS#8. */
const ED25519_PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

const pairOf = (privateKey: KeyObject): KeyPair => ({
  algorithm: privateKey.asymmetricKeyType ?? 'unknown',
  privateKey,
  publicKey: createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
});

/** The same Ed25519 key pair for the same label, every time. */
export const keyPairFor = (label: string): KeyPair =>
  pairOf(
    createPrivateKey({
      key: Buffer.concat([ED25519_PKCS8_PREFIX, createHash('sha256').update(label).digest()]),
      format: 'der',
      type: 'pkcs8',
    }),
  );

/** The key pair in a PKCS#8 DER, `undefined` if it is none. */
export const keyPairFromPkcs8 = (der: Uint8Array): KeyPair | undefined => {
  try {
    return pairOf(createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' }));
  } catch {
    return undefined;
  }
};

export const pkcs8Of = (pair: KeyPair): Uint8Array =>
  pair.privateKey.export({ type: 'pkcs8', format: 'der' });

export const signWith = (pair: KeyPair, data: Uint8Array): Uint8Array =>
  // Ed25519 and Ed448 hash by themselves; the others are told to.
  sign(pair.algorithm.startsWith('ed') ? null : 'sha256', data, pair.privateKey);

/** The secured authority of a peer name: 40 hex digits of the SHA-1 of the public key. */
export const authorityOf = (publicKey: Uint8Array): string =>
  createHash('sha1').update(publicKey).digest('hex');

/** The same GUID for the same label, every time. */
export const guidFor = (label: string): Guid =>
  guidFromBytes(createHash('sha256').update(label).digest().subarray(0, 16));
