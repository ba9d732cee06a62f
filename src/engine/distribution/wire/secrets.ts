import { createHmac, hash as hashOf } from 'node:crypto';
import type { HashName, SegmentHash, SegmentInfo } from '../ports.js';
import { packedHashes, packSegment } from './packed-segment.js';
import { HASH_LENGTHS, versionOf } from './units.js';

/** The constant C2 of PCCRC 2.2. Its text says ASCII; on the wire it is UTF-16LE with the terminator. */
const SEGMENT_ID_SALT = Buffer.from('MS_P2P_CACHING\0', 'utf16le');

/** Every hash of version 2, keyed or not, is cut to its length; those of version 1 have it. */
const algorithmOf = (hash: SegmentHash): HashName => (hash === 'truncated-sha512' ? 'sha512' : hash);

const digest = (hash: SegmentHash, bytes: Uint8Array): Buffer =>
  hashOf(algorithmOf(hash), bytes, 'buffer').subarray(0, HASH_LENGTHS[hash]);

const keyedDigest = (hash: SegmentHash, key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer => {
  const hmac = createHmac(algorithmOf(hash), key);
  for (const part of parts) hmac.update(part);
  return hmac.digest().subarray(0, HASH_LENGTHS[hash]);
};

/** The hash of one block, by which a receiver verifies it. */
export const hashBlock = (hash: SegmentHash, block: Uint8Array): Buffer => digest(hash, block);

/** HoD: the hash over the hashes of all blocks of a segment. */
export const hashOfBlockHashes = (info: SegmentInfo): Buffer => digest(info.hash, packedHashes(info));

/** Ks: what a publisher derives from its configured secret. Changing the secret changes every segment id. */
export const deriveServerKey = (hash: SegmentHash, secret: Uint8Array): Buffer => digest(hash, secret);

/** Kp: the segment secret, which is also the key its blocks are encrypted with. */
const deriveSegmentSecret = (hash: SegmentHash, serverKey: Uint8Array, hashOfData: Uint8Array): Buffer =>
  keyedDigest(hash, serverKey, hashOfData);

/** HoHoDk: the public segment id. It tells an observer neither content nor secret. */
export const deriveSegmentId = (
  hash: SegmentHash,
  segmentSecret: Uint8Array,
  hashOfData: Uint8Array,
): Buffer => keyedDigest(hash, segmentSecret, hashOfData, SEGMENT_ID_SALT);

/** A segment as its publisher describes it, from the hashes of all its blocks. PCCRC 2.2. */
export const describeSegment = (segment: {
  readonly hash: SegmentHash;
  readonly serverKey: Uint8Array;
  readonly length: number;
  /** Or all of them one after the other. */
  readonly blockHashes: readonly Uint8Array[] | Uint8Array;
}): SegmentInfo => {
  const { hash, serverKey, length, blockHashes } = segment;
  const hashes = blockHashes instanceof Uint8Array ? blockHashes : Buffer.concat(blockHashes);
  const isBlock = versionOf(hash) === 2;
  const hashOfData = isBlock ? hashes : digest(hash, hashes);
  const secret = deriveSegmentSecret(hash, serverKey, hashOfData);
  const id = deriveSegmentId(hash, secret, hashOfData);
  // Written out, not spread: what is spread and then given a property more has a hidden class of its own in V8 11, which
  // only a full collection frees.
  return isBlock
    ? { id, hash, hashOfData, secret, length, blockHashes: [hashOfData] }
    : packSegment({ id, hash, hashOfData, secret, length }, hashes);
};
