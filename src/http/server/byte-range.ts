/** Consecutive bytes. */
export interface ByteSpan {
  readonly start: number;
  /** 1 or more. */
  readonly length: number;
}

/**
 * The span that a Range header asks for (RFC 9110, 14): `undefined` where it is to be ignored, because it is missing,
 * broken, of another unit, or of several ranges, which nobody has to answer in parts.
 */
export const requestedSpan = (
  range: string | undefined,
  length: number,
): ByteSpan | 'unsatisfiable' | undefined => {
  const [, first, last] = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(range ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  if (first === '') {
    // A suffix longer than all of it means all of it.
    const suffix = Math.min(Number(last), length);
    return suffix === 0 ? 'unsatisfiable' : { start: length - suffix, length: suffix };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= length) return 'unsatisfiable';
  const end = last === '' ? length : Math.min(Number(last) + 1, length);
  return { start, length: end - start };
};
