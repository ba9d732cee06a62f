import type { SegmentInfo } from '../ports.js';
import { viewOf, type ByteSource } from './byte-source.js';
import type { ByteRange, ContentOutline, DescribedContent } from './content-information.js';
import { lastAtMost } from './last-at-most.js';
import type { PlacedSegment } from './placed-segment.js';
import { malformed } from './content-information-error.js';
import { deriveSegmentId } from './secrets.js';
import { SegmentList } from './segment-list.js';
import { SegmentStarts } from './segment-starts.js';
import { HASH_LENGTHS, MAX_SEGMENT_LENGTH_V2 } from './units.js';

/* PCCRC 2.4. All numbers are big-endian. */

const MAJOR_VERSION = 2;
const TRUNCATED_SHA_512 = 4;
const HASH = 'truncated-sha512';

/** Versions, hash, offset and index of the first segment, offset in it, length of the range. */
export const V2_HEADER_LENGTH = 31;

/** Type and length of a chunk of segment descriptions. */
const CHUNK_HEADER_LENGTH = 5;

/** Length, hash of data and secret of a segment. */
const DESCRIPTION_LENGTH = 68;

/** Segments that are written together, or looked at: enough for that not to cost more than what is in them. */
const SEGMENTS_TOGETHER = 256;

interface Header {
  readonly startOfFirstSegment: number;
  readonly firstSegmentIndex: number;
  readonly offsetInFirstSegment: number;
  /** `undefined`: the segments are the whole content. */
  readonly rangeLength: number | undefined;
}

const decodeHeader = (bytes: Buffer): Header => {
  if (bytes.length < V2_HEADER_LENGTH) throw malformed(`${bytes.length} bytes are too few for its header`);
  const algorithm = bytes.readUInt8(2);
  if (algorithm !== TRUNCATED_SHA_512) {
    throw malformed(`0x${algorithm.toString(16)} is not the hash algorithm of version 2`);
  }
  const startOfFirstSegment = decodeU64(bytes, 3);
  const firstSegmentIndex = decodeU64(bytes, 11);
  const offsetInFirstSegment = bytes.readUInt32BE(19);
  const rangeLength = decodeU64(bytes, 23) || undefined;
  if (
    startOfFirstSegment < firstSegmentIndex ||
    startOfFirstSegment > firstSegmentIndex * MAX_SEGMENT_LENGTH_V2
  ) {
    throw malformed(`segment ${firstSegmentIndex} cannot start at ${startOfFirstSegment}`);
  }
  if (rangeLength === undefined && startOfFirstSegment + offsetInFirstSegment > 0) {
    throw malformed('a whole content that does not start at 0');
  }
  return { startOfFirstSegment, firstSegmentIndex, offsetInFirstSegment, rangeLength };
};

const decodeU64 = (bytes: Buffer, at: number): number => {
  const value = bytes.readBigUInt64BE(at);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw malformed('a number beyond 2^53');
  return Number(value);
};

/**
 * The most bytes that content information with this header can have. It does not tell the number of segments; but each
 * has a byte of the range at least, and its description may be in a chunk of its own.
 */
export const longestV2 = (header: Buffer): number => {
  const { rangeLength = Infinity } = decodeHeader(header);
  return V2_HEADER_LENGTH + rangeLength * (CHUNK_HEADER_LENGTH + DESCRIPTION_LENGTH);
};

/** Parses version 2. What the result says of a segment is read from `source` when it is asked for. */
export const parseV2 = (source: ByteSource): DescribedContent => {
  const { startOfFirstSegment, firstSegmentIndex, offsetInFirstSegment, rangeLength } = decodeHeader(
    viewOf(source, 0, V2_HEADER_LENGTH),
  );
  const chunks = chunksIn(source);
  const starts = startsIn(source, chunks, startOfFirstSegment);
  const ids = new DerivedIds();
  const segments = new SegmentList(starts, MOST_KEPT_SEGMENTS, (index) => {
    const { bytes, at } = source.around(descriptionAt(chunks, index), DESCRIPTION_LENGTH);
    return new ListedSegment(bytes, at, ids, index);
  });
  const end = starts.at(starts.count);
  const start = startOfFirstSegment + offsetInFirstSegment;
  const range = { start, length: rangeLength ?? end - start };
  checkRange(range, segments);
  return {
    hash: HASH,
    range,
    contentLength: rangeLength === undefined ? range.length : undefined,
    firstSegmentIndex,
    segments,
  };
};

/** Where descriptions lie one after the other. There may be as many of these as there are segments. */
interface Chunks {
  readonly count: number;
  /** The index of the first segment of each, and behind the last one how many segments there are. */
  readonly firsts: Uint32Array;
  /** Where the first description of each is. */
  readonly places: Uint32Array;
}

const chunksIn = (source: ByteSource): Chunks => {
  const count = goThroughChunks(source, () => undefined);
  const chunks = { count, firsts: new Uint32Array(count + 1), places: new Uint32Array(count) };
  goThroughChunks(source, (chunk, at, segments) => {
    chunks.places[chunk] = at;
    chunks.firsts[chunk + 1] = (chunks.firsts[chunk] ?? 0) + segments;
  });
  return chunks;
};

/** @returns how many there are. */
const goThroughChunks = (
  source: ByteSource,
  onChunk: (chunk: number, at: number, segments: number) => void,
): number => {
  let count = 0;
  for (let at = V2_HEADER_LENGTH; at < source.length;) {
    if (source.length < at + CHUNK_HEADER_LENGTH) throw malformed('it ends inside the head of a chunk');
    const head = source.around(at, CHUNK_HEADER_LENGTH);
    const type = head.bytes.readUInt8(head.at);
    const length = head.bytes.readUInt32BE(head.at + 1);
    at += CHUNK_HEADER_LENGTH;
    if (type !== 0) throw malformed(`a chunk of type ${type}`);
    if (length === 0 || length % DESCRIPTION_LENGTH !== 0) throw malformed(`a chunk of ${length} bytes`);
    if (source.length < at + length) throw malformed('it ends inside a chunk');
    onChunk(count, at, length / DESCRIPTION_LENGTH);
    count += 1;
    at += length;
  }
  return count;
};

/** Where each segment starts, and where the last one ends. */
const startsIn = (source: ByteSource, { count, firsts, places }: Chunks, first: number): SegmentStarts => {
  const starts = new SegmentStarts(firsts[count] ?? 0, MAX_SEGMENT_LENGTH_V2);
  starts.set(0, first);
  let end = first;
  let index = 0;
  for (let chunk = 0; chunk < count; chunk += 1) {
    const behind = firsts[chunk + 1] ?? 0;
    for (let at = places[chunk] ?? 0; index < behind; at += SEGMENTS_TOGETHER * DESCRIPTION_LENGTH) {
      const together = Math.min(SEGMENTS_TOGETHER, behind - index);
      const found = source.around(at, together * DESCRIPTION_LENGTH);
      for (let segment = 0; segment < together; segment += 1) {
        const length = found.bytes.readUInt32BE(found.at + segment * DESCRIPTION_LENGTH);
        if (length === 0 || length > MAX_SEGMENT_LENGTH_V2) throw malformed(`a segment of ${length} bytes`);
        end += length;
        index += 1;
        starts.set(index, end);
      }
    }
  }
  return starts;
};

/** Where the description of a segment starts. Mostly there is one chunk. */
const descriptionAt = ({ count, firsts, places }: Chunks, segment: number): number => {
  const chunk = lastAtMost(segment, count, (at) => firsts[at] ?? 0);
  return (places[chunk] ?? 0) + (segment - (firsts[chunk] ?? 0)) * DESCRIPTION_LENGTH;
};

/** The first and the last segment must both have a byte of the range. */
const checkRange = (range: ByteRange, segments: SegmentList): void => {
  const { length } = segments;
  if (length === 0) throw malformed('it has no segment');
  const end = range.start + range.length;
  const endOfLast = segments.startOf(length);
  if (!Number.isSafeInteger(endOfLast)) throw malformed('an offset beyond 2^53');
  if (range.start >= segments.startOf(1) || end <= segments.startOf(length - 1) || end > endOfLast) {
    throw malformed('a range outside of its segments');
  }
};

/** Segments that were asked for lately are made once: more than are fetched at a time. */
const MOST_KEPT_SEGMENTS = 1_024;

/** Segments whose ids lie together, and so many times as many of which the ids are kept. */
const IDS_TOGETHER = 256;
const MOST_KEPT = 4;

interface KeptIds {
  /** Of the first segment. */
  readonly from: number;
  readonly bytes: Buffer;
  readonly isDerived: Uint8Array;
}

/**
 * The ids of segments, which take two digests each and are asked for a dozen times while a segment is fetched. A buffer for
 * each would take ten times their memory, and live long enough to grow old.
 */
class DerivedIds {
  readonly #kept: KeptIds[] = [];

  get(index: number, segment: Pick<SegmentInfo, 'secret' | 'hashOfData'>): Buffer {
    const { bytes, isDerived } = this.#around(index);
    const at = index % IDS_TOGETHER;
    const start = at * HASH_LENGTHS[HASH];
    if (isDerived[at] !== 1) {
      const { secret, hashOfData } = segment;
      bytes.set(deriveSegmentId(HASH, secret, hashOfData), start);
      isDerived[at] = 1;
    }
    return bytes.subarray(start, start + HASH_LENGTHS[HASH]);
  }

  #around(index: number): KeptIds {
    const from = index - (index % IDS_TOGETHER);
    const slot = (from / IDS_TOGETHER) % MOST_KEPT;
    const kept = this.#kept[slot];
    if (kept?.from === from) return kept;
    // Not the same memory again: somebody may have one of the ids in it.
    const bytes = Buffer.allocUnsafeSlow(IDS_TOGETHER * HASH_LENGTHS[HASH]);
    return (this.#kept[slot] = { from, bytes, isDerived: new Uint8Array(IDS_TOGETHER) });
  }
}

/** A segment as a view of its description. What can be had from the bytes is not kept beside them. */
class ListedSegment implements SegmentInfo {
  readonly #bytes: Buffer;
  readonly #at: number;
  readonly #ids: DerivedIds;
  readonly #index: number;

  constructor(bytes: Buffer, at: number, ids: DerivedIds, index: number) {
    this.#bytes = bytes;
    this.#at = at;
    this.#ids = ids;
    this.#index = index;
  }

  get id(): Buffer {
    return this.#ids.get(this.#index, this);
  }

  get hash(): typeof HASH {
    return HASH;
  }

  get length(): number {
    return this.#bytes.readUInt32BE(this.#at);
  }

  get hashOfData(): Buffer {
    return this.#bytes.subarray(this.#at + 4, this.#at + 36);
  }

  get secret(): Buffer {
    return this.#bytes.subarray(this.#at + 36, this.#at + DESCRIPTION_LENGTH);
  }

  get blockHashes(): readonly Buffer[] {
    return [this.hashOfData];
  }
}

/** Writes version 2 piece by piece, with all segments in one chunk. */
export function* contentInformationPiecesV2(
  { range, contentLength, firstSegmentIndex, segmentCount, firstOffset }: ContentOutline,
  segments: Iterable<PlacedSegment>,
): Generator<Uint8Array, void> {
  const isWhole = range.start === 0 && range.length === contentLength;
  const header = Buffer.alloc(V2_HEADER_LENGTH + CHUNK_HEADER_LENGTH);
  header.writeUInt8(MAJOR_VERSION, 1);
  header.writeUInt8(TRUNCATED_SHA_512, 2);
  header.writeBigUInt64BE(BigInt(firstOffset), 3);
  header.writeBigUInt64BE(BigInt(firstSegmentIndex), 11);
  header.writeUInt32BE(range.start - firstOffset, 19);
  header.writeBigUInt64BE(BigInt(isWhole ? 0 : range.length), 23);
  header.writeUInt32BE(segmentCount * DESCRIPTION_LENGTH, V2_HEADER_LENGTH + 1);
  yield header;
  let piece = Buffer.alloc(SEGMENTS_TOGETHER * DESCRIPTION_LENGTH);
  let at = 0;
  for (const { info } of segments) {
    piece.writeUInt32BE(info.length, at);
    piece.set(info.hashOfData, at + 4);
    piece.set(info.secret, at + 36);
    at += DESCRIPTION_LENGTH;
    if (at < piece.length) continue;
    yield piece;
    piece = Buffer.alloc(piece.length);
    at = 0;
  }
  yield piece.subarray(0, at);
}
