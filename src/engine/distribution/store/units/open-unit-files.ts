import type { Disk } from '../disk/disk.js';
import type { UnitPaths } from '../layout.js';
import { decodeMarks, START_LENGTH, type BlockMarks } from './block-marks.js';
import type { DiskFilledFile } from './filled-file.js';
import { openUnchecked } from './open-unchecked.js';
import type { Unit } from './unit.js';
import type { UnitFiles } from './unit-files.js';

interface OpenedFiles extends BlockMarks {
  readonly files: UnitFiles;
  /** The retrieved file that it lies in, while that is being filled. */
  readonly filled: DiskFilledFile | undefined;
}

/** @returns `undefined` if one is missing; then none is left open. */
export const openUnitFiles = (
  disk: Disk,
  paths: UnitPaths,
  { layout }: Unit,
  filledAt: (fd: number) => DiskFilledFile | undefined,
): OpenedFiles | undefined => {
  const blocks = disk.open(paths.blocks);
  if (blocks === undefined) return undefined;
  let opened: OpenedFiles | undefined;
  try {
    const bytes = Buffer.alloc(layout.count + START_LENGTH);
    const marks = decodeMarks(bytes.subarray(0, disk.readNow(blocks, bytes)), layout.count);
    const data = openData(disk, paths.data, marks, filledAt);
    if (data !== undefined) {
      opened = { ...marks, files: { data: data.fd, blocks, start: marks.start ?? 0 }, filled: data.filled };
    }
    return opened;
  } finally {
    if (opened === undefined) disk.close(blocks);
  }
};

interface OpenedData {
  readonly fd: number | undefined;
  readonly filled: DiskFilledFile | undefined;
}

/** A retrieved file that is complete is never opened for writing, so that a program in it can be run. */
const openData = (
  disk: Disk,
  path: string,
  { start }: BlockMarks,
  filledAt: (fd: number) => DiskFilledFile | undefined,
): OpenedData | undefined => {
  if (start === undefined) {
    const fd = disk.open(path);
    return fd === undefined ? undefined : { fd, filled: undefined };
  }
  const fd = openUnchecked(disk, path);
  const filled = fd === undefined ? undefined : filledAt(fd);
  if (fd === undefined || filled === undefined) return { fd, filled };
  disk.close(fd);
  return { fd: disk.open(path), filled };
};
