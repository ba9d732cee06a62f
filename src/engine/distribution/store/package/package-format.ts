import { MAX_RUN, type SegmentInfo } from '../../ports.js';
import { blockCount, hashCount, versionOf } from '../../wire/index.js';
import { deriveSegmentId, hashOfBlockHashes } from '../../wire/secrets.js';
import { decodeUnit } from '../units/unit-codec.js';
import type { Unit } from '../units/unit.js';
import { CachePackageError } from './package-error.js';

/*
 * A package is a head, entries, an end (numbers big-endian). Nothing in it is a path or a name.
 *
 *     head    "PWCP", version (1 byte, 1)
 *     entry   1, length of the description (4), description, blocks, ffffffff
 *       block   index in the entry (4), its bytes; indexes ascend, the description tells the length
 *     end     0, number of entries (8), bytes of all blocks (8), SHA-256 of everything before it
 *
 * A description is the record of a unit as the store keeps it: a segment of version 1 with all its block hashes, or up to
 * 256 of version 2. It must agree with itself: ids derive from secrets and hashes.
 */
export const MAGIC = Buffer.from('PWCP');
export const FORMAT_VERSION = 1;
export const ENTRY = 1;
export const END = 0;

/** Instead of the index of a block: there are no more of this entry. */
export const NO_MORE = 0xffff_ffff;

/** Longer than the description of any segment, or run of segments. */
export const MAX_DESCRIPTION_LENGTH = 65_536;

/** Whether all that a package says of segments can be checked without anything else. */
export const isSelfContained = (segments: readonly SegmentInfo[]): boolean =>
  segments.length <= MAX_RUN && segments.every(isConsistent);

/** @throws CachePackageError */
export const decodeDescription = (record: Buffer): Unit => {
  const unit = decodeUnit(record);
  if (unit !== undefined && isSelfContained(unit.segments)) return unit;
  throw new CachePackageError('MALFORMED', 'a description of segments is damaged or contradicts itself');
};

const isConsistent = (segment: SegmentInfo): boolean => {
  const { id, hash, hashOfData, secret } = segment;
  if (hashCount(segment) !== blockCount(segment)) return false;
  const isDataHash = versionOf(hash) === 2 || Buffer.compare(hashOfBlockHashes(segment), hashOfData) === 0;
  return isDataHash && Buffer.compare(deriveSegmentId(hash, secret, hashOfData), id) === 0;
};
