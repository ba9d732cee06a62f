import { types } from 'node:util';
import { isFileTime, parseGuid, type FileTime, type Guid } from '../driver/index.js';

/**
 * A value that must not reach native code. koffi ends the process on some of them without a word, and takes a number
 * for an address, so everything is checked here first. It becomes E_INVALIDARG or ERROR_INVALID_PARAMETER.
 */
export class BadValue extends Error {
  constructor(what: string, expected: string) {
    super(`${what} must be ${expected}`);
    this.name = 'BadValue';
  }
}

const MAX_U32 = 0xffff_ffff;
const MAX_U64 = 0xffff_ffff_ffff_ffffn;

const integer = (value: unknown, what: string, min: number, max: number): number => {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw new BadValue(what, `an integer from ${min} to ${max}`);
  }
  return value;
};

export const u16 = (value: unknown, what: string): number => integer(value, what, 0, 0xffff);
export const u32 = (value: unknown, what: string): number => integer(value, what, 0, MAX_U32);
export const i32 = (value: unknown, what: string): number => integer(value, what, -0x8000_0000, 0x7fff_ffff);

/** A 64-bit number or an address. */
export const u64 = (value: unknown, what: string): bigint => {
  if (typeof value !== 'bigint' || value < 0n || value > MAX_U64) {
    throw new BadValue(what, 'a bigint from 0 to 2^64 - 1');
  }
  return value;
};

/** A length or offset in bytes, exact as a JavaScript number. */
export const size = (value: unknown, what: string): bigint =>
  BigInt(integer(value, what, 0, Number.MAX_SAFE_INTEGER));

/** Native code reads a text up to its first NUL, so one inside would silently cut it. */
export const text = (value: unknown, what: string): string => {
  if (typeof value !== 'string') throw new BadValue(what, 'a string');
  if (value.includes('\0')) throw new BadValue(what, 'a string without NUL characters');
  return value;
};

export const flag = (value: unknown, what: string): boolean => {
  if (typeof value !== 'boolean') throw new BadValue(what, 'true or false');
  return value;
};

/** {@link flag}, false when left out. */
export const optionalFlag = (value: unknown, what: string): boolean =>
  value === undefined ? false : flag(value, what);

export const guid = (value: unknown, what: string): Guid => {
  const parsed = typeof value === 'string' ? parseGuid(value) : undefined;
  if (parsed === undefined) throw new BadValue(what, 'a GUID');
  return parsed;
};

export const fileTime = (value: unknown, what: string): FileTime => {
  if (typeof value !== 'bigint' || !isFileTime(value)) throw new BadValue(what, 'a FILETIME in 100 ns ticks');
  return value;
};

/**
 * Bytes whose length stays what it was when it was asked for: native code is told a length and an address, and must not
 * be told of more than there is. What could answer differently the second time is copied.
 */
export const bytes = (value: unknown, what: string): Uint8Array => {
  if (!types.isUint8Array(value)) throw new BadValue(what, 'a Uint8Array');
  return isPlain(value) ? value : new Uint8Array(value);
};

const PLAIN: readonly unknown[] = [Uint8Array.prototype, Buffer.prototype];

const isPlain = (value: Uint8Array): boolean =>
  PLAIN.includes(Object.getPrototypeOf(value)) &&
  !Object.hasOwn(value, 'length') &&
  !(value.buffer as { readonly resizable?: boolean }).resizable &&
  !(value.buffer instanceof SharedArrayBuffer);

/** A copy, as the elements of an array can be made up anew each time one looks. */
export const list = (value: unknown, what: string): readonly unknown[] => {
  if (!Array.isArray(value)) throw new BadValue(what, 'an array');
  return Array.from(value as readonly unknown[]);
};

/** An object whose properties can be read; each of them is checked where it is used. */
export function object<Value extends object>(value: Value, what: string): Value;
export function object(value: unknown, what: string): object;
export function object(value: unknown, what: string): object {
  if (typeof value !== 'object' || value === null) throw new BadValue(what, 'an object');
  return value;
}

export const callback = (value: unknown, what: string): void => {
  if (typeof value !== 'function') throw new BadValue(what, 'a function');
};

/** One of the names in `table`. */
export const oneOf = <Name extends string>(value: unknown, what: string, names: readonly Name[]): Name => {
  const found = names.find((name) => name === value);
  if (found === undefined) throw new BadValue(what, `one of ${names.join(', ')}`);
  return found;
};
