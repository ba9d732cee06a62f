import type { SegmentHash, SegmentInfo } from '../ports.js';
import { hashCount } from './packed-segment.js';
import { BLOCK_LENGTH } from './units.js';

/** A run of bytes of a content. */
export interface ByteRange {
  readonly start: number;
  readonly length: number;
}

/** A segment at its place in the content. */
export interface PlacedSegment {
  readonly info: SegmentInfo;
  readonly offsetInContent: number;
}

/** What content information says, whatever version it was written in. */
export interface ContentInformation {
  readonly hash: SegmentHash;
  /** The bytes of the content that it describes; all of them unless a range was asked for. */
  readonly range: ByteRange;
  /** Bytes of the whole content; `undefined`: it does not say so, as version 1 never does. */
  readonly contentLength?: number | undefined;
  /** The index of the first of `segments` among all segments of the content. */
  readonly firstSegmentIndex: number;
  /** Contiguous, at least one; the first and the last reach beyond the range if that cuts them. */
  readonly segments: readonly PlacedSegment[];
}

/**
 * The content information of a range (by default: all) of the content that `segments` make up from offset 0. Block
 * hashes behind the range are left out, those before it are not: a block's index is its place in the list.
 *
 * @throws RangeError if the range is empty or not inside the content.
 */
export const contentInformationOf = (
  segments: readonly SegmentInfo[],
  range?: ByteRange,
): ContentInformation => {
  const placed = place(segments);
  const contentLength = segments.reduce((sum, { length }) => sum + length, 0);
  const { start, length } = range ?? { start: 0, length: contentLength };
  const end = start + length;
  const wanted = placed.filter(
    ({ info, offsetInContent }) => offsetInContent < end && offsetInContent + info.length > start,
  );
  const [first] = wanted;
  if (first === undefined || start < 0 || length < 1 || end > contentLength) {
    throw new RangeError(`bytes ${start} to ${end} are not a range of a content of ${contentLength} bytes`);
  }
  return {
    hash: first.info.hash,
    range: { start, length },
    contentLength,
    firstSegmentIndex: placed.indexOf(first),
    segments: wanted.map(({ info, offsetInContent }) => ({
      info: withoutBlocksFrom(info, Math.ceil((end - offsetInContent) / BLOCK_LENGTH)),
      offsetInContent,
    })),
  };
};

const place = (segments: readonly SegmentInfo[]): PlacedSegment[] => {
  let offsetInContent = 0;
  return segments.map((info) => {
    const placed = { info, offsetInContent };
    offsetInContent += info.length;
    return placed;
  });
};

const withoutBlocksFrom = (info: SegmentInfo, end: number): SegmentInfo =>
  hashCount(info) <= end ? info : { ...info, blockHashes: info.blockHashes.slice(0, end) };
