import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';

/**
 * Whether the bytes of an open file may have changed between two looks at it.
 *
 * Size and time of modification tell, unless a program has set that time back after it has written; then only the time
 * of change tells, which nobody can set. But that one changes as well with the permissions, the owner, the number of names
 * and the name, none of which is a reason to break off. So a time of change alone counts, unless one of these explains it.
 * Who writes, sets the time back and does one of these besides, all while the file is sent, is not noticed.
 *
 * @param path by which it was opened.
 */
export const hasChanged = async (before: BigIntStats, now: BigIntStats, path: string): Promise<boolean> => {
  if (BYTES.some((key) => before[key] !== now[key])) return true;
  if (before.ctimeNs === now.ctimeNs) return false;
  if (OTHERS.some((key) => before[key] !== now[key])) return false;
  const named = await stat(path, { bigint: true }).catch(() => undefined);
  return named?.ino === now.ino && named.dev === now.dev;
};

const BYTES = ['dev', 'ino', 'size', 'mtimeNs'] as const;
const OTHERS = ['mode', 'uid', 'gid', 'nlink'] as const;
