import { beforeEach, describe, expect, it } from 'vitest';
import {
  ContentInformationBytes,
  MOST_IN_MEMORY,
} from '../../../src/engine/distribution/content/content-information-bytes.js';
import type { ScratchFile } from '../../../src/engine/distribution/ports.js';
import {
  contentInformationOf,
  encodeContentInformation,
  type DescribedContent,
} from '../../../src/engine/distribution/wire/index.js';

const COUNT = 20_000;
const digest = (of: number): Buffer => {
  const bytes = Buffer.alloc(32);
  bytes.writeUInt32BE(of);
  return bytes;
};
const bytes = encodeContentInformation(
  contentInformationOf(
    Array.from({ length: COUNT }, (_, index) => ({
      id: Buffer.alloc(0),
      hash: 'truncated-sha512',
      hashOfData: digest(index),
      secret: digest(~index >>> 0),
      length: 1_000,
      blockHashes: [digest(index)],
    })),
  ),
);

let files: { written: Buffer[]; closed: number }[];
let failure: Error | undefined;
const openFile = (): Promise<ScratchFile> => {
  const file = { written: [] as Buffer[], closed: 0 };
  files.push(file);
  return Promise.resolve({
    append: async (piece) => {
      await Promise.resolve();
      if (failure !== undefined) throw failure;
      file.written.push(Buffer.from(piece));
    },
    readNow: (target, position) => {
      expect(Buffer.concat(file.written).copy(target, 0, position)).toBe(target.length);
    },
    close: () => (file.closed += 1),
  });
};

let information: ContentInformationBytes;
beforeEach(() => {
  files = [];
  failure = undefined;
  information = new ContentInformationBytes(openFile);
});

const addAll = async (size: number, isConstant?: boolean): Promise<void> => {
  for (let at = 0; at < bytes.length; at += size) {
    // The giver uses the same memory for the next piece.
    const piece = Buffer.from(bytes.subarray(at, at + size));
    await information.add('test', piece, isConstant);
    if (isConstant !== true) piece.fill(0xff);
  }
};

const expectAll = ({ segments }: DescribedContent): void => {
  expect(segments.length).toBe(COUNT);
  for (const index of [0, 1, 9_999, COUNT - 1, 5]) {
    expect(Buffer.compare(segments.at(index)!.info.hashOfData, digest(index))).toBe(0);
  }
};

describe('content information as it comes in', () => {
  it.each([3, 100, 65_536, 500_000, bytes.length])(
    'goes to a file when it is large, in pieces of %i',
    async (size) => {
      expect(bytes.length).toBeGreaterThan(MOST_IN_MEMORY);
      await addAll(size);
      expectAll(await information.parse());
      expect(files).toHaveLength(1);
      expect(Buffer.concat(files[0]!.written).equals(bytes)).toBe(true);
      expect(files[0]!.closed).toBe(0);
      information.close();
      expect(files[0]!.closed).toBe(1);
    },
  );

  it('goes there also when it is not large but comes in very small pieces', async () => {
    for (let at = 0; at < 6_000; at += 1) await information.add('test', bytes.subarray(at, at + 1));
    expect(files).toHaveLength(1);
    information.close();
  });

  it('stays where it is when it does not change', async () => {
    await addAll(bytes.length, true);
    expectAll(await information.parse());
    expect(files).toEqual([]);
    information.close();
  });

  it('is in order also when pieces are not waited for', async () => {
    const adding: Promise<void>[] = [];
    for (let at = 0; at < bytes.length; at += 100_000) {
      adding.push(information.add('test', bytes.subarray(at, at + 100_000)));
    }
    expectAll(await information.parse());
    await Promise.all(adding);
    information.close();
  });

  it('is of no use once a piece could not be written', async () => {
    const first = bytes.subarray(0, MOST_IN_MEMORY);
    await information.add('test', first);
    failure = new Error('no room');
    await expect(information.add('test', bytes.subarray(first.length))).rejects.toThrow('no room');
    failure = undefined;
    await expect(information.parse()).rejects.toThrow('no room');
    information.close();
    expect(files.map(({ closed }) => closed)).toEqual([1]);
  });

  it('may be completed after it was found too short', async () => {
    await information.add('test', bytes.subarray(0, 1_000));
    await expect(information.parse()).rejects.toThrow('ends inside a chunk');
    await information.add('test', bytes.subarray(1_000));
    expectAll(await information.parse());
    information.close();
  });
});
