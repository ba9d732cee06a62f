import { describe, expect, it } from 'vitest';
import {
  contentInformationLengthLimit,
  contentInformationOf,
  ContentInformationError,
  encodeContentInformation,
  MAX_CONTENT_INFORMATION_LENGTH,
  parseContentInformation,
  SEGMENT_LENGTH,
} from '../../../src/engine/distribution/wire/index.js';
import { generateContent, publishedSegments, vectors } from './vectors.js';

const codeOf = (read: () => unknown): string => {
  try {
    read();
  } catch (thrown) {
    if (thrown instanceof ContentInformationError) return thrown.code;
    throw thrown;
  }
  return 'accepted';
};

/** Two segments, the second of two blocks; the first segment's description begins at 18, the second's at 98. */
const twoSegments = encodeContentInformation(
  contentInformationOf(publishedSegments('sha256', generateContent(SEGMENT_LENGTH + 65_537))),
);
const FIRST = 18;
const SECOND = FIRST + 80;
const FIRST_LIST = FIRST + 2 * 80;
const SECOND_LIST = FIRST_LIST + 4 + 512 * 32;

const changed = (change: (bytes: Buffer) => void): Buffer => {
  const bytes = Buffer.from(twoSegments);
  change(bytes);
  return bytes;
};

const withWord = (offset: number, value: number): Buffer =>
  changed((bytes) => bytes.writeUInt32LE(value, offset));

const emptyContent = Buffer.from(vectors.zero_bytes.oracle_output, 'hex');

describe('content information that is refused', () => {
  it.each<readonly [string, RegExp, Buffer]>([
    ['nothing', /too few for its header/, Buffer.alloc(0)],
    ['one byte', /too few for its header/, Buffer.from([0])],
    ['a header cut short', /too few for its header/, twoSegments.subarray(0, 17)],
    ['an unknown hash', /not a hash algorithm/, withWord(2, 0x800b)],
    ['no segments, as another implementation writes for empty content', /no segment/, emptyContent],
    ['a thousand million segments', /too few for 1000000000 segments/, withWord(14, 1_000_000_000)],
    ['more segments than bytes', /too few for 256 segments/, withWord(14, 256)],
    ['one segment more than there is', /not of 65536 bytes|segment of|more block hashes/, withWord(14, 3)],
    ['a start behind the first segment', /outside of its segments/, withWord(6, SEGMENT_LENGTH)],
    ['a range that ends behind the last segment', /outside of its segments/, withWord(10, 65_538)],
    ['an offset of 2^64 - 1', /beyond 2/, changed((bytes) => bytes.fill(0xff, FIRST, FIRST + 8))],
    ['an offset inside a segment', /multiple of 32 MiB/, withWord(FIRST, 1)],
    ['a gap between segments', /do not follow one another/, withWord(SECOND, 2 * SEGMENT_LENGTH)],
    ['a segment of no bytes', /segment of 0 bytes/, withWord(FIRST + 8, 0)],
    ['a segment of more than 32 MiB', /segment of 33554433 bytes/, withWord(FIRST + 8, SEGMENT_LENGTH + 1)],
    ['a short segment before another', /do not follow one another/, withWord(FIRST + 8, SEGMENT_LENGTH - 1)],
    ['blocks of another size', /not of 65536/, withWord(FIRST + 12, 131_072)],
    ['another hash of data', /do not match the hash of data/, withWord(FIRST + 16, 0)],
    ['more block hashes than blocks', /more block hashes than/, withWord(SECOND_LIST, 3)],
    ['fewer block hashes than the range needs', /without a hash/, withWord(SECOND_LIST, 1).subarray(0, -32)],
    ['another block hash', /do not match the hash of data/, withWord(SECOND_LIST + 4, 0)],
    ['a missing last byte', /ends inside a list/, twoSegments.subarray(0, -1)],
    ['a missing list', /too few for 2 segments/, twoSegments.subarray(0, FIRST_LIST)],
    ['a list that ends before its count', /ends before a list/, twoSegments.subarray(0, SECOND_LIST)],
    ['a byte too many', /1 bytes follow its end/, Buffer.concat([twoSegments, Buffer.alloc(1)])],
  ])('%s', (_name, reason, bytes) => {
    expect(codeOf(() => parseContentInformation(bytes))).toBe('malformed');
    expect(() => parseContentInformation(bytes)).toThrow(reason);
  });

  it('another version', () => {
    for (const start of ['0000', '0102', '0003', '0101', 'ffff']) {
      const bytes = Buffer.concat([Buffer.from(start, 'hex'), twoSegments.subarray(2)]);
      expect(codeOf(() => parseContentInformation(bytes))).toBe('version-unsupported');
      expect(codeOf(() => contentInformationLengthLimit(bytes.subarray(0, 2)))).toBe('version-unsupported');
    }
  });

  it('the unchanged bytes are not', () => {
    expect(codeOf(() => parseContentInformation(twoSegments))).toBe('accepted');
  });
});

describe('the length limit for a reader that gets it piece by piece', () => {
  it('is the general one until the header is there, then that of its segments', () => {
    expect(contentInformationLengthLimit(Buffer.alloc(0))).toBe(MAX_CONTENT_INFORMATION_LENGTH);
    expect(contentInformationLengthLimit(twoSegments.subarray(0, 17))).toBe(MAX_CONTENT_INFORMATION_LENGTH);
    expect(contentInformationLengthLimit(twoSegments.subarray(0, 18))).toBe(18 + 2 * (80 + 4 + 512 * 32));
  });

  it('never exceeds the general one', () => {
    const many = withWord(14, 0xffff_ffff);
    expect(contentInformationLengthLimit(many)).toBe(MAX_CONTENT_INFORMATION_LENGTH);
  });

  it('fails at once on a header that cannot be right', () => {
    const none = withWord(14, 0).subarray(0, 18);
    expect(codeOf(() => contentInformationLengthLimit(none))).toBe('malformed');
  });
});
