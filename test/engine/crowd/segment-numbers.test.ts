import { randomBytes } from 'node:crypto';
import { fc, test } from '@fast-check/vitest';
import { expect, it } from 'vitest';
import { SegmentNumbers } from '../../../src/engine/distribution/crowd/index.js';
import {
  MAX_SEGMENT_LENGTH_V2,
  SegmentList,
  SegmentStarts,
} from '../../../src/engine/distribution/wire/index.js';

const listOf = (ids: readonly Buffer[]): SegmentList =>
  new SegmentList(new SegmentStarts(ids.length, MAX_SEGMENT_LENGTH_V2), 8, (index) => ({
    id: ids[index]!,
    hash: 'truncated-sha512',
    hashOfData: Buffer.alloc(32),
    secret: Buffer.alloc(32),
    length: 1,
    blockHashes: [Buffer.alloc(32)],
  }));

const numbersOf = (ids: readonly Buffer[]): SegmentNumbers => {
  const numbers = new SegmentNumbers(listOf(ids));
  for (const [number, id] of ids.entries()) numbers.add(number, id);
  return numbers;
};

/** Ids that differ in few of the bytes that they are found by, so that many are in one another's way. */
const alike = fc
  .tuple(fc.nat(2), fc.nat(2), fc.nat(3))
  .map(([start, mark, rest]) => Buffer.from([start, 0, 0, 0, 0, 0, 0, mark << 4, rest, ...Buffer.alloc(23)]));

test.prop([fc.array(alike, { maxLength: 60 }), alike])(
  'finds every segment by its id, the first of those that are the same',
  (ids, other) => {
    const numbers = numbersOf(ids);
    for (const id of [...ids, other]) {
      const first = ids.findIndex((one) => one.equals(id));
      expect(numbers.find(id)).toBe(first === -1 ? undefined : first);
    }
  },
);

it('finds any of very many, and nothing else', () => {
  const ids = Array.from({ length: 200_000 }, () => randomBytes(32));
  const numbers = numbersOf(ids);
  for (let number = 0; number < ids.length; number += 997) expect(numbers.find(ids[number]!)).toBe(number);
  for (let other = 0; other < 1_000; other += 1) expect(numbers.find(randomBytes(32))).toBeUndefined();
});

it('is not slow when all segments are the same', () => {
  const id = randomBytes(32);
  const numbers = numbersOf(Array.from({ length: 200_000 }, () => id));
  expect(numbers.find(id)).toBe(0);
});
