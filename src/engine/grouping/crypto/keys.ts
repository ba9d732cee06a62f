import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { Refusal } from '../refusal.js';

export type RandomSource = (bytes: number) => Uint8Array;

// RFC 8410: everything of a PKCS#8 Ed25519 key that precedes its 32 secret bytes.
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A new Ed25519 private key. */
export const generateKey = (random: RandomSource): KeyObject => {
  const seed = random(32);
  const pkcs8 = Buffer.concat([PKCS8_PREFIX, seed]);
  try {
    return createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  } finally {
    pkcs8.fill(0);
    seed.fill(0);
  }
};

/** The Ed25519 private key in PKCS#8 DER bytes. E_INVALIDARG for anything else. */
export const importPrivateKey = (pkcs8: Uint8Array): KeyObject => {
  let key: KeyObject;
  try {
    // A view, so that no copy stays behind when the caller overwrites its bytes.
    const view = Buffer.from(pkcs8.buffer, pkcs8.byteOffset, pkcs8.byteLength);
    key = createPrivateKey({ key: view, format: 'der', type: 'pkcs8' });
  } catch (cause) {
    throw new Refusal('E_INVALIDARG', 'the private key is not PKCS#8 DER', cause);
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw new Refusal(
      'E_INVALIDARG',
      `the private key is ${String(key.asymmetricKeyType)}; the engine uses Ed25519`,
    );
  return key;
};

/** PKCS#8 DER. The caller overwrites it when done. */
export const exportPrivateKey = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'pkcs8' });

/** SubjectPublicKeyInfo DER of a private or public key. */
export const publicKeyOf = (key: KeyObject): Uint8Array =>
  (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'der', type: 'spki' });
