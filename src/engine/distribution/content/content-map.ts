import { hash } from 'node:crypto';
import { MAX_RUN, type SegmentNeighbours } from '../ports.js';
import {
  BLOCK_LENGTH,
  BLOCKS_PER_SEGMENT,
  type DescribedContent,
  type PlacedSegment,
  type SegmentList,
  versionOf,
} from '../wire/index.js';

/** A block, found by its number in the content. */
export interface PlacedBlock {
  readonly segment: PlacedSegment;
  /** Its index in the segment. */
  readonly index: number;
  readonly hash: Uint8Array;
}

/** Segments that the store keeps together. */
export interface SegmentRun {
  /** Counted from the start of the content. */
  readonly index: number;
  readonly segments: readonly PlacedSegment[];
}

/** Of so many runs of segments their neighbours are kept, which are made again for others. */
const MOST_NEIGHBOURS = 4;

/**
 * Finds bytes in the segments of a content. Blocks are numbered from 0 at the start of the first segment. In version 1
 * all but the last have 64 KiB and each segment but the last has 512 of them; in version 2 each segment is one, of any
 * length.
 */
export class ContentMap {
  /** Where the readable range starts and ends. */
  readonly start: number;
  readonly end: number;
  /** Where the first segment starts and the last one ends, which may lie around the range. */
  readonly describedStart: number;
  readonly describedEnd: number;
  readonly hash: DescribedContent['hash'];
  readonly #segments: SegmentList;
  /** Of all segments but the last. */
  readonly blocksPerSegment: number;
  /** How many segments are kept together, and how many of the first ones lie before what is described. */
  readonly #perRun: number;
  readonly #missingInRun: number;
  /** By run, those asked for last. */
  readonly #neighbours = new Map<number, Omit<SegmentNeighbours, 'index'>>();
  /** Asked for again and again, by all blocks of it. */
  #lastRun: SegmentRun | undefined;

  constructor(information: DescribedContent) {
    const { range, segments, firstSegmentIndex } = information;
    if (segments.length === 0) throw new RangeError('content information without a segment');
    this.start = range.start;
    this.end = range.start + range.length;
    this.describedStart = segments.startOf(0);
    this.describedEnd = segments.startOf(segments.length);
    this.hash = information.hash;
    this.#segments = segments;
    this.blocksPerSegment = versionOf(this.hash) === 1 ? BLOCKS_PER_SEGMENT : 1;
    this.#perRun = versionOf(this.hash) === 1 ? 1 : MAX_RUN;
    this.#missingInRun = firstSegmentIndex % this.#perRun;
  }

  /** `undefined` if the content information has no hash for the block: nothing about it can be checked. */
  find(block: number): PlacedBlock | undefined {
    const segment = this.#segmentOf(block);
    const index = block % this.blocksPerSegment;
    const hash = segment?.info.blockHashes[index];
    return segment === undefined || hash === undefined ? undefined : { segment, index, hash };
  }

  /** The number of the block that holds the byte at `offset`; the first one for all before that. */
  blockAt(offset: number): number {
    const index = this.#segments.indexAt(offset);
    const inSegment = Math.max(0, offset - this.#segments.startOf(index));
    const inBlocks = this.blocksPerSegment === 1 ? 0 : Math.floor(inSegment / BLOCK_LENGTH);
    return index * this.blocksPerSegment + inBlocks;
  }

  /** The number of the first block behind the bytes before `end`. */
  blockAfter(end: number): number {
    return this.blockAt(end - 1) + 1;
  }

  /** Where a block starts; for the first one that there is not, where the last one ends. */
  startOf(block: number): number {
    const start = this.#segments.startOf(this.segmentIndexOf(block));
    return Math.min(this.describedEnd, start + (block % this.blocksPerSegment) * BLOCK_LENGTH);
  }

  /** Bytes of a block. */
  lengthOf(block: number): number {
    return this.startOf(block + 1) - this.startOf(block);
  }

  /** The number of the segment with a block, from 0 on. */
  segmentIndexOf(block: number): number {
    return Math.floor(block / this.blocksPerSegment);
  }

  /** The segments that begin with one of these blocks. */
  *segmentsFrom(block: number, end: number): Generator<PlacedSegment, void> {
    const last = this.segmentIndexOf(end - 1);
    for (let index = this.segmentIndexOf(block + this.blocksPerSegment - 1); index <= last; index += 1) {
      const segment = this.#segments.at(index);
      if (segment !== undefined) yield segment;
    }
  }

  /** The segments that are kept together with that of a block: as far as they are described, those of every range. */
  runOf(block: number): SegmentRun {
    const index = this.runIndexOf(block);
    if (this.#lastRun?.index === index) return this.#lastRun;
    this.#lastRun = {
      index,
      segments: this.#segments.slice(this.#startOfRun(index), this.#startOfRun(index + 1)),
    };
    return this.#lastRun;
  }

  /** The index of that run. */
  runIndexOf(block: number): number {
    return Math.floor((this.segmentIndexOf(block) + this.#missingInRun) / this.#perRun);
  }

  /** Which of the segments of its run a block belongs to. */
  indexInRun(block: number): number {
    return this.segmentIndexOf(block) - this.#startOfRun(this.runIndexOf(block));
  }

  /** What a peer can be asked about at once with the segment of a block; `undefined` in version 1. */
  neighboursOf(block: number): SegmentNeighbours | undefined {
    if (this.#perRun === 1) return undefined;
    const of = this.segmentIndexOf(block);
    const run = Math.floor(of / this.#perRun);
    const known = this.#neighbours.get(run);
    const group = known ?? groupOf(this.#segments.slice(run * this.#perRun, (run + 1) * this.#perRun));
    if (known === undefined) {
      this.#neighbours.set(run, group);
      const [oldest] = this.#neighbours.keys();
      if (this.#neighbours.size > MOST_NEIGHBOURS && oldest !== undefined) this.#neighbours.delete(oldest);
    }
    return { index: of % this.#perRun, name: group.name, segments: group.segments };
  }

  /** The index of the first segment of a run that is described. */
  #startOfRun(index: number): number {
    return Math.max(0, index * this.#perRun - this.#missingInRun);
  }

  #segmentOf(block: number): PlacedSegment | undefined {
    return this.#segments.at(this.segmentIndexOf(block));
  }
}

const groupOf = (placed: readonly PlacedSegment[]): Omit<SegmentNeighbours, 'index'> => {
  const segments = placed.map(({ info }) => info);
  return { name: hash('sha256', Buffer.concat(segments.map(({ id }) => id))), segments };
};
