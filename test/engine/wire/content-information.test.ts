import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  contentInformationOf,
  deriveServerKey,
  encodeContentInformation,
  parseContentInformation,
} from '../../../src/engine/distribution/wire/index.js';
import { generateContent, publishedSegments, serverSecret, vectors } from './vectors.js';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('content information version 1, against the vectors', () => {
  for (const vector of vectors.v1) {
    it(`${vector.size} bytes with ${vector.algorithm}`, () => {
      const content = generateContent(vector.size);
      expect(sha256(content)).toBe(vector.content_sha256);
      expect(hex(deriveServerKey(vector.algorithm, serverSecret))).toBe(vector.ks);

      const segments = publishedSegments(vector.algorithm, content);
      expect(
        segments.map((segment) => ({
          length: segment.length,
          blocks: segment.blockHashes.length,
          hod: hex(segment.hashOfData),
          kp: hex(segment.secret),
          id: hex(segment.id),
          block_hashes_sha256: sha256(Buffer.concat(segment.blockHashes)),
        })),
      ).toEqual(
        vector.segments.map(({ length, blocks, hod, kp, id, block_hashes_sha256 }) => ({
          length,
          blocks,
          hod,
          kp,
          id,
          block_hashes_sha256,
        })),
      );

      const information = contentInformationOf(segments);
      const encoded = encodeContentInformation(information);
      expect(encoded.length).toBe(vector.ci_length);
      expect(sha256(encoded)).toBe(vector.ci_sha256);
      if (vector.ci !== undefined) expect(hex(encoded)).toBe(vector.ci);

      const parsed = parseContentInformation(encoded);
      // Version 1 does not tell the length of the content.
      expect({ ...parsed, contentLength: vector.size }).toEqual(information);
      expect(parsed.range).toEqual({ start: 0, length: vector.size });
      expect(parsed.segments.map(({ offsetInContent }) => offsetInContent)).toEqual(
        vector.segments.map(({ offset }) => offset),
      );

      const explicit = Buffer.from(encoded);
      explicit.writeUInt32LE(vector.ci_explicit_last.dwReadBytesInLastSegment, 10);
      expect(sha256(explicit)).toBe(vector.ci_explicit_last.ci_sha256);
      expect(parseContentInformation(explicit)).toEqual(parsed);
    });
  }
});

describe('ranges of version 1, against the vectors', () => {
  for (const vector of vectors.ranges_v1) {
    it(`bytes ${vector.start} to ${vector.start + vector.length} of ${vector.size}`, () => {
      const segments = publishedSegments('sha256', generateContent(vector.size));
      const range = { start: vector.start, length: vector.length };
      const encoded = encodeContentInformation(contentInformationOf(segments, range));
      expect(encoded.length).toBe(vector.ci_length);
      expect(sha256(encoded)).toBe(vector.ci_sha256);
      expect(encoded.readUInt32LE(6)).toBe(vector.dwOffsetInFirstSegment);
      expect(encoded.readUInt32LE(10)).toBe(vector.dwReadBytesInLastSegment);

      const parsed = parseContentInformation(encoded);
      expect(parsed.range).toEqual(range);
      expect(parsed.segments.map(({ info }) => info.blockHashes.length)).toEqual(vector.cBlocks);
      expect(parsed.segments.map(({ info }) => hex(info.id))).toEqual(vector.oracle_ids);
    });
  }

  it.each([
    { start: 0, length: 0 },
    { start: -1, length: 2 },
    { start: 99, length: 2 },
    { start: 100, length: 1 },
  ])('refuses $length bytes from $start of 100', (range) => {
    const segments = publishedSegments('sha256', generateContent(100));
    expect(() => contentInformationOf(segments, range)).toThrow(RangeError);
  });
});
