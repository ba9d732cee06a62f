import { createHmac, hash as digest } from 'node:crypto';
import type { HashName, SegmentInfo } from '../ports.js';

/** The constant C2 of PCCRC 2.2. Its text says ASCII; on the wire it is UTF-16LE with the terminator. */
const SEGMENT_ID_SALT = Buffer.from('MS_P2P_CACHING\0', 'utf16le');

/** The hash of one block, by which a receiver verifies it. */
export const hashBlock = (hash: HashName, block: Uint8Array): Buffer => digest(hash, block, 'buffer');

/** HoD: the hash over the hashes of all blocks of a segment. */
export const hashOfBlockHashes = (hash: HashName, blockHashes: readonly Uint8Array[]): Buffer =>
  digest(hash, Buffer.concat(blockHashes), 'buffer');

/** Ks: what a publisher derives from its configured secret. Changing the secret changes every segment id. */
export const deriveServerKey = (hash: HashName, secret: Uint8Array): Buffer => digest(hash, secret, 'buffer');

/** Kp: the segment secret, which is also the key its blocks are encrypted with. */
const deriveSegmentSecret = (hash: HashName, serverKey: Uint8Array, hashOfData: Uint8Array): Buffer =>
  createHmac(hash, serverKey).update(hashOfData).digest();

/** HoHoDk: the public segment id. It tells an observer neither content nor secret. */
export const deriveSegmentId = (hash: HashName, segmentSecret: Uint8Array, hashOfData: Uint8Array): Buffer =>
  createHmac(hash, segmentSecret).update(hashOfData).update(SEGMENT_ID_SALT).digest();

/** A segment as its publisher describes it, from the hashes of all its blocks. PCCRC 2.2. */
export const describeSegment = (segment: {
  readonly hash: HashName;
  readonly serverKey: Uint8Array;
  readonly length: number;
  readonly blockHashes: readonly Uint8Array[];
}): SegmentInfo => {
  const { hash, serverKey, length, blockHashes } = segment;
  const hashOfData = hashOfBlockHashes(hash, blockHashes);
  const secret = deriveSegmentSecret(hash, serverKey, hashOfData);
  return { id: deriveSegmentId(hash, secret, hashOfData), hash, hashOfData, secret, length, blockHashes };
};
