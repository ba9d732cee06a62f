import { createHash } from 'node:crypto';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { SegmentInfo } from '../../../src/engine/distribution/ports.js';
import {
  contentInformationOf,
  contentInformationPieces,
  describeSegment,
  encodeContentInformation,
  Outliner,
  type ByteRange,
} from '../../../src/engine/distribution/wire/index.js';
import { generateContent, publishedSegments, vectors } from './vectors.js';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Segments as a reader gives them who has room for one: when the next is asked for, the one before is no more. */
const passing = (segments: readonly SegmentInfo[]): Iterable<SegmentInfo> => ({
  *[Symbol.iterator]() {
    for (const { id, hash, hashOfData, secret, length, blockHashes } of segments) {
      const info = {
        id: Buffer.from(id),
        hash,
        hashOfData: Buffer.from(hashOfData),
        secret: Buffer.from(secret),
        length,
        blockHashes: blockHashes.map((one) => Buffer.from(one)),
      };
      yield info;
      for (const bytes of [info.id, info.hashOfData, info.secret, ...info.blockHashes]) bytes.fill(0xee);
    }
  },
});

const inPieces = (segments: readonly SegmentInfo[], range?: ByteRange): Buffer => {
  const outliner = new Outliner(range);
  for (const segment of passing(segments)) outliner.add(segment);
  const pieces = contentInformationPieces(passing(segments), outliner.outline());
  const copies: Buffer[] = [];
  for (const piece of pieces) copies.push(Buffer.from(piece));
  return Buffer.concat(copies);
};

describe('content information made piece by piece', () => {
  it.each(vectors.v1)('has the bytes of the vector: $size bytes with $algorithm', (vector) => {
    const encoded = inPieces(publishedSegments(vector.algorithm, generateContent(vector.size)));
    expect(encoded.length).toBe(vector.ci_length);
    expect(sha256(encoded)).toBe(vector.ci_sha256);
  });

  it.each(vectors.ranges_v1)('has those of the range: $length bytes from $start of $size', (vector) => {
    const segments = publishedSegments('sha256', generateContent(vector.size));
    const encoded = inPieces(segments, { start: vector.start, length: vector.length });
    expect(sha256(encoded)).toBe(vector.ci_sha256);
  });

  const hash = fc.constantFrom('sha384' as const, 'truncated-sha512' as const);
  const portion = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  test.prop([hash, fc.integer({ min: 1, max: 600 }), portion, portion], { numRuns: 60 })(
    'has the bytes of all made at once, in every version and range',
    (algorithm, count, from, part) => {
      // Of version 2 more than one piece has room for.
      const isBlock = algorithm === 'truncated-sha512';
      const full = isBlock ? 65_536 : 32 * 2 ** 20;
      const segments = Array.from({ length: isBlock ? count : (count % 5) + 1 }, (_, index) => {
        const length = isBlock ? 1 + ((index * 7919) % full) : full;
        const blockHashes = Array.from({ length: isBlock ? 1 : 512 }, (_hash, block) =>
          Buffer.alloc(isBlock ? 32 : 48, index + block),
        );
        return describeSegment({ hash: algorithm, serverKey: Buffer.alloc(32, 7), length, blockHashes });
      });
      const total = segments.reduce((sum, { length }) => sum + length, 0);
      const start = Math.floor(from * total);
      const range = { start, length: Math.max(1, Math.ceil(part * (total - start))) };
      for (const described of [undefined, range]) {
        const whole = encodeContentInformation(contentInformationOf(segments, described));
        expect(inPieces(segments, described).equals(whole)).toBe(true);
      }
    },
  );

  it('refuses what is no range of the content', () => {
    const segments = publishedSegments('sha256', generateContent(100));
    for (const range of [
      { start: 100, length: 1 },
      { start: 0, length: 101 },
    ]) {
      expect(() => inPieces(segments, range)).toThrow(RangeError);
    }
  });
});
