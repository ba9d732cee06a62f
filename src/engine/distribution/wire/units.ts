import type { SegmentHash, SegmentInfo } from '../ports.js';

/** Bytes of a version-1 block; only the last block of the last segment is shorter. PCCRC 2.1. */
export const BLOCK_LENGTH = 65_536;

/** Bytes of a version-1 segment; only the last segment of a content is shorter. PCCRC 2.1. */
export const SEGMENT_LENGTH = 33_554_432;

/** Blocks of a full segment, and so one more than the highest block index. */
export const BLOCKS_PER_SEGMENT = SEGMENT_LENGTH / BLOCK_LENGTH;

/** Bytes of one hash, segment secret or segment id. */
export const HASH_LENGTHS: Readonly<Record<SegmentHash, number>> = {
  sha256: 32,
  sha384: 48,
  sha512: 64,
  'truncated-sha512': 32,
};

/** Most bytes of a version-2 segment. PCCRC 2.4. */
export const MAX_SEGMENT_LENGTH_V2 = 131_072;

type SegmentShape = Pick<SegmentInfo, 'hash' | 'length'>;

/** The version of content information that describes segments with this hash. */
export const versionOf = (hash: SegmentHash): 1 | 2 => (hash === 'truncated-sha512' ? 2 : 1);

/** How many blocks a segment has. */
export const blockCount = ({ hash, length }: SegmentShape): number =>
  versionOf(hash) === 2 ? 1 : Math.ceil(length / BLOCK_LENGTH);

/** Bytes of block `index` of a segment. */
export const blockLength = ({ hash, length }: SegmentShape, index: number): number =>
  versionOf(hash) === 2 ? length : Math.min(BLOCK_LENGTH, length - index * BLOCK_LENGTH);
