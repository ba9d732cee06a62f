import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { SecretText } from '../../../driver/index.js';
import { Refusal } from '../refusal.js';
import type { RandomSource } from './keys.js';
import { deriveKey, SCRYPT_COST, type ScryptCost } from './password.js';

/*
 * version 1 | log2 N | r | p | salt 16 | nonce 12 | AES-256-GCM ciphertext | tag 16
 * Header and context are authenticated with the ciphertext.
 */
const VERSION = 1;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 4 + SALT_BYTES + NONCE_BYTES;

// A box from somebody else must not cost more than 128 MiB and a few seconds before its password is judged.
const LIMITS = { log2N: [10, 17], r: [1, 8], p: [1, 8] } as const;

const broken = (reason: string, cause?: unknown): Refusal => new Refusal('E_INVALIDARG', reason, cause);

const within = (value: number, [low, high]: readonly [number, number]): boolean =>
  value >= low && value <= high;

/** Encrypts `plaintext` under a password. `context` is not stored: {@link unseal} must be given the same. */
export const seal = async (
  plaintext: Uint8Array,
  password: SecretText,
  context: string,
  random: RandomSource,
  cost: ScryptCost = SCRYPT_COST,
): Promise<Uint8Array> => {
  const header = Buffer.concat([
    Buffer.from([VERSION, cost.log2N, cost.r, cost.p]),
    random(SALT_BYTES),
    random(NONCE_BYTES),
  ]);
  const key = await deriveKey(password, header.subarray(4, 4 + SALT_BYTES), cost);
  try {
    const cipher = createCipheriv('aes-256-gcm', key, header.subarray(4 + SALT_BYTES));
    cipher.setAAD(Buffer.concat([header, Buffer.from(context)]));
    return Buffer.concat([header, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  } finally {
    key.fill(0);
  }
};

/**
 * The plaintext of a sealed box; the caller overwrites it when done. E_INVALIDARG for a wrong password or a single
 * changed bit, which cannot be told apart.
 */
export const unseal = async (box: Uint8Array, password: SecretText, context: string): Promise<Buffer> => {
  const [version, log2N = 0, r = 0, p = 0] = box;
  if (box.length < HEADER_BYTES + TAG_BYTES) throw broken('the encrypted data is cut short');
  if (version !== VERSION)
    throw broken(`the encrypted data has version ${version ?? 0}, this release reads version ${VERSION}`);
  if (!within(log2N, LIMITS.log2N) || !within(r, LIMITS.r) || !within(p, LIMITS.p))
    throw broken('the encrypted data asks for an unreasonable amount of memory or work');

  const bytes = Buffer.from(box.buffer, box.byteOffset, box.byteLength);
  const header = bytes.subarray(0, HEADER_BYTES);
  const key = await deriveKey(password, header.subarray(4, 4 + SALT_BYTES), { log2N, r, p });
  let plaintext: Buffer | undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, header.subarray(4 + SALT_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.concat([header, Buffer.from(context)]));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    plaintext = decipher.update(bytes.subarray(HEADER_BYTES, -TAG_BYTES));
    // Adds nothing in this mode, but throws unless the tag fits.
    decipher.final();
    return plaintext;
  } catch (cause) {
    plaintext?.fill(0);
    throw broken('the password is wrong or the data was changed', cause);
  } finally {
    key.fill(0);
  }
};
