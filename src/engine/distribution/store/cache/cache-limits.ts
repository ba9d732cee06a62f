import { statfs } from 'node:fs/promises';

/** How much the cache may keep, and for how long. */
export interface CacheLimits {
  /** Most bytes on disk, or a share of the volume. */
  readonly quota: number | { readonly percent: number };
  /** How long after its last block was stored a segment may be kept; `undefined`: as long as there is room. */
  readonly maxAgeMs?: number | undefined;
}

const GIB = 1024 ** 3;
const DAY_MS = 24 * 60 * 60 * 1000;

/** What Windows does by default, too; but not less than a gibibyte, so that a small disk has a cache at all. */
export const DEFAULT_PERCENT = 5;
export const DEFAULT_LEAST = GIB;

/** As long as Windows keeps it. */
export const DEFAULT_MAX_AGE_MS = 28 * DAY_MS;

/** The most bytes that the cache in `directory` may keep. Rejects with the system's error. */
export const quotaBytes = async (
  directory: string,
  quota: CacheLimits['quota'] | undefined,
): Promise<number> => {
  if (typeof quota === 'number') return quota;
  const { blocks, bsize } = await statfs(directory);
  const size = blocks * bsize;
  return quota === undefined
    ? Math.max(DEFAULT_LEAST, Math.floor((size * DEFAULT_PERCENT) / 100))
    : Math.floor((size * quota.percent) / 100);
};
