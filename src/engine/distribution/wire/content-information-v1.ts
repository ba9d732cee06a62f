import type { HashName, SegmentInfo } from '../ports.js';
import { viewOf, type ByteSource } from './byte-source.js';
import type { ByteRange, ContentOutline, DescribedContent } from './content-information.js';
import type { PlacedSegment } from './placed-segment.js';
import { malformed } from './content-information-error.js';
import { hashCount, packedHashes, packSegment } from './packed-segment.js';
import { deriveSegmentId, hashOfBlockHashes } from './secrets.js';
import { SegmentList } from './segment-list.js';
import { SegmentStarts } from './segment-starts.js';
import { BLOCK_LENGTH, blockCount, BLOCKS_PER_SEGMENT, HASH_LENGTHS, SEGMENT_LENGTH } from './units.js';

/* PCCRC 2.3. All numbers are little-endian. */

/** First the minor, then the major version. */
export const V1_VERSION = 0x0100;
export const V1_HEADER_LENGTH = 18;

const HASH_IDS: Readonly<Record<HashName, number>> = { sha256: 0x800c, sha384: 0x800d, sha512: 0x800e };
const HASHES = new Map(Object.entries(HASH_IDS).map(([name, id]) => [id, name as HashName]));

interface Header {
  readonly hash: HashName;
  readonly offsetInFirstSegment: number;
  readonly readBytesInLastSegment: number;
  readonly segmentCount: number;
}

/** Offset, length, block length, hash of data and secret. */
const descriptionLength = (hashLength: number): number => 16 + 2 * hashLength;

const decodeHeader = (bytes: Buffer): Header => {
  if (bytes.length < V1_HEADER_LENGTH) throw malformed(`${bytes.length} bytes are too few for its header`);
  const hash = HASHES.get(bytes.readUInt32LE(2));
  if (hash === undefined) {
    throw malformed(`0x${bytes.readUInt32LE(2).toString(16)} is not a hash algorithm of version 1`);
  }
  const segmentCount = bytes.readUInt32LE(14);
  if (segmentCount === 0) throw malformed('it has no segment');
  return {
    hash,
    offsetInFirstSegment: bytes.readUInt32LE(6),
    readBytesInLastSegment: bytes.readUInt32LE(10),
    segmentCount,
  };
};

/** The most bytes that content information with this header can have. */
export const longestV1 = (header: Buffer): number => {
  const { hash, segmentCount } = decodeHeader(header);
  return longestOfSegments(hash, segmentCount);
};

const longestOfSegments = (hash: HashName, count: number): number => {
  const perSegment = descriptionLength(HASH_LENGTHS[hash]) + 4 + BLOCKS_PER_SEGMENT * HASH_LENGTHS[hash];
  return V1_HEADER_LENGTH + count * perSegment;
};

/** The most bytes that content information of one segment can have. */
export const LONGEST_OF_ONE_SEGMENT = longestOfSegments('sha512', 1);

/** Parses version 1. What the result says of a segment is read from `source` when it is asked for. */
export const parseV1 = (source: ByteSource): DescribedContent => {
  const information = decodeV1(source);
  checkBlockHashes(information);
  return information;
};

/** The same without a look at whether its hashes fit one another. */
export const decodeV1 = (source: ByteSource): DescribedContent => {
  const header = decodeHeader(viewOf(source, 0, V1_HEADER_LENGTH));
  const { hash, segmentCount } = header;
  const size = HASH_LENGTHS[hash];
  const step = descriptionLength(size);
  // Every segment needs its description, its block count and at least one block hash.
  if (source.length < V1_HEADER_LENGTH + segmentCount * (step + 4 + size)) {
    throw malformed(`${source.length} bytes are too few for ${segmentCount} segments`);
  }
  const starts = new SegmentStarts(segmentCount, SEGMENT_LENGTH);
  /** Where the number of block hashes of each segment is, and where the last of them end. */
  const lists = new Float64Array(segmentCount + 1);
  const descriptionOf = (index: number): Buffer => viewOf(source, V1_HEADER_LENGTH + index * step, step);
  let at = V1_HEADER_LENGTH + segmentCount * step;
  for (let index = 0; index < segmentCount; index += 1) {
    const { offset, length } = decodePlace(descriptionOf(index), index === 0 ? undefined : starts.at(index));
    if (index === 0) starts.set(0, offset);
    starts.set(index + 1, offset + length);
    lists[index] = at;
    at += 4 + listLength(source, at, hash, length);
  }
  lists[segmentCount] = at;
  if (at !== source.length) throw malformed(`${source.length - at} bytes follow its end`);
  const range = rangeOf(header, starts);
  const segments = new SegmentList(starts, MOST_KEPT_SEGMENTS, (index) => {
    const [list = 0, end = 0] = lists.subarray(index, index + 2);
    const length = starts.at(index + 1) - starts.at(index);
    return decodeSegment(hash, length, descriptionOf(index), viewOf(source, list + 4, end - list - 4));
  });
  return { hash, range, firstSegmentIndex: Math.floor(range.start / SEGMENT_LENGTH), segments };
};

/** Segments that were asked for lately are made once. More than are fetched at a time; each may hold 64 KiB of the source. */
const MOST_KEPT_SEGMENTS = 16;

const decodeSegment = (
  hash: HashName,
  length: number,
  description: Buffer,
  blockHashes: Buffer,
): SegmentInfo => {
  const size = HASH_LENGTHS[hash];
  const hashOfData = description.subarray(16, 16 + size);
  const secret = description.subarray(16 + size);
  const id = deriveSegmentId(hash, secret, hashOfData);
  return packSegment({ id, hash, hashOfData, secret, length }, blockHashes);
};

/** @param expected where the segment before it ends. */
const decodePlace = (
  description: Buffer,
  expected: number | undefined,
): { readonly offset: number; readonly length: number } => {
  const offset = description.readBigUInt64LE(0);
  const length = description.readUInt32LE(8);
  if (length === 0 || length > SEGMENT_LENGTH) throw malformed(`a segment of ${length} bytes`);
  if (description.readUInt32LE(12) !== BLOCK_LENGTH) throw malformed('blocks that are not of 65536 bytes');
  if (offset + BigInt(length) > BigInt(Number.MAX_SAFE_INTEGER)) throw malformed('an offset beyond 2^53');
  if (Number(offset) % SEGMENT_LENGTH !== 0)
    throw malformed('a segment that does not start at a multiple of 32 MiB');
  if (expected !== undefined && Number(offset) !== expected) {
    throw malformed('segments that do not follow one another');
  }
  return { offset: Number(offset), length };
};

/** Bytes of the block hashes whose number is at `at`. */
const listLength = (source: ByteSource, at: number, hash: HashName, segmentLength: number): number => {
  const head = viewOf(source, at, 4);
  if (head.length < 4) throw malformed('it ends before a list of block hashes');
  const count = head.readUInt32LE(0);
  if (count > blockCount({ hash, length: segmentLength }))
    throw malformed('more block hashes than the segment has blocks');
  const length = count * HASH_LENGTHS[hash];
  if (source.length < at + 4 + length) throw malformed('it ends inside a list of block hashes');
  return length;
};

const rangeOf = (header: Header, starts: SegmentStarts): ByteRange => {
  const [first, endOfFirst] = [starts.at(0), starts.at(1)];
  const [lastStart, lastEnd] = [starts.at(starts.count - 1), starts.at(starts.count)];
  const start = first + header.offsetInFirstSegment;
  // Counted from the start of the range where that lies in the same segment.
  const end =
    header.readBytesInLastSegment === 0
      ? lastEnd
      : Math.max(lastStart, start) + header.readBytesInLastSegment;
  if (start >= endOfFirst || end > lastEnd) throw malformed('a range outside of its segments');
  return { start, length: end - start };
};

/**
 * Every block of the range needs its hash. A complete list must also match the hash of data; a cut one cannot be
 * checked and is trusted as the channel is that the content information came by.
 */
const checkBlockHashes = ({ hash, range, segments }: DescribedContent): void => {
  const end = range.start + range.length;
  for (const { info, offsetInContent } of segments) {
    const needed = blockCount({ hash, length: Math.min(info.length, end - offsetInContent) });
    if (hashCount(info) < needed) throw malformed('blocks of the range without a hash');
    const complete = hashCount(info) === blockCount(info);
    if (complete && !hashOfBlockHashes(info).equals(info.hashOfData)) {
      throw malformed('block hashes that do not match the hash of data');
    }
  }
};

/**
 * Writes version 1 piece by piece: first what all segments are, then the block hashes of all. A range that reaches the end
 * of its last segment is written as Windows does: with 0.
 */
export function* contentInformationPiecesV1(
  { hash, range, segmentCount, firstOffset, lastOffset, endOffset }: ContentOutline,
  segments: () => Iterable<PlacedSegment>,
): Generator<Uint8Array, void> {
  if (hash === 'truncated-sha512') throw new RangeError('segments of version 2');
  const end = range.start + range.length;
  const reachesEnd = end === endOffset;
  const header = Buffer.alloc(V1_HEADER_LENGTH);
  header.writeUInt16LE(V1_VERSION, 0);
  header.writeUInt32LE(HASH_IDS[hash], 2);
  header.writeUInt32LE(range.start - firstOffset, 6);
  header.writeUInt32LE(reachesEnd ? 0 : end - Math.max(lastOffset, range.start), 10);
  header.writeUInt32LE(segmentCount, 14);
  yield header;
  for (const segment of segments()) yield* encodeDescription(segment);
  for (const { info } of segments()) yield* encodeBlockHashes(info);
}

const encodeDescription = ({ info, offsetInContent }: PlacedSegment): Uint8Array[] => {
  const place = Buffer.alloc(16);
  place.writeBigUInt64LE(BigInt(offsetInContent), 0);
  place.writeUInt32LE(info.length, 8);
  place.writeUInt32LE(BLOCK_LENGTH, 12);
  return [place, info.hashOfData, info.secret];
};

const encodeBlockHashes = (info: SegmentInfo): Uint8Array[] => {
  const count = Buffer.alloc(4);
  count.writeUInt32LE(hashCount(info));
  return [count, packedHashes(info)];
};
