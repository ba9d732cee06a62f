import type { Disk } from '../disk/disk.js';

/** Whatever is in the file: blocks are checked when they are read. */
export const openUnchecked = (disk: Disk, path: string): number | undefined => {
  try {
    return disk.version(path) === undefined ? undefined : disk.openToRead(path);
  } catch {
    // No permission, a disk that is away.
    return undefined;
  }
};
