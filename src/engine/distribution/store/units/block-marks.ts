/*
 * The file `blocks` of a unit: one byte per block, 1 if it is in the data file; behind them, if the unit lies in a file
 * that somebody retrieved, where it begins there.
 */

export const START_LENGTH = 8;
const WHOLE = 1;

/** What that file says. */
export interface BlockMarks {
  /** One byte per block. */
  readonly present: Uint8Array;
  /** Where the unit begins in a retrieved file; `undefined`: the data file is the store's own. */
  readonly start: number | undefined;
}

/** @param start in the retrieved file that it is going to lie in. */
export const encodeMarks = (present: Uint8Array, start: number | undefined): Uint8Array => {
  if (start === undefined) return present;
  const bytes = Buffer.alloc(present.length + START_LENGTH);
  bytes.set(present);
  bytes.writeBigUInt64BE(BigInt(start), present.length);
  return bytes;
};

/** @param count of blocks. What the file lacks of them is not here. */
export const decodeMarks = (bytes: Buffer, count: number): BlockMarks => {
  const present = new Uint8Array(count);
  present.set(bytes.subarray(0, count));
  const start = bytes.length < count + START_LENGTH ? NaN : Number(bytes.readBigUInt64BE(count));
  return { present, start: Number.isSafeInteger(start) ? start : undefined };
};

/** The marks of a unit that has all its blocks. */
export const wholeMarks = (count: number): Uint8Array => new Uint8Array(count).fill(WHOLE);

export const isWhole = (present: Uint8Array): boolean => present.every((mark) => mark === WHOLE);
