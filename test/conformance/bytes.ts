import { expect } from 'vitest';

/** That two byte sequences are equal; comparing megabytes element by element would take minutes. */
export const expectBytes = (actual: Uint8Array, expected: Uint8Array): void => {
  expect(actual.length).toBe(expected.length);
  expect(Buffer.compare(actual, expected)).toBe(0);
};
