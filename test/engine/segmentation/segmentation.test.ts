import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { Segmentation } from '../../../src/driver/index.js';
import { createSegmentCutter, MIN_CUT_LENGTH } from '../../../src/engine/distribution/segmentation/index.js';
import { MAX_SEGMENT_LENGTH_V2 } from '../../../src/engine/distribution/wire/index.js';
import { counterBytes, inPieces, keyStream, segmentLengths } from './contents.js';

interface Vectors {
  readonly fastcdc: readonly {
    readonly name: string;
    readonly content: string;
    readonly lengths: number[];
  }[];
}

const vectors = JSON.parse(
  readFileSync(new URL('../../fixtures/segmentation-vectors.json', import.meta.url), 'utf8'),
) as Vectors;

const CONTENTS: Readonly<Record<string, () => Buffer>> = {
  'sha256-counter': () => counterBytes(3_000_000),
  zeros: () => Buffer.alloc(300_000),
  'sha256-counter-with-zeros': () =>
    Buffer.concat([counterBytes(700_000), Buffer.alloc(400_000), counterBytes(400_000, 700_000 / 32)]),
};

const lengthsOf = (content: Buffer, segmentation: Segmentation = 'fastcdc'): number[] =>
  segmentLengths(createSegmentCutter(segmentation), [content]);

const MEBIBYTE = 1024 * 1024;
const large = keyStream(64 * MEBIBYTE, 1);

describe('content-defined cutting', () => {
  it.each(vectors.fastcdc)('agrees with another program: $name', ({ content, lengths }) => {
    expect(lengthsOf(CONTENTS[content]!())).toEqual(lengths);
  });

  it('makes segments of 32 to 128 KiB, and few of the greatest length, which no content asks for', () => {
    const lengths = lengthsOf(large).slice(0, -1);
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(MIN_CUT_LENGTH);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(MAX_SEGMENT_LENGTH_V2);
    const forced = lengths.filter((length) => length === MAX_SEGMENT_LENGTH_V2);
    expect(forced.length / lengths.length).toBeLessThan(0.05);
  });
});

describe('fixed-size cutting', () => {
  it.each([
    [1, [1]],
    [131_072, [131_072]],
    [131_073, [131_072, 1]],
    [500_000, [131_072, 131_072, 131_072, 106_784]],
  ])('cuts %d bytes every 128 KiB', (length, lengths) => {
    expect(lengthsOf(Buffer.alloc(length), 'fixed')).toEqual(lengths);
  });
});

const sample = counterBytes(1_000_000);
const segmentation = fc.constantFrom<Segmentation>('fastcdc', 'fixed');
const pieceLengths = fc.array(
  fc.oneof(fc.integer({ min: 1, max: 200_000 }), fc.integer({ min: 1, max: 40 })),
  {
    minLength: 1,
    maxLength: 10,
  },
);

test.prop([segmentation, fc.nat(sample.length), pieceLengths], { numRuns: 60 })(
  'pieces of any size are cut at the same places, within the bounds, and nothing is lost',
  (kind, length, lengths) => {
    const content = sample.subarray(0, length);
    const found = segmentLengths(createSegmentCutter(kind), inPieces(content, lengths));
    expect(found).toEqual(lengthsOf(content, kind));
    expect(found.reduce((sum, one) => sum + one, 0)).toBe(length);
    for (const one of found) expect(one).toBeLessThanOrEqual(MAX_SEGMENT_LENGTH_V2);
    for (const one of found.slice(0, -1)) expect(one).toBeGreaterThanOrEqual(MIN_CUT_LENGTH);
  },
);

const segmentsOf = (content: Buffer): { readonly digest: string; readonly length: number }[] => {
  let end = 0;
  return lengthsOf(content).map((length) => ({
    digest: hash('sha256', content.subarray(end, (end += length))),
    length,
  }));
};

describe('what a new version of a content shares with the old one', () => {
  const before = new Set(segmentsOf(large).map(({ digest }) => digest));

  /** Bytes of the segments of `after` that the old version does not have. */
  const bytesToFetch = (after: Buffer): number =>
    segmentsOf(after)
      .filter(({ digest }) => !before.has(digest))
      .reduce((sum, { length }) => sum + length, 0);

  it.each([1, 1_000_003, 40 * MEBIBYTE])(
    'with 1 MiB inserted at %d: all but that and less than a twentieth of the rest',
    (at) => {
      const after = Buffer.concat([large.subarray(0, at), keyStream(MEBIBYTE, 2), large.subarray(at)]);
      expect(bytesToFetch(after) - MEBIBYTE).toBeLessThan(large.length / 20);
    },
  );

  it.each([
    ['an inserted byte', Buffer.alloc(1), 0],
    ['a changed byte', Buffer.of(~large[5_000_000]! & 0xff), 1],
    ['a megabyte removed', Buffer.alloc(0), MEBIBYTE],
  ])('with %s: all but a hundredth', (_name, inserted, removed) => {
    const at = 5_000_000;
    const after = Buffer.concat([large.subarray(0, at), inserted, large.subarray(at + removed)]);
    expect(bytesToFetch(after)).toBeLessThan(large.length / 100);
  });
});
