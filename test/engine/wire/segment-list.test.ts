import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import {
  bytesInMemory,
  contentInformationOf,
  encodeContentInformation,
  parseContentInformation,
  readContentInformation,
} from '../../../src/engine/distribution/wire/index.js';
import type { SegmentInfo } from '../../../src/engine/distribution/ports.js';

const digest = (of: number): Buffer => {
  const bytes = Buffer.alloc(32);
  bytes.writeUInt32BE(of);
  return bytes;
};

const segmentsOf = (lengths: readonly number[]): SegmentInfo[] =>
  lengths.map((length, index) => ({
    id: Buffer.alloc(0),
    hash: 'truncated-sha512',
    hashOfData: digest(index),
    secret: digest(~index >>> 0),
    length,
    blockHashes: [digest(index)],
  }));

/** More than are kept. */
const MANY = 5_000;

describe('the segments of content information of version 2', () => {
  test.prop(
    [
      fc.array(fc.integer({ min: 1, max: 131_072 }), { minLength: 1, maxLength: 200 }),
      fc.array(fc.nat(2 ** 26), { minLength: 1, maxLength: 50 }),
    ],
    { numRuns: 50 },
  )('are found by their offset and their index', (lengths, offsets) => {
    const { segments } = readContentInformation(
      bytesInMemory(encodeContentInformation(contentInformationOf(segmentsOf(lengths)))),
    );
    expect(segments.length).toBe(lengths.length);
    const starts = lengths.reduce<number[]>((all, length) => [...all, all.at(-1)! + length], [0]);
    expect(lengths.map((_, index) => segments.startOf(index))).toEqual(starts.slice(0, -1));
    expect(segments.startOf(lengths.length)).toBe(starts.at(-1));
    for (const offset of offsets) {
      const expected = starts.slice(0, -1).filter((start) => start <= offset).length - 1;
      expect(segments.indexAt(offset)).toBe(expected);
      expect(segments.at(expected)?.info.hashOfData).toEqual(digest(expected));
    }
    expect(segments.at(lengths.length)).toBeUndefined();
    expect(segments.at(-1)).toBeUndefined();
  });

  it('are the same whichever way and however often they are asked for', () => {
    const lengths = Array.from({ length: MANY }, (_, index) => 1 + (index % 1_000));
    const bytes = encodeContentInformation(contentInformationOf(segmentsOf(lengths)));
    const { segments } = readContentInformation(bytesInMemory(bytes));
    const plainly = ({ info, offsetInContent }: ReturnType<typeof parseContentInformation>['segments'][0]) =>
      `${offsetInContent} ${info.length} ${Buffer.from(info.id).toString('hex')} ${Buffer.from(info.secret).toString('hex')}`;
    const all = parseContentInformation(bytes).segments.map(plainly);
    expect(new Set(all).size).toBe(MANY);
    expect([...segments].map(plainly)).toEqual(all);
    for (const step of [1, 7, 1_024, MANY - 1]) {
      for (let asked = 0; asked < MANY; asked += 1) {
        const index = (asked * step) % MANY;
        expect(plainly(segments.at(index)!)).toBe(all[index]);
      }
    }
    expect(segments.slice(MANY - 3, MANY + 3).map(plainly)).toEqual(all.slice(-3));
    expect(segments.at(5)).toBe(segments.at(5));
  });
});
