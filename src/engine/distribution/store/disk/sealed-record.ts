import { createHash } from 'node:crypto';

/*
 * A record is a magic word, its fields (numbers big-endian) and SHA-256 over both. Whatever a crash, a bad disk or
 * another program left in the file, it is either exactly what was written or `undefined`.
 */
const CHECKSUM_LENGTH = 32;

const checksum = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

export const sealRecord = (magic: Uint8Array, fields: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat([magic, ...fields]);
  return Buffer.concat([body, checksum(body)]);
};

export const unsealRecord = (magic: Uint8Array, record: Buffer): Buffer | undefined => {
  const end = record.length - CHECKSUM_LENGTH;
  if (end < magic.length || !record.subarray(0, magic.length).equals(magic)) return undefined;
  if (!checksum(record.subarray(0, end)).equals(record.subarray(end))) return undefined;
  return record.subarray(magic.length, end);
};
