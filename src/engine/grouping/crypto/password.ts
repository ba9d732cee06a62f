import { createHash, createHmac, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import type { SecretText } from '../../../driver/index.js';
import { Refusal } from '../refusal.js';

/** Cost of scrypt (RFC 7914): memory is 128·N·r bytes, work grows with p. */
export interface ScryptCost {
  /** log2 of N. */
  readonly log2N: number;
  readonly r: number;
  readonly p: number;
}

/** One of the settings OWASP gives for interactive use: 32 MiB, three passes. */
export const SCRYPT_COST: ScryptCost = { log2N: 15, r: 8, p: 3 };

const KEY_BYTES = 32;

const runScrypt = promisify<Buffer, Uint8Array, number, object, Buffer>(scrypt);

/** Length of a password in UTF-16 units. */
export const passwordLength = (password: SecretText): number =>
  password.use((utf16le) => utf16le.byteLength / 2);

export const refuseEmptyPassword = (password: SecretText): void => {
  if (passwordLength(password) === 0) throw new Refusal('E_INVALIDARG', 'the password is empty');
};

/**
 * 32 key bytes from a password; the caller overwrites them when done. The password is condensed while it is lent, so
 * that the slow part neither blocks the event loop nor outlives the loan with a copy.
 */
export const deriveKey = async (
  password: SecretText,
  salt: Uint8Array,
  { log2N, r, p }: ScryptCost,
): Promise<Buffer> => {
  const condensed = password.use((utf16le) =>
    createHmac('sha512', 'peerweave password').update(utf16le).digest(),
  );
  try {
    const N = 2 ** log2N;
    return await runScrypt(condensed, salt, KEY_BYTES, {
      N,
      r,
      p,
      maxmem: 130 * N * r + 1024 * r * p + 65_536,
    });
  } finally {
    condensed.fill(0);
  }
};

/** What a group keeps to recognise its password: salted with the group's name, so that every member derives the same. */
export const groupPasswordVerifier = async (password: SecretText, groupPeerName: string): Promise<string> => {
  const salt = createHash('sha256').update(`peerweave group password\0${groupPeerName}`).digest();
  const key = await deriveKey(password, salt, SCRYPT_COST);
  const verifier = key.toString('base64');
  key.fill(0);
  return verifier;
};
