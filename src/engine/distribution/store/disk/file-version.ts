import type { FileVersion } from '../../../../driver/index.js';

export const isSameVersion = (one: FileVersion, other: FileVersion): boolean =>
  one.changedNs === other.changedNs &&
  one.modifiedNs === other.modifiedNs &&
  one.size === other.size &&
  one.inode === other.inode &&
  one.device === other.device;

/** The slowest clock of a file system in use: FAT counts in steps of two seconds. */
const SLOWEST_TICK_MS = 2_000n;
const NS_PER_MS = 1_000_000n;

/**
 * Whether every change after `nowMs` gives the file another version. Right after a change it need not: a second one
 * within the same tick of the file system's clock leaves no trace, which git calls racily clean.
 */
export const isSettled = ({ modifiedNs, changedNs }: FileVersion, nowMs: number): boolean => {
  const last = modifiedNs > changedNs ? modifiedNs : changedNs;
  return last / NS_PER_MS + SLOWEST_TICK_MS < BigInt(nowMs);
};
