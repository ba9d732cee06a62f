import type { CacheLimitsNow } from './distribution/ports.js';
import { DEFAULT_MAX_AGE_MS, quotaBytes, type CacheLimits } from './distribution/store/cache/cache-limits.js';

/** What somebody set; what is left out has its default. */
export type CacheSettings = Partial<CacheLimits>;

/** The least that can be set: fewer bytes than two segments are no cache. */
export const LEAST_QUOTA = 1024 * 1024;

/** @returns what is wrong with them, in words; `undefined` if nothing is. */
export const problemOf = ({ quota, maxAgeMs }: CacheSettings): string | undefined => {
  if (typeof quota === 'number' && (!Number.isSafeInteger(quota) || quota < LEAST_QUOTA)) {
    return `a quota is ${LEAST_QUOTA} bytes or more`;
  }
  if (typeof quota === 'object' && !(quota.percent > 0 && quota.percent <= 100)) {
    return 'a quota is more than 0 and at most 100 percent of the volume';
  }
  const isAge = maxAgeMs === undefined || (Number.isFinite(maxAgeMs) && maxAgeMs >= 1000);
  return isAge ? undefined : 'a maximum age is a second or more';
};

/** What holds now in `directory`. */
export const limitsNow = async (directory: string, settings: CacheSettings): Promise<CacheLimitsNow> => ({
  quotaBytes: await quotaBytes(directory, settings.quota),
  maxAgeMs: settings.maxAgeMs ?? DEFAULT_MAX_AGE_MS,
});

/** `undefined`: that are no settings. */
export const readSettings = (value: unknown): CacheSettings | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  const quota = 'quota' in value ? quotaIn(value.quota) : undefined;
  const maxAgeMs = 'maxAgeMs' in value && typeof value.maxAgeMs === 'number' ? value.maxAgeMs : undefined;
  const settings = {
    ...(quota === undefined ? {} : { quota }),
    ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
  };
  const isComplete = Object.keys(value).every((key) => key in settings);
  return isComplete && problemOf(settings) === undefined ? settings : undefined;
};

const quotaIn = (value: unknown): CacheLimits['quota'] | undefined => {
  if (typeof value === 'number') return value;
  const isShare = typeof value === 'object' && value !== null && 'percent' in value;
  return isShare && typeof value.percent === 'number' ? { percent: value.percent } : undefined;
};
