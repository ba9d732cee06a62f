import { join } from 'node:path';
import type { Disk } from '../disk/disk.js';
import { unitPaths, type Layout } from '../layout.js';
import { decodeMarks } from '../units/block-marks.js';
import { lengthOf } from '../units/block-layout.js';
import { decodeUnitCalled } from '../units/unit-codec.js';
import { isRun, isRunName, type Unit } from '../units/unit.js';

/** What a unit on disk says of itself. */
export interface CachedUnit {
  readonly name: string;
  /** `undefined`: its record is lost or torn, as after a power cut. It takes room, and nobody finds what lies in it. */
  readonly unit: Unit | undefined;
  /** One byte for each block, 1 if it is here. */
  readonly present: Uint8Array;
  /** Of the blocks that are here. */
  readonly bytes: number;
  readonly holders: readonly string[];
  /** It is what somebody publishes, and no business of the cache. */
  readonly isPublished: boolean;
  /** When a block was stored or asked for last, to about ten seconds. */
  readonly usedMs: number;
  /** When a block was stored last. */
  readonly storedMs: number;
}

/** How much of a segment there is. */
export interface HereOfSegment {
  /** In hex. */
  readonly id: string;
  readonly bytes: number;
}

/**
 * `undefined` if there is no such unit.
 *
 * @param isLiving whether somebody who still runs stands behind a holder.
 */
export const readCachedUnit = async (
  disk: Disk,
  layout: Layout,
  name: string,
  isLiving: (holder: string) => boolean,
): Promise<CachedUnit | undefined> => {
  const paths = unitPaths(layout, name);
  const record = disk.readWhole(paths.info);
  const blocks = disk.readWhole(paths.blocks);
  const unit = blocks && decodeUnitCalled(name, record);
  // A directory appears with all its files, and goes by another name before they do.
  if (unit === undefined && !disk.exists(paths.directory)) return undefined;
  const { present, start } = decodeMarks(blocks ?? NOTHING, unit?.layout.count ?? blocks?.length ?? 0);
  const holders = await disk.list(paths.holders);
  // The time of a retrieved file is whatever its owner makes it.
  const storedMs = disk.modifiedMs(start === undefined ? paths.data : paths.info) ?? 0;
  return {
    name,
    unit,
    present,
    bytes:
      unit === undefined ? Number(disk.version(paths.data)?.size ?? 0n) : sizeOf(unit, present, () => true),
    holders,
    isPublished: holders.some(isLiving),
    usedMs: Math.max(storedMs, disk.modifiedMs(paths.blocks) ?? 0),
    storedMs,
  };
};

const NOTHING = Buffer.alloc(0);

/**
 * A segment of a unit with the bytes of it that are here; none of which nothing is. Where the record is lost, the name still
 * tells a segment of version 1.
 */
export const segmentsHere = (
  { name, unit, present, bytes: all }: CachedUnit,
  isCounted: (block: number) => boolean = () => true,
): readonly HereOfSegment[] => {
  if (unit === undefined) return isRunName(name) || all === 0 ? [] : [{ id: name, bytes: all }];
  return unit.segments.flatMap((segment, index) => {
    const isOfSegment = isRun(unit) ? (block: number): boolean => block === index : (): boolean => true;
    const bytes = sizeOf(unit, present, (block) => isOfSegment(block) && isCounted(block));
    return bytes === 0 ? [] : [{ id: Buffer.from(segment.id).toString('hex'), bytes }];
  });
};

const sizeOf = ({ layout }: Unit, present: Uint8Array, isCounted: (block: number) => boolean): number =>
  present.reduce(
    (sum, isHere, block) => (isHere === 1 && isCounted(block) ? sum + lengthOf(layout, block) : sum),
    0,
  );

/** The file whose time of change is the time of the last use: every block that is stored is noted in it anyway. */
export const useMark = (layout: Layout, name: string): string =>
  join(unitPaths(layout, name).directory, 'blocks');
