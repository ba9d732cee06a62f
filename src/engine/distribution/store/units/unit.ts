import { hash } from 'node:crypto';
import type { SegmentInfo } from '../../ports.js';
import { hashCount, versionOf } from '../../wire/index.js';
import { evenLayout, layoutOf, type BlockLayout } from './block-layout.js';

/**
 * What lies together in one directory: a segment of version 1 with its blocks, or segments of version 2 that follow one
 * another in a content, each of which is a block. Version 2 has thousands of segments where version 1 has one; a
 * directory for each would cost more than its content.
 */
export interface Unit {
  /** In the file system; hex digits. */
  readonly name: string;
  readonly segments: readonly SegmentInfo[];
  readonly layout: BlockLayout;
}

/** The segment that a block of a unit belongs to, and its index there. */
export interface PlacedBlock {
  readonly segment: SegmentInfo;
  readonly index: number;
}

/** Bytes of a run's name: enough that no two runs ever meet by chance or by intention. */
export const RUN_NAME_LENGTH = 16;

/** @param segments one of version 1, or one or more of version 2. */
export const unitOf = (segments: readonly SegmentInfo[]): Unit => {
  const [first] = segments;
  if (first === undefined) throw new RangeError('a unit has one segment or more');
  return versionOf(first.hash) === 1
    ? { name: nameOfSegment(first.id), segments: [first], layout: evenLayout(first.length) }
    : { name: nameOfRun(segments), segments, layout: layoutOf(segments.map(({ length }) => length)) };
};

/** The unit of a segment of version 1. */
export const nameOfSegment = (id: Uint8Array): string => Buffer.from(id).toString('hex');

const nameOfRun = (segments: readonly SegmentInfo[]): string => {
  const ids = Buffer.concat(segments.map(({ id }) => id));
  return hash('sha256', ids, 'buffer').toString('hex', 0, RUN_NAME_LENGTH);
};

/** Ids of segments of version 1 are longer. */
export const isRunName = (name: string): boolean => name.length === 2 * RUN_NAME_LENGTH;

export const isRun = ({ segments: [first] }: Unit): boolean =>
  first !== undefined && versionOf(first.hash) === 2;

/** `undefined` if the unit has no such block. */
export const placeInUnit = (unit: Unit, block: number): PlacedBlock | undefined => {
  const [segment, index] = isRun(unit) ? [unit.segments[block], 0] : [unit.segments[0], block];
  return segment === undefined || block >= unit.layout.count ? undefined : { segment, index };
};

/** The expected hash of a block of a unit; `undefined` if its description lacks it. */
export const hashInUnit = (unit: Unit, block: number): Uint8Array | undefined => {
  const place = placeInUnit(unit, block);
  return place?.segment.blockHashes[place.index];
};

/** Whether `unit` lists more block hashes than what is known; a damaged record is known as nothing. */
export const isBetter = (unit: Unit, known: Unit | undefined): boolean =>
  known === undefined || hashesOf(unit) > hashesOf(known);

const hashesOf = ({ segments }: Unit): number =>
  segments.reduce((sum, segment) => sum + hashCount(segment), 0);
