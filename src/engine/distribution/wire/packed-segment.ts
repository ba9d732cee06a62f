import type { SegmentInfo } from '../ports.js';
import { HASH_LENGTHS } from './units.js';

/** Of segments that were made here. */
const packed = new WeakMap<SegmentInfo, Uint8Array>();

/**
 * A segment whose block hashes lie one after the other, as they do in records and in content information. They are told
 * apart once somebody asks for one: a content of a gigabyte has so many that it would take longer than all else that is
 * done with most of them.
 */
export const packSegment = (
  { id, hash, hashOfData, secret, length }: Omit<SegmentInfo, 'blockHashes'>,
  hashes: Uint8Array,
): SegmentInfo => {
  let blockHashes: readonly Uint8Array[] | undefined;
  const info: SegmentInfo = {
    id,
    hash,
    hashOfData,
    secret,
    length,
    get blockHashes() {
      if (blockHashes !== undefined) return blockHashes;
      forgetLater(() => (blockHashes = undefined));
      return (blockHashes = unpack(hashes, HASH_LENGTHS[hash]));
    },
  };
  packed.set(info, hashes);
  return info;
};

/** Ways to forget what was told apart, the earliest first. */
const forgetting: (() => void)[] = [];

/** Of so many segments: as many as are kept open on disk. They take ten times the memory of what they are made of. */
const MOST_UNPACKED = 32;

const forgetLater = (forget: () => void): void => {
  if (forgetting.push(forget) > MOST_UNPACKED) forgetting.shift()?.();
};

/** The block hashes of a segment, one after the other. */
export const packedHashes = (info: SegmentInfo): Uint8Array =>
  packed.get(info) ?? Buffer.concat(info.blockHashes);

/** How many block hashes a segment lists. */
export const hashCount = (info: SegmentInfo): number => {
  const hashes = packed.get(info);
  return hashes === undefined ? info.blockHashes.length : hashes.length / HASH_LENGTHS[info.hash];
};

const unpack = (hashes: Uint8Array, size: number): readonly Uint8Array[] =>
  Array.from({ length: hashes.length / size }, (_, index) =>
    hashes.subarray(index * size, (index + 1) * size),
  );
