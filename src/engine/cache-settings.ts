import type { CacheLimitsNow } from './distribution/ports.js';
import { DEFAULT_MAX_AGE_MS, quotaBytes, type CacheLimits } from './distribution/store/cache/cache-limits.js';

/** What somebody set; what is left out has its default. */
export type CacheSettings = Partial<CacheLimits>;

/** The least that can be set: fewer bytes than two segments are no cache. */
export const LEAST_QUOTA = 1024 * 1024;

const NAMES: readonly string[] = ['quota', 'maxAgeMs'];

/** @returns what is wrong with them, in words; `undefined` if nothing is. */
export const problemOf = (settings: CacheSettings): string | undefined => {
  const given: unknown = settings;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return 'limits are an object';
  const stranger = Object.keys(given).find((name) => !NAMES.includes(name));
  if (stranger !== undefined) return `limits are ${NAMES.join(' and ')}, not ${stranger}`;
  const { quota, maxAgeMs } = given as { readonly quota?: unknown; readonly maxAgeMs?: unknown };
  return problemOfQuota(quota) ?? problemOfAge(maxAgeMs);
};

const problemOfQuota = (quota: unknown): string | undefined => {
  if (quota === undefined) return undefined;
  if (typeof quota === 'object' && quota !== null && 'percent' in quota) {
    const { percent } = quota;
    const isShare = typeof percent === 'number' && percent > 0 && percent <= 100;
    return isShare ? undefined : 'a quota is more than 0 and at most 100 percent of the volume';
  }
  const isBytes = typeof quota === 'number' && Number.isSafeInteger(quota) && quota >= LEAST_QUOTA;
  return isBytes
    ? undefined
    : `a quota is a whole number of bytes from ${LEAST_QUOTA} to ${Number.MAX_SAFE_INTEGER}, or { percent }`;
};

const problemOfAge = (maxAgeMs: unknown): string | undefined => {
  const isAge = typeof maxAgeMs === 'number' && Number.isFinite(maxAgeMs) && maxAgeMs >= 1000;
  return maxAgeMs === undefined || isAge ? undefined : 'a maximum age is a second or more';
};

/** What holds now in `directory`. */
export const limitsNow = async (directory: string, settings: CacheSettings): Promise<CacheLimitsNow> => ({
  quotaBytes: await quotaBytes(directory, settings.quota),
  maxAgeMs: settings.maxAgeMs ?? DEFAULT_MAX_AGE_MS,
});

/** `undefined`: that are no settings. */
export const readSettings = (value: unknown): CacheSettings | undefined =>
  problemOf(value as CacheSettings) === undefined ? (value as CacheSettings) : undefined;
