import type { SegmentHash, SegmentInfo } from '../ports.js';
import { hashCount } from './packed-segment.js';
import type { PlacedSegment } from './placed-segment.js';
import type { SegmentList } from './segment-list.js';
import { BLOCK_LENGTH } from './units.js';

/** A run of bytes of a content. */
export interface ByteRange {
  readonly start: number;
  readonly length: number;
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

/** The same with segments that are made as they are asked for. */
export interface DescribedContent extends Omit<ContentInformation, 'segments'> {
  readonly segments: SegmentList;
}

/** Content information without its segments, of which there may be more than should be in memory at a time. */
export interface ContentOutline extends Omit<ContentInformation, 'segments'> {
  readonly segmentCount: number;
  /** Where the first segment begins, and the last one. */
  readonly firstOffset: number;
  readonly lastOffset: number;
  /** Of the last segment. */
  readonly endOffset: number;
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
  const { hash, range: described, contentLength, firstSegmentIndex } = outlineOf(segments, range);
  return {
    hash,
    range: described,
    contentLength,
    firstSegmentIndex,
    segments: [...placedIn(segments, described)],
  };
};

const ALL: ByteRange = { start: 0, length: Infinity };

/** Tells the outline of a range (by default: all) of a content whose segments are added one after the other. */
export class Outliner {
  readonly #range: ByteRange;
  #hash: SegmentHash | undefined;
  #contentLength = 0;
  #firstSegmentIndex = 0;
  #segmentCount = 0;
  #firstOffset = 0;
  #lastOffset = 0;
  #endOffset = 0;

  constructor(range = ALL) {
    this.#range = range;
  }

  add(info: SegmentInfo): void {
    const { start, length } = this.#range;
    const placed = { info, offsetInContent: this.#contentLength };
    this.#contentLength += info.length;
    if (touches(placed, start, start + length)) {
      if (this.#segmentCount === 0) this.#firstOffset = placed.offsetInContent;
      this.#hash = info.hash;
      this.#segmentCount += 1;
      this.#lastOffset = placed.offsetInContent;
      this.#endOffset = this.#contentLength;
    } else if (this.#segmentCount === 0) this.#firstSegmentIndex += 1;
  }

  /** @throws RangeError if the range is empty or not inside the content. */
  outline(): ContentOutline {
    const contentLength = this.#contentLength;
    const { start, length } = this.#range === ALL ? { start: 0, length: contentLength } : this.#range;
    const end = start + length;
    if (this.#hash === undefined || start < 0 || length < 1 || end > contentLength) {
      throw new RangeError(
        `${length} bytes from ${start} on are not all in a content of ${contentLength} bytes`,
      );
    }
    return {
      hash: this.#hash,
      range: { start, length },
      contentLength,
      firstSegmentIndex: this.#firstSegmentIndex,
      segmentCount: this.#segmentCount,
      firstOffset: this.#firstOffset,
      lastOffset: this.#lastOffset,
      endOffset: this.#endOffset,
    };
  }
}

const outlineOf = (segments: Iterable<SegmentInfo>, range?: ByteRange): ContentOutline => {
  const outliner = new Outliner(range);
  for (const info of segments) outliner.add(info);
  return outliner.outline();
};

/** The segments with a byte of the range, one by one; each needs to be good no longer than until the next is asked for. */
export function* placedIn(
  segments: Iterable<SegmentInfo>,
  { start, length }: ByteRange,
): Generator<PlacedSegment, void> {
  const end = start + length;
  for (const placed of inPlace(segments)) {
    const { info, offsetInContent } = placed;
    if (offsetInContent >= end) return;
    if (!touches(placed, start, end)) continue;
    yield {
      info: withoutBlocksFrom(info, Math.ceil((end - offsetInContent) / BLOCK_LENGTH)),
      offsetInContent,
    };
  }
}

function* inPlace(segments: Iterable<SegmentInfo>): Generator<PlacedSegment, void> {
  let offsetInContent = 0;
  for (const info of segments) {
    yield { info, offsetInContent };
    offsetInContent += info.length;
  }
}

const touches = ({ info, offsetInContent }: PlacedSegment, start: number, end: number): boolean =>
  offsetInContent < end && offsetInContent + info.length > start;

const withoutBlocksFrom = (info: SegmentInfo, end: number): SegmentInfo =>
  hashCount(info) <= end ? info : { ...info, blockHashes: info.blockHashes.slice(0, end) };
