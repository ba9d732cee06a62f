import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import {
  BLOCKS_PER_SEGMENT,
  compactRun,
  contentInformationOf,
  decodeRequest,
  describeSegment,
  encodeContentInformation,
  encodeRequest,
  MAX_LISTED_SEGMENTS,
  parseContentInformation,
  SEGMENT_LENGTH,
} from '../../../src/engine/distribution/wire/index.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const inUse = (): number => {
  // The second one waits for what the first one left to another thread.
  collectGarbage();
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

/** Bytes that what `read` makes of its input takes, besides the input itself. */
const memoryOf = (read: () => unknown): number => {
  const before = inUse();
  const kept = [read()];
  const bytes = inUse() - before;
  // Needed until here.
  kept.pop();
  return bytes;
};

const MEBIBYTE = 1024 * 1024;

/** Version 1 has most objects for its bytes with the shortest hashes. */
const ofVersion1 = (): Buffer => {
  const blockHashes = Array.from({ length: BLOCKS_PER_SEGMENT }, (_, index) => Buffer.alloc(32, index));
  const serverKey = Buffer.alloc(32, 1);
  const segment = describeSegment({ hash: 'sha256', serverKey, length: SEGMENT_LENGTH, blockHashes });
  const count = Math.floor((8 * MEBIBYTE) / (84 + BLOCKS_PER_SEGMENT * 32));
  return encodeContentInformation(contentInformationOf(Array<typeof segment>(count).fill(segment)));
};

/** Version 2 has most objects for its bytes always; with segments of one byte for those of the content, too. */
const ofVersion2 = (): Buffer => {
  const hash = 'truncated-sha512';
  const serverKey = Buffer.alloc(32, 1);
  const segment = describeSegment({ hash, serverKey, length: 1, blockHashes: [Buffer.alloc(32)] });
  const count = Math.floor((8 * MEBIBYTE) / 68);
  return encodeContentInformation(contentInformationOf(Array<typeof segment>(count).fill(segment)));
};

const longestRequest = (): Buffer =>
  encodeRequest({
    _tag: 'GetSegmentList',
    cipher: 'aes-128-cbc',
    requestId: Buffer.alloc(16),
    segmentIds: Array<Buffer>(MAX_LISTED_SEGMENTS).fill(Buffer.alloc(32)),
    extensibleBlob: Buffer.alloc(0),
  });

it.each<readonly [string, () => Buffer, (bytes: Buffer) => unknown]>([
  ['content information of version 1', ofVersion1, parseContentInformation],
  ['content information of version 2', ofVersion2, parseContentInformation],
  ['a request', longestRequest, decodeRequest],
])('what is made of %s takes at most six times its memory', (_name, make, read) => {
  const bytes = make();
  const times = Math.ceil((4 * MEBIBYTE) / bytes.length);
  expect(memoryOf(() => Array.from({ length: times }, () => read(bytes)))).toBeLessThan(
    6 * times * bytes.length,
  );
});

it('segments that are described one after the other take at most twice what they say', () => {
  const serverKey = Buffer.alloc(32, 1);
  const describe = (index: number) =>
    describeSegment({
      hash: 'truncated-sha512',
      serverKey,
      length: 1 + index,
      blockHashes: [Buffer.alloc(32, index)],
    });
  const count = 16_384;
  // What else the process makes or lets go meanwhile is a tenth of it at times.
  const measured = Array.from({ length: 5 }, () => memoryOf(() => compactRun(count, describe)));
  const [, , median = 0] = measured.sort((one, other) => one - other);
  expect(median).toBeLessThan(2 * count * (4 + 3 * 32));
});
