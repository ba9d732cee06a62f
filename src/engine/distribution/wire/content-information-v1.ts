import type { HashName, SegmentInfo } from '../ports.js';
import type { ContentInformation, ContentOutline } from './content-information.js';
import type { PlacedSegment } from './placed-segment.js';
import { malformed } from './content-information-error.js';
import { hashCount, packedHashes, packSegment } from './packed-segment.js';
import { deriveSegmentId, hashOfBlockHashes } from './secrets.js';
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

/** Parses version 1. The result shares memory with `bytes`. */
export const parseV1 = (bytes: Buffer): ContentInformation => {
  const information = decodeV1(bytes);
  checkBlockHashes(information);
  return information;
};

/** The same without a look at whether its hashes fit one another. */
export const decodeV1 = (bytes: Buffer): ContentInformation => {
  const header = decodeHeader(bytes);
  const { hash, segmentCount } = header;
  const size = HASH_LENGTHS[hash];
  const step = descriptionLength(size);
  // Every segment needs its description, its block count and at least one block hash.
  if (bytes.length < V1_HEADER_LENGTH + segmentCount * (step + 4 + size)) {
    throw malformed(`${bytes.length} bytes are too few for ${segmentCount} segments`);
  }
  const segments: PlacedSegment[] = [];
  let at = V1_HEADER_LENGTH + segmentCount * step;
  for (let index = 0; index < segmentCount; index += 1) {
    const description = bytes.subarray(
      V1_HEADER_LENGTH + index * step,
      V1_HEADER_LENGTH + (index + 1) * step,
    );
    const { offsetInContent, length } = decodePlace(description, segments.at(-1));
    const blockHashes = decodeBlockHashes(bytes, at, hash, length);
    at += 4 + blockHashes.length;
    const hashOfData = description.subarray(16, 16 + size);
    const secret = description.subarray(16 + size);
    const id = deriveSegmentId(hash, secret, hashOfData);
    const info = packSegment({ id, hash, hashOfData, secret, length }, blockHashes);
    segments.push({ info, offsetInContent });
  }
  if (at !== bytes.length) throw malformed(`${bytes.length - at} bytes follow its end`);
  const range = rangeOf(header, segments);
  return { hash, range, firstSegmentIndex: Math.floor(range.start / SEGMENT_LENGTH), segments };
};

const decodePlace = (
  description: Buffer,
  previous: PlacedSegment | undefined,
): { readonly offsetInContent: number; readonly length: number } => {
  const offset = description.readBigUInt64LE(0);
  const length = description.readUInt32LE(8);
  if (length === 0 || length > SEGMENT_LENGTH) throw malformed(`a segment of ${length} bytes`);
  if (description.readUInt32LE(12) !== BLOCK_LENGTH) throw malformed('blocks that are not of 65536 bytes');
  if (offset + BigInt(length) > BigInt(Number.MAX_SAFE_INTEGER)) throw malformed('an offset beyond 2^53');
  const offsetInContent = Number(offset);
  if (offsetInContent % SEGMENT_LENGTH !== 0)
    throw malformed('a segment that does not start at a multiple of 32 MiB');
  if (previous !== undefined && offsetInContent !== previous.offsetInContent + previous.info.length) {
    throw malformed('segments that do not follow one another');
  }
  return { offsetInContent, length };
};

const decodeBlockHashes = (bytes: Buffer, at: number, hash: HashName, segmentLength: number): Buffer => {
  const size = HASH_LENGTHS[hash];
  if (bytes.length < at + 4) throw malformed('it ends before a list of block hashes');
  const count = bytes.readUInt32LE(at);
  if (count > blockCount({ hash, length: segmentLength }))
    throw malformed('more block hashes than the segment has blocks');
  if (bytes.length < at + 4 + count * size) throw malformed('it ends inside a list of block hashes');
  return bytes.subarray(at + 4, at + 4 + count * size);
};

const rangeOf = (header: Header, segments: readonly PlacedSegment[]): ContentInformation['range'] => {
  const [first] = segments;
  const last = segments.at(-1);
  if (first === undefined || last === undefined) throw malformed('it has no segment');
  const start = first.offsetInContent + header.offsetInFirstSegment;
  // Counted from the start of the range where that lies in the same segment.
  const lastStart = Math.max(last.offsetInContent, start);
  const lastEnd = last.offsetInContent + last.info.length;
  const end = header.readBytesInLastSegment === 0 ? lastEnd : lastStart + header.readBytesInLastSegment;
  if (header.offsetInFirstSegment >= first.info.length || end > lastEnd) {
    throw malformed('a range outside of its segments');
  }
  return { start, length: end - start };
};

/**
 * Every block of the range needs its hash. A complete list must also match the hash of data; a cut one cannot be
 * checked and is trusted as the channel is that the content information came by.
 */
const checkBlockHashes = ({ hash, range, segments }: ContentInformation): void => {
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
