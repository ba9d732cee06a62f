import { createCipheriv } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { releaseBytes } from '../../../src/engine/distribution/release-bytes.js';
import { decryptBlock, MessageError } from '../../../src/engine/distribution/wire/index.js';

const SECRET = Buffer.alloc(32, 'secret');
const IV = Buffer.alloc(16, 'iv');

/** As OpenSSL encrypts, padded by itself or with what a peer may have put there. */
const encrypted = (bytes: Uint8Array, isPadded = false): Buffer => {
  const cipher = createCipheriv('aes-128-cbc', SECRET.subarray(0, 16), IV).setAutoPadding(!isPadded);
  return Buffer.concat([cipher.update(bytes), cipher.final()]);
};

const decrypt = (data: Uint8Array): Buffer => decryptBlock('aes-128-cbc', SECRET, IV, data);

describe('a decrypted block', () => {
  it.each([0, 1, 15, 16, 17, 4_097, 48_003, 65_535, 65_536])(
    'of %i bytes is what was encrypted',
    (length) => {
      const plain = Buffer.alloc(length, 'what was encrypted');
      expect(decrypt(encrypted(plain)).equals(plain)).toBe(true);
    },
  );

  it.each([
    ['of no bytes', Array.from({ length: 16 }, () => 0)],
    ['of more than there can be', [...Array.from({ length: 15 }, () => 17), 17]],
    ['of other bytes than their number', [...Array.from({ length: 12 }, () => 1), 4, 4, 3, 4]],
  ])('has no padding %s', (_, last) => {
    const data = encrypted(Buffer.concat([Buffer.alloc(32), Buffer.from(last)]), true);
    expect(() => decrypt(data)).toThrow(MessageError);
  });

  it.each([0, 15, 17, 31])('is not made of %i bytes', (length) => {
    expect(() => decrypt(Buffer.alloc(length))).toThrow(MessageError);
  });

  it.each([48_003, 65_536])('of %i bytes gives its memory back at once', (length) => {
    const bytes = decrypt(encrypted(Buffer.alloc(length)));
    releaseBytes(bytes);
    expect(bytes.buffer.byteLength).toBe(0);
  });
});

it('memory that is shared is not given back', () => {
  const whole = Buffer.alloc(100_000);
  releaseBytes(whole.subarray(0, 50_000));
  expect(whole.buffer.byteLength).toBe(100_000);
});
