import { createCipheriv, createHash } from 'node:crypto';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import {
  decodeKeyFile,
  encodeKeyFile,
  KeyFileError,
  MAX_KEY_FILE_LENGTH,
} from '../../../src/engine/distribution/wire/index.js';
import { vectors } from './vectors.js';

const vector = vectors.pchc.key_export_file;
const secret = Buffer.from(vector.secret, 'hex');
const file = Buffer.from(vector.file_hex, 'hex');

/** Any bytes, encrypted as a key file is. */
const encrypted = (plain: Uint8Array): Buffer => {
  const key = createHash('sha256').update(Buffer.from(vector.passphrase, 'utf16le')).digest();
  const encryption = createCipheriv('aes-256-cbc', key, Buffer.alloc(16));
  return Buffer.concat([encryption.update(plain), encryption.final()]);
};

describe('the exported server secret', () => {
  it('is written and read as the specification says, against the vector', () => {
    expect(encodeKeyFile(secret, vector.passphrase).equals(file)).toBe(true);
    expect(decodeKeyFile(file, vector.passphrase).equals(secret)).toBe(true);
  });

  it.each<readonly [string, Buffer, string]>([
    ['another passphrase', file, 'passw0rd!'],
    ['no passphrase', file, ''],
    ['nothing', Buffer.alloc(0), vector.passphrase],
    ['a file cut short', file.subarray(0, -16), vector.passphrase],
    ['half a block of the cipher', file.subarray(0, -1), vector.passphrase],
    ['a file that goes on', Buffer.concat([file, file.subarray(0, 16)]), vector.passphrase],
    ['an empty secret', encrypted(createHash('sha256').digest()), vector.passphrase],
    ['less than a digest', encrypted(Buffer.alloc(31)), vector.passphrase],
    ['too long a file', Buffer.alloc(MAX_KEY_FILE_LENGTH + 16), vector.passphrase],
  ])('is not found with %s', (_name, bytes, passphrase) => {
    expect(() => decodeKeyFile(bytes, passphrase)).toThrow(KeyFileError);
  });

  it('is not found in a file with any bit changed', () => {
    for (let at = 0; at < file.length; at += 1) {
      const damaged = Buffer.from(file);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at);
      expect(() => decodeKeyFile(damaged, vector.passphrase)).toThrow(KeyFileError);
    }
  });

  const change = fc.record({
    at: fc.nat(file.length + 40),
    cut: fc.nat(40),
    put: fc.uint8Array({ maxLength: 40 }),
  });
  test.prop([fc.array(change, { minLength: 1, maxLength: 4 })], { numRuns: 1_000 })(
    'is not found in a file that was changed in any way',
    (changes) => {
      const changed = changes.reduce<Buffer>(
        (bytes, { at, cut, put }) => Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]),
        file,
      );
      if (changed.equals(file)) expect(decodeKeyFile(changed, vector.passphrase)).toEqual(secret);
      else expect(() => decodeKeyFile(changed, vector.passphrase)).toThrow(KeyFileError);
    },
  );

  test.prop([fc.uint8Array({ minLength: 1, maxLength: 1000 }), fc.string({ unit: 'grapheme' })])(
    'comes back whatever it is and whatever the passphrase',
    (bytes, passphrase) => {
      expect(decodeKeyFile(encodeKeyFile(bytes, passphrase), passphrase)).toEqual(Buffer.from(bytes));
    },
  );
});
