import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { SegmentStarts } from '../../../src/engine/distribution/wire/index.js';

test.prop([
  // So that a few segments are more than are counted from one of them.
  fc.integer({ min: 28, max: 31 }).map((bits) => 2 ** bits),
  fc.array(fc.double({ min: Number.EPSILON, max: 1, noNaN: true }), { maxLength: 100 }),
  fc.nat(2 ** 40),
])('tell where each segment starts, and where the last one ends', (longest, lengths, first) => {
  const starts = new SegmentStarts(lengths.length, longest);
  const expected = [first];
  for (const part of lengths) expected.push((expected.at(-1) ?? 0) + Math.max(1, Math.floor(part * longest)));
  for (const [index, start] of expected.entries()) starts.set(index, start);
  expect(starts.count).toBe(lengths.length);
  expect(expected.map((_, index) => starts.at(index))).toEqual(expected);
});
