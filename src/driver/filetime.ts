declare const fileTime: unique symbol;

/**
 * A moment as Windows counts it: 100 ns ticks since 1601-01-01 UTC. Record expiry must never go back, not even by the
 * fraction of a millisecond that a `Date` would cut off, so times stay ticks until somebody wants to print them.
 */
export type FileTime = bigint & { readonly [fileTime]: true };

const TICKS_PER_MILLISECOND = 10_000n;
const UNIX_EPOCH_TICKS = 116_444_736_000_000_000n;
const MAX_FILETIME = 0x7fff_ffff_ffff_ffffn;

/** Whether `ticks` can be a FILETIME: not negative and within 63 bits. See {@link fileTimeFromDate} for an example. */
export const isFileTime = (ticks: bigint): ticks is FileTime => ticks >= 0n && ticks <= MAX_FILETIME;

/** The tick count of a moment in milliseconds since 1970, UTC. See {@link fileTimeFromDate} for an example. */
export const fileTimeFromMillis = (millis: number): FileTime =>
  (BigInt(Math.trunc(millis)) * TICKS_PER_MILLISECOND + UNIX_EPOCH_TICKS) as FileTime;

/** Milliseconds since 1970, UTC, cut to whole ones. See {@link fileTimeFromDate} for an example. */
export const fileTimeToMillis = (ticks: FileTime): number =>
  Number((ticks - UNIX_EPOCH_TICKS) / TICKS_PER_MILLISECOND);

/**
 * The tick count of a `Date`. Source: FILETIME.
 *
 * @example
 * ```ts
 * import { fileTimeFromDate, fileTimeFromMillis, fileTimeToDate, fileTimeToMillis, isFileTime } from 'peerweave/effects';
 *
 * const ticks = fileTimeFromDate(new Date('2030-01-01T00:00:00Z'));
 * console.log(ticks, isFileTime(ticks)); // 135379296000000000n true
 * console.log(fileTimeFromMillis(fileTimeToMillis(ticks)) === ticks, fileTimeToDate(ticks).toISOString());
 * ```
 */
export const fileTimeFromDate = (date: Date): FileTime => fileTimeFromMillis(date.getTime());

/** The `Date` of a tick count, cut to whole milliseconds. See {@link fileTimeFromDate} for an example. */
export const fileTimeToDate = (ticks: FileTime): Date => new Date(fileTimeToMillis(ticks));
