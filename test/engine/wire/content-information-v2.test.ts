import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { SegmentInfo } from '../../../src/engine/distribution/ports.js';
import {
  contentInformationLengthLimit,
  ContentInformationError,
  contentInformationOf,
  deriveServerKey,
  encodeContentInformation,
  MAX_CONTENT_INFORMATION_LENGTH,
  parseContentInformation,
} from '../../../src/engine/distribution/wire/index.js';
import { cut, generateContent, segmentsV2, serverSecret, vectors } from './vectors.js';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const cutAt = (content: Buffer, lengths: readonly number[]): Buffer[] => {
  let end = 0;
  return lengths.map((length) => content.subarray(end, (end += length)));
};

/** A parsed segment answers from the bytes it was read from; this is what it answers. */
const answersOf = ({ id, hash, hashOfData, secret, length, blockHashes }: SegmentInfo) => ({
  id: hex(id),
  hash,
  hashOfData: hex(hashOfData),
  secret: hex(secret),
  length,
  blockHashes: blockHashes.map(hex),
});

describe('content information version 2, against the vectors', () => {
  for (const vector of vectors.v2) {
    it(`${vector.size} bytes, ${vector.segmentation}`, () => {
      const content = generateContent(vector.size);
      const fixed = /^fixed (\d+)$/.exec(vector.segmentation)?.[1];
      const pieces =
        fixed === undefined ? cutAt(content, vector.segment_lengths!) : cut(content, Number(fixed));
      const segments = segmentsV2(pieces);
      expect(hex(deriveServerKey('truncated-sha512', serverSecret))).toBe(vector.ks);
      expect(segments).toHaveLength(vector.segment_count);
      expect(sha256(Buffer.concat(segments.map(({ id }) => id)))).toBe(vector.ids_sha256);

      const encoded = encodeContentInformation(contentInformationOf(segments));
      expect(encoded.length).toBe(vector.ci_length);
      expect(sha256(encoded)).toBe(vector.ci_sha256);
      if (vector.ci !== undefined) expect(hex(encoded)).toBe(vector.ci);

      const parsed = parseContentInformation(encoded);
      expect(parsed.range).toEqual({ start: 0, length: vector.size });
      expect(parsed.contentLength).toBe(vector.size);
      expect(parsed.segments.map(({ info }) => answersOf(info))).toEqual(segments.map(answersOf));
      for (const { index, offset, length, hod, kp, id } of vector.segments) {
        const { info, offsetInContent } = parsed.segments[index]!;
        expect({
          offset: offsetInContent,
          length: info.length,
          hod: hex(info.hashOfData),
          kp: hex(info.secret),
          id: hex(info.id),
        }).toEqual({ offset, length, hod, kp, id });
      }
    });
  }
});

/** The segments of the published examples: 60, 85 and 44 KiB. */
const example = segmentsV2(cutAt(generateContent(193_536), [61_440, 87_040, 45_056]));

describe('ranges of version 2', () => {
  for (const vector of vectors.ranges_v2) {
    it(`bytes ${vector.start} to ${vector.start + vector.length}, against the vector`, () => {
      const range = { start: vector.start, length: vector.length };
      expect(hex(encodeContentInformation(contentInformationOf(example, range)))).toBe(vector.ci);
      const parsed = parseContentInformation(Buffer.from(vector.ci, 'hex'));
      expect(parsed).toMatchObject({ range, firstSegmentIndex: vector.ullIndexOfFirstSegment });
      expect(parsed.contentLength).toBeUndefined();
      expect(parsed.segments[0]!.offsetInContent).toBe(vector.ullStartInContent);
      expect(parsed.segments.map(({ info }) => hex(info.id))).toEqual(vector.oracle_ids);
    });
  }

  it.each([
    { start: 0, length: 61_440, index: 0, segments: 1, written: 61_440 },
    { start: 0, length: 193_536, index: 0, segments: 3, written: 0 },
    { start: 61_440, length: 132_096, index: 1, segments: 2, written: 132_096 },
    { start: 61_439, length: 2, index: 0, segments: 2, written: 2 },
    { start: 193_535, length: 1, index: 2, segments: 1, written: 1 },
  ])('$length bytes from $start: only the whole content has no length', (vector) => {
    const range = { start: vector.start, length: vector.length };
    const encoded = encodeContentInformation(contentInformationOf(example, range));
    expect(Number(encoded.readBigUInt64BE(11))).toBe(vector.index);
    expect(Number(encoded.readBigUInt64BE(23))).toBe(vector.written);
    const parsed = parseContentInformation(encoded);
    expect(parsed.range).toEqual(range);
    expect(parsed.segments).toHaveLength(vector.segments);
    expect(encodeContentInformation(parsed).equals(encoded)).toBe(true);
  });
});

const whole = encodeContentInformation(contentInformationOf(example));
const part = encodeContentInformation(contentInformationOf(example, { start: 61_440, length: 100_000 }));
const FIRST_CHUNK = 31;
const FIRST_SEGMENT = 36;

it('several chunks are read as one', () => {
  const chunk = (index: number): Buffer =>
    Buffer.concat([
      Buffer.from('0000000044', 'hex'),
      whole.subarray(FIRST_SEGMENT + index * 68, FIRST_SEGMENT + (index + 1) * 68),
    ]);
  const inThree = Buffer.concat([whole.subarray(0, FIRST_CHUNK), chunk(0), chunk(1), chunk(2)]);
  const parsed = parseContentInformation(inThree);
  expect(encodeContentInformation(parsed).equals(whole)).toBe(true);
});

describe('content information of version 2 that is refused', () => {
  const changed = (bytes: Buffer, change: (bytes: Buffer) => void): Buffer => {
    const copy = Buffer.from(bytes);
    change(copy);
    return copy;
  };
  const withWord = (bytes: Buffer, offset: number, value: number): Buffer =>
    changed(bytes, (copy) => copy.writeUInt32BE(value, offset));
  const withLong = (bytes: Buffer, offset: number, value: number | bigint): Buffer =>
    changed(bytes, (copy) => copy.writeBigUInt64BE(BigInt(value), offset));

  it.each<readonly [string, RegExp, Buffer]>([
    ['only a version', /too few for its header/, whole.subarray(0, 2)],
    ['a header cut short', /too few for its header/, whole.subarray(0, 30)],
    ['a header alone', /no segment/, whole.subarray(0, 31)],
    ['the hash of the drafts', /not the hash algorithm/, changed(whole, (copy) => copy.writeUInt8(1, 2))],
    ['a start of 2^64 - 1', /beyond 2/, withLong(part, 3, 0xffff_ffff_ffff_ffffn)],
    ['a first segment of 2^53', /beyond 2/, withLong(part, 11, 2n ** 53n)],
    ['a range of 2^53 bytes', /beyond 2/, withLong(part, 23, 2n ** 53n)],
    ['segments that end beyond 2^53', /beyond 2/, farAway()],
    ['more segments before it than bytes', /cannot start/, withLong(part, 11, 61_441)],
    ['more bytes before it than segments can have', /cannot start/, withLong(part, 11, 0)],
    ['a segment before the start', /cannot start/, withLong(whole, 11, 1)],
    ['a whole content that starts later', /does not start at 0/, withLong(part, 23, 0)],
    ['a whole content that starts inside a segment', /does not start at 0/, withWord(whole, 19, 1)],
    ['a start behind the first segment', /outside of its segments/, withWord(part, 19, 87_040)],
    ['a range that ends before the last segment', /outside of its segments/, withLong(part, 23, 87_040)],
    ['a range that ends behind the last segment', /outside of its segments/, withLong(part, 23, 132_097)],
    ['a chunk of another type', /chunk of type 1/, changed(whole, (copy) => copy.writeUInt8(1, 31))],
    ['an empty chunk', /chunk of 0 bytes/, withWord(whole, 32, 0)],
    ['a chunk of half a segment', /chunk of 170 bytes/, withWord(whole, 32, 170)],
    ['a chunk longer than there is', /ends inside a chunk/, withWord(whole, 32, 4 * 68)],
    ['a chunk of 4 GiB', /ends inside a chunk/, withWord(whole, 32, 0xffff_ffcc)],
    ['a missing last byte', /ends inside a chunk/, whole.subarray(0, -1)],
    ['a byte too many', /ends inside the head of a chunk/, Buffer.concat([whole, Buffer.alloc(1)])],
    ['a segment of no bytes', /segment of 0 bytes/, withWord(whole, FIRST_SEGMENT, 0)],
    ['a segment of more than 128 KiB', /segment of 131073 bytes/, withWord(whole, FIRST_SEGMENT, 131_073)],
  ])('%s', (_name, reason, bytes) => {
    expect(() => parseContentInformation(bytes)).toThrow(ContentInformationError);
    expect(() => parseContentInformation(bytes)).toThrow(reason);
  });

  function farAway(): Buffer {
    const start = 2 ** 53 - 100_000;
    return withLong(withLong(part, 3, start), 11, Math.ceil(start / 131_072));
  }

  it('the unchanged bytes are not', () => {
    expect(parseContentInformation(whole).segments).toHaveLength(3);
    expect(parseContentInformation(part).segments).toHaveLength(2);
  });
});

describe('the length limit of version 2 for a reader that gets it piece by piece', () => {
  it('is the general one for a whole content, as its segments are not counted', () => {
    for (const length of [0, 2, 30, 31, 200]) {
      expect(contentInformationLengthLimit(whole.subarray(0, length))).toBe(MAX_CONTENT_INFORMATION_LENGTH);
    }
  });

  it('is one description and one chunk for each byte of a range', () => {
    const tiny = encodeContentInformation(contentInformationOf(example, { start: 61_439, length: 2 }));
    expect(contentInformationLengthLimit(tiny.subarray(0, 30))).toBe(MAX_CONTENT_INFORMATION_LENGTH);
    expect(contentInformationLengthLimit(tiny.subarray(0, 31))).toBe(31 + 2 * 73);
  });

  it('fails at once on a header that cannot be right', () => {
    const drafts = Buffer.from(whole.subarray(0, 31));
    drafts.writeUInt8(1, 2);
    expect(() => contentInformationLengthLimit(drafts)).toThrow(ContentInformationError);
  });
});

it('a segment shares the memory of the bytes, however many there are', () => {
  const description = whole.subarray(FIRST_SEGMENT, FIRST_SEGMENT + 68);
  const count = 16_384;
  const bytes = Buffer.concat([
    whole.subarray(0, FIRST_CHUNK),
    Buffer.from('00', 'hex'),
    Buffer.from((count * 68).toString(16).padStart(8, '0'), 'hex'),
    ...Array<Buffer>(count).fill(description),
  ]);
  const { segments } = parseContentInformation(bytes);
  expect(segments).toHaveLength(count);
  // The same memory: a change of the bytes shows in the segment.
  const last = segments.at(-1)!.info;
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  expect(hex(last.secret)).toBe(hex(bytes.subarray(-32)));
  expect(last.hashOfData.buffer).toBe(bytes.buffer);
});
