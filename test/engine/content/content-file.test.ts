import { createHash } from 'node:crypto';
import { beforeEach, expect, it } from 'vitest';
import { ContentFile } from '../../../src/engine/distribution/content/content-file.js';
import { ContentMap } from '../../../src/engine/distribution/content/content-map.js';
import type { FilledFile } from '../../../src/engine/distribution/ports.js';
import {
  bytesInMemory,
  contentInformationOf,
  deriveServerKey,
  describeSegment,
  encodeContentInformation,
  readContentInformation,
} from '../../../src/engine/distribution/wire/index.js';

const BLOCK = 65_536;
const BLOCKS = 512;
const hash = createHash('sha256').digest();
const segment = describeSegment({
  hash: 'sha256',
  serverKey: deriveServerKey('sha256', Buffer.from('secret')),
  length: BLOCKS * BLOCK,
  blockHashes: Array.from({ length: BLOCKS }, () => hash),
});
/** The same segment twice. */
const information = encodeContentInformation(contentInformationOf([segment, segment]));
const map = new ContentMap(readContentInformation(bytesInMemory(information)));

let written: number[];
let failure: Error | undefined;
let filled: FilledFile;
let file: ContentFile;
beforeEach(() => {
  written = [];
  failure = undefined;
  filled = {
    write: (_, position) => {
      if (failure !== undefined) return Promise.reject(failure);
      written.push(position);
      return Promise.resolve();
    },
    finish: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  file = new ContentFile(map, filled);
});

const bytes = Buffer.alloc(BLOCK);
const put = (block: number) => file.put([{ block, bytes }]);
const [first, second] = [map.runOf(0), map.runOf(BLOCKS)];

it('takes as there what was written to where the run lies in it', async () => {
  file.note(second, { file: filled, start: BLOCKS * BLOCK }, [{ block: BLOCKS }]);
  await put(BLOCKS);
  await put(BLOCKS + 1);
  await put(BLOCKS + 1);
  expect(written).toEqual([(BLOCKS + 1) * BLOCK]);
});

it('does not so with what was written to another place in it, to another file or to the store', async () => {
  file.note(second, file.placeOf(first), [{ block: BLOCKS }]);
  file.note(second, { file: { ...filled }, start: BLOCKS * BLOCK }, [{ block: BLOCKS + 1 }]);
  file.note(second, undefined, [{ block: BLOCKS + 2 }]);
  for (const block of [0, 1, 2]) await put(BLOCKS + block);
  expect(written).toEqual([0, 1, 2].map((block) => (BLOCKS + block) * BLOCK));
});

it('tells the first failure from then on, and is not finished', async () => {
  const error = new Error('full');
  failure = error;
  await put(3);
  failure = new Error('another');
  await put(4);
  failure = undefined;
  await put(5);
  expect(() => file.throwIfFailed()).toThrow(error);
  await expect(file.finish()).rejects.toBe(error);
});
