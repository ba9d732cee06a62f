import { createHash } from 'node:crypto';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { PagedBytes } from '../../../src/engine/distribution/content/paged-bytes.js';
import type { SegmentInfo } from '../../../src/engine/distribution/ports.js';
import {
  bytesInMemory,
  contentInformationOf,
  deriveServerKey,
  describeSegment,
  encodeContentInformation,
  readContentInformation,
  type ByteSource,
} from '../../../src/engine/distribution/wire/index.js';

const PAGE = 65_536;
const SEGMENT = 32 * 1024 * 1024;
const digest = (of: string): Buffer => createHash('sha256').update(of).digest();

const version1 = (count: number, lastLength: number): SegmentInfo[] =>
  Array.from({ length: count }, (_, segment) => {
    const length = segment < count - 1 ? SEGMENT : lastLength;
    return describeSegment({
      hash: 'sha256',
      serverKey: deriveServerKey('sha256', Buffer.from('secret')),
      length,
      blockHashes: Array.from({ length: Math.ceil(length / 65_536) }, (__, block) =>
        digest(`${segment} ${block}`),
      ),
    });
  });

const version2 = (count: number): SegmentInfo[] =>
  Array.from({ length: count }, (_, segment) =>
    describeSegment({
      hash: 'truncated-sha512',
      serverKey: deriveServerKey('truncated-sha512', Buffer.from('secret')),
      length: 1 + (segment % 131_072),
      blockHashes: [digest(String(segment))],
    }),
  );

const bytesOf = (segments: SegmentInfo[], start: number, shorterBy: number): Buffer => {
  const length = segments.reduce((sum, segment) => sum + segment.length, 0);
  return encodeContentInformation(
    contentInformationOf(segments, { start, length: Math.max(1, length - start - shorterBy) }),
  );
};

/** A file that knows what was read of it. */
const fileOf = (bytes: Buffer) => {
  let read = 0;
  return {
    readNow: (target: Uint8Array, position: number) => {
      read += 1;
      expect(bytes.copy(target, 0, position)).toBe(target.length);
    },
    takeReads: () => {
      const reads = read;
      read = 0;
      return reads;
    },
  };
};

const LISTS = {
  'version 1': bytesOf(version1(40, 7_654_321), 5_000_000, 100_000),
  'version 2': bytesOf(version2(9_000), 0, 0),
};

/** All that it says; an error is something that it says. */
const told = (source: ByteSource): unknown => {
  try {
    const { segments, ...rest } = readContentInformation(source);
    const hash = createHash('sha256');
    for (const { info, offsetInContent } of segments) {
      hash.update(`${offsetInContent} ${info.length} ${info.hash} ${info.blockHashes.length}`);
      for (const part of [info.id, info.hashOfData, info.secret, ...info.blockHashes]) hash.update(part);
    }
    return { ...rest, segments: segments.length, all: hash.digest('hex') };
  } catch (error) {
    return (error as Error).message;
  }
};

describe.each(Object.entries(LISTS))('content information on disk, %s', (_, bytes) => {
  it('says the same as in memory', () => {
    const inMemory = told(bytesInMemory(bytes));
    expect(inMemory).toMatchObject({ all: expect.any(String) as string });
    expect(told(new PagedBytes(fileOf(bytes), bytes.length))).toEqual(inMemory);
  });

  test.prop(
    [fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 3 }), fc.nat(bytes.length)],
    {
      numRuns: 40,
    },
  )('also if it is damaged and cut off', (changes, length) => {
    const damaged = Buffer.from(bytes.subarray(0, length));
    // What the head says decides most.
    for (const [at, value] of changes) if (damaged.length > 0) damaged[at % Math.min(length, 400)] = value;
    expect(told(new PagedBytes(fileOf(damaged), length))).toEqual(told(bytesInMemory(damaged)));
  });

  test.prop([fc.array(fc.nat(), { minLength: 1, maxLength: 200 })], { numRuns: 20 })(
    'whichever segments are asked for, in whatever order',
    (indexes) => {
      const { segments } = readContentInformation(new PagedBytes(fileOf(bytes), bytes.length));
      const expected = [...readContentInformation(bytesInMemory(bytes)).segments];
      for (const wanted of indexes) {
        const index = wanted % expected.length;
        const { info, offsetInContent } = segments.at(index)!;
        const other = expected[index]!;
        expect(offsetInContent).toBe(other.offsetInContent);
        expect(Buffer.compare(info.id, other.info.id)).toBe(0);
        expect(Buffer.compare(Buffer.concat(info.blockHashes), Buffer.concat(other.info.blockHashes))).toBe(
          0,
        );
      }
    },
  );

  it('is read a page at a time by whoever goes through it', () => {
    const file = fileOf(bytes);
    const { segments } = readContentInformation(new PagedBytes(file, bytes.length));
    file.takeReads();
    for (let index = 0; index < segments.length; index += 1) segments.at(index);
    // Once more for what lies across the end of a page.
    expect(file.takeReads()).toBeLessThanOrEqual(2 * Math.ceil(bytes.length / PAGE) + 2);
    for (let again = 0; again < 5; again += 1) segments.at(segments.length - 1);
    expect(file.takeReads()).toBe(0);
  });
});
