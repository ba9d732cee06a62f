import type { HashName } from '../ports.js';

/** Bytes of a version-1 block; only the last block of the last segment is shorter. PCCRC 2.1. */
export const BLOCK_LENGTH = 65_536;

/** Bytes of a version-1 segment; only the last segment of a content is shorter. PCCRC 2.1. */
export const SEGMENT_LENGTH = 33_554_432;

/** Blocks of a full segment, and so one more than the highest block index. */
export const BLOCKS_PER_SEGMENT = SEGMENT_LENGTH / BLOCK_LENGTH;

/** Bytes of one hash, segment secret or segment id. */
export const HASH_LENGTHS: Readonly<Record<HashName, number>> = { sha256: 32, sha384: 48, sha512: 64 };

/** How many blocks a segment of `segmentLength` bytes has. */
export const blockCount = (segmentLength: number): number => Math.ceil(segmentLength / BLOCK_LENGTH);

/** Bytes of block `index` in a segment of `segmentLength` bytes. */
export const blockLength = (segmentLength: number, index: number): number =>
  Math.min(BLOCK_LENGTH, segmentLength - index * BLOCK_LENGTH);
