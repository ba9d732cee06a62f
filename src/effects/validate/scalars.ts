import { isUint8Array } from 'node:util/types';
import * as E from 'fp-ts/lib/Either.js';
import { bad, expected, type Rule } from './rule.js';

export const boolean: Rule<boolean> = (value, at) =>
  typeof value === 'boolean' ? E.right(value) : expected('a boolean', value, at);

/** A whole number from `least` to `most`. */
export const integer =
  (least: number, most: number, unit = ''): Rule<number> =>
  (value, at) => {
    if (typeof value !== 'number') return expected('a whole number', value, at);
    return Number.isInteger(value) && value >= least && value <= most
      ? E.right(value)
      : bad(at, 'range', `must be a whole number from ${least} to ${most}${unit === '' ? '' : ` ${unit}`}`);
  };

export const UINT32_MAX = 0xffff_ffff;

/** A count of bytes or an offset: exact up to 2^53 - 1. */
export const size: Rule<number> = integer(0, Number.MAX_SAFE_INTEGER);

export const bigint: Rule<bigint> = (value, at) =>
  typeof value === 'bigint' ? E.right(value) : expected('a bigint', value, at);

/** The numbers by which a driver names connections. */
export const connectionId: Rule<bigint> = (value, at) => {
  if (typeof value !== 'bigint') return expected('a bigint', value, at);
  return value > 0n && value < 1n << 64n
    ? E.right(value)
    : bad(at, 'range', 'must be an id that openDirectConnection or an event gave');
};

/** A Uint8Array (a Buffer is one) of `least` to `most` bytes. */
export const bytes =
  (least = 0, most = UINT32_MAX): Rule<Uint8Array> =>
  (value, at) => {
    if (!isUint8Array(value)) return expected('a Uint8Array', value, at);
    return value.length >= least && value.length <= most
      ? E.right(value)
      : bad(at, 'length', least === most ? `must be ${least} bytes` : `must be ${least} to ${most} bytes`);
  };

/** Text that Windows can hold: its strings end at the first NUL and a lone surrogate has no UTF-8 form. */
export const text =
  (least = 0, most = Number.MAX_SAFE_INTEGER): Rule<string> =>
  (value, at) => {
    if (typeof value !== 'string') return expected('a string', value, at);
    if (value.length < least) return bad(at, 'length', 'must not be empty');
    if (value.length > most)
      return bad(at, 'length', `must be ${most} characters at most, not ${value.length}`);
    if (value.includes('\0')) return bad(at, 'character', 'must not contain a NUL character');
    return LONE_SURROGATE.test(value)
      ? bad(at, 'character', 'must not contain half of a surrogate pair')
      : E.right(value);
  };

const LONE_SURROGATE = /\p{Surrogate}/u;

/** One of a few words. */
export const oneOf =
  <Word extends string>(words: readonly Word[]): Rule<Word> =>
  (value, at) => {
    if (typeof value !== 'string') return expected(words.join(' | '), value, at);
    const known = words.find((word) => word === value);
    return known === undefined ? bad(at, 'unknown', `must be one of ${words.join(', ')}`) : E.right(known);
  };

/** A function, of which nobody knows more. */
export const callable: Rule<unknown> = (value, at) =>
  typeof value === 'function' ? E.right(value) : expected('a function', value, at);
