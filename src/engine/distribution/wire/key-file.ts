import { createCipheriv, createDecipheriv, hash } from 'node:crypto';
import type { SecretText } from '../../../driver/index.js';

/* PCCRC 2.5, what `netsh branchcache exportkey` writes and `importkey` reads. */

const CIPHER = 'aes-256-cbc';
/** Nothing but the passphrase decides: two exports of a secret are the same. */
const IV = Buffer.alloc(16);
const DIGEST_LENGTH = 32;

/** Longest file read: far more than any secret. */
export const MAX_KEY_FILE_LENGTH = 65_536;

/** The only thing that reading a key file throws. */
export class KeyFileError extends Error {
  constructor(message = 'this is no key file, or the passphrase is wrong') {
    super(message);
    this.name = 'KeyFileError';
  }
}

/** In memory that can be wiped, or not. */
export type Passphrase = string | SecretText;

const keyFrom = (passphrase: Passphrase): Buffer =>
  typeof passphrase === 'string'
    ? hash('sha256', Buffer.from(passphrase, 'utf16le'), 'buffer')
    : passphrase.use((utf16le) => hash('sha256', utf16le, 'buffer'));

/** Encrypts a server secret, so that servers that import it publish the same segment ids. */
export const encodeKeyFile = (secret: Uint8Array, passphrase: Passphrase): Buffer => {
  const encryption = createCipheriv(CIPHER, keyFrom(passphrase), IV);
  const digest = hash('sha256', secret, 'buffer');
  return Buffer.concat([encryption.update(digest), encryption.update(secret), encryption.final()]);
};

/** The server secret in a key file. @throws KeyFileError */
export const decodeKeyFile = (file: Uint8Array, passphrase: Passphrase): Buffer => {
  const plain = decrypt(file, passphrase);
  const secret = plain.subarray(DIGEST_LENGTH);
  if (secret.length === 0 || !hash('sha256', secret, 'buffer').equals(plain.subarray(0, DIGEST_LENGTH))) {
    throw new KeyFileError();
  }
  return secret;
};

const decrypt = (file: Uint8Array, passphrase: Passphrase): Buffer => {
  if (file.length > MAX_KEY_FILE_LENGTH) throw new KeyFileError();
  const decryption = createDecipheriv(CIPHER, keyFrom(passphrase), IV);
  try {
    return Buffer.concat([decryption.update(file), decryption.final()]);
  } catch {
    throw new KeyFileError();
  }
};
