import { hash } from 'node:crypto';
import type { SegmentInfo } from '../../ports.js';
import { blockCount, hashCount, versionOf } from '../../wire/index.js';
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

/** With the lengths, which say where each segment lies and which ids do not tell: who lies about them has a unit of his own. */
const nameOfRun = (segments: readonly SegmentInfo[]): string => {
  const lengths = segments.map(({ length }) => length).join();
  return nameOfBytes(Buffer.concat([idsOf(segments), Buffer.from(lengths)]));
};

const idsOf = (segments: readonly SegmentInfo[]): Buffer => Buffer.concat(segments.map(({ id }) => id));

const nameOfBytes = (bytes: Uint8Array): string =>
  hash('sha256', bytes, 'buffer').toString('hex', 0, RUN_NAME_LENGTH);

/** The unit under a name that it goes by; `undefined`: that name is another one's. Runs once had names of ids alone. */
export const unitCalled = (name: string, unit: Unit): Unit | undefined => {
  if (unit.name === name) return unit;
  const { segments, layout } = unit;
  return isRun(unit) && nameOfBytes(idsOf(segments)) === name ? { name, segments, layout } : undefined;
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

/**
 * Whether `unit` is more to be believed than what is known; a damaged record is known as nothing. All block hashes together
 * were found to match the hash of data, and so the id; some of them prove nothing, but more are of more use.
 */
export const isBetter = (unit: Unit, known: Unit | undefined): boolean => {
  if (known === undefined) return true;
  const [isWhole, wasWhole] = [hasAllHashes(unit), hasAllHashes(known)];
  return isWhole === wasWhole ? hashesOf(unit) > hashesOf(known) : isWhole;
};

const hasAllHashes = ({ segments }: Unit): boolean =>
  segments.every((segment) => hashCount(segment) === blockCount(segment));

const hashesOf = ({ segments }: Unit): number =>
  segments.reduce((sum, segment) => sum + hashCount(segment), 0);
