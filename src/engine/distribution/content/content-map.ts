import { BLOCK_LENGTH, SEGMENT_LENGTH, type ContentInformation, type PlacedSegment } from '../wire/index.js';

/** A block, found by its number in the content. */
export interface PlacedBlock {
  readonly segment: PlacedSegment;
  /** Its index in the segment. */
  readonly index: number;
  readonly hash: Uint8Array;
}

/**
 * Finds bytes in the segments of a content. Blocks are numbered through the whole content, from 0 at its start; that
 * works because segments start at multiples of 32 MiB.
 */
export class ContentMap {
  /** Where the readable range starts and ends. */
  readonly start: number;
  readonly end: number;
  /** Where the last segment ends, which may lie behind the range. */
  readonly describedEnd: number;
  readonly hash: ContentInformation['hash'];
  readonly #segments: readonly PlacedSegment[];
  readonly #firstSegment: number;

  constructor(information: ContentInformation) {
    const [first] = information.segments;
    const last = information.segments.at(-1);
    if (first === undefined || last === undefined)
      throw new RangeError('content information without a segment');
    this.start = information.range.start;
    this.end = information.range.start + information.range.length;
    this.describedEnd = last.offsetInContent + last.info.length;
    this.hash = information.hash;
    this.#segments = information.segments;
    this.#firstSegment = first.offsetInContent / SEGMENT_LENGTH;
  }

  /** `undefined` if the content information has no hash for the block: nothing about it can be checked. */
  find(block: number): PlacedBlock | undefined {
    const offset = block * BLOCK_LENGTH;
    const segment = this.#segments[Math.floor(offset / SEGMENT_LENGTH) - this.#firstSegment];
    if (segment === undefined) return undefined;
    const index = (offset - segment.offsetInContent) / BLOCK_LENGTH;
    const hash = segment.info.blockHashes[index];
    return hash === undefined ? undefined : { segment, index, hash };
  }

  /** Bytes of a block. */
  lengthOf(block: number): number {
    return Math.min(BLOCK_LENGTH, this.describedEnd - block * BLOCK_LENGTH);
  }
}

/** The number of the block that holds the byte at `offset`. */
export const blockAt = (offset: number): number => Math.floor(offset / BLOCK_LENGTH);

/** The number of the first block behind the bytes before `end`. */
export const blockAfter = (end: number): number => Math.ceil(end / BLOCK_LENGTH);
