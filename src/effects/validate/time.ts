import { isDate } from 'node:util/types';
import * as E from 'fp-ts/lib/Either.js';
import { fileTimeFromDate, fileTimeFromMillis, isFileTime, type FileTime } from '../../driver/index.js';
import { bad, expected, type Rule } from './rule.js';

/** A moment: a `Date`, or ticks where fractions of a millisecond matter. */
export type TimeInput = Date | FileTime;

export const time: Rule<FileTime> = (value, at) => {
  if (typeof value === 'bigint') return inRange(value) ? E.right(value) : bad(at, 'range', OUT_OF_RANGE);
  if (!isDate(value)) return expected('a Date or a FileTime', value, at);
  if (Number.isNaN(value.getTime())) return bad(at, 'range', 'must be a valid Date');
  const ticks = fileTimeFromDate(value);
  return inRange(ticks) ? E.right(ticks) : bad(at, 'range', OUT_OF_RANGE);
};

/** Tick 0 is how the system writes "no time". */
const inRange = (ticks: bigint): ticks is FileTime => isFileTime(ticks) && ticks > 0n;

const OUT_OF_RANGE = 'must be after 1601 and fit the 63 bits of a FILETIME';

/** A moment later than `now` (milliseconds since 1970). */
export const futureTime =
  (now: number): Rule<FileTime> =>
  (value, at) => {
    const checked = time(value, at);
    return E.isRight(checked) && checked.right <= fileTimeFromMillis(now)
      ? bad(at, 'range', 'must be in the future')
      : checked;
  };

/** The ticks of a well-formed moment, for rules that compare two of them. */
export const ticksOf = (value: unknown): FileTime | undefined => {
  const checked = time(value, { path: '', made: [] });
  return E.isRight(checked) ? checked.right : undefined;
};
