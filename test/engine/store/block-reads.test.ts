import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { nodeDisk, type Disk } from '../../../src/engine/distribution/store/disk/disk.js';
import { evenLayout } from '../../../src/engine/distribution/store/units/block-layout.js';
import { BlockReads, type ReadableFile } from '../../../src/engine/distribution/store/units/block-reads.js';
import { BLOCK, contentOf } from './made-content.js';
import { temporaryDirectory } from './store-fixture.js';

const COUNT = 80;
const CONTENT = contentOf('read in runs', COUNT * BLOCK);

/** A read that has begun. */
interface Read {
  readonly from: number;
  readonly blocks: number;
  readonly target: Uint8Array;
  /** Lets it go on. */
  readonly begin: () => void;
  readonly fail: (error: Error) => void;
}

let fd: number;
beforeEach(() => {
  const path = join(temporaryDirectory(), 'file');
  writeFileSync(path, CONTENT);
  fd = openSync(path, 'r');
});
afterEach(() => closeSync(fd));

/** @param isHeld whether reads wait until they are told to go on. */
const start = (isHeld = false) => {
  const reads: Read[] = [];
  const disk: Disk = {
    ...nodeDisk,
    read: async (file, target, position) => {
      await new Promise<void>((resolve, reject) => {
        reads.push({
          from: position / BLOCK,
          blocks: target.length / BLOCK,
          target,
          begin: resolve,
          fail: reject,
        });
        if (!isHeld) resolve();
      });
      return nodeDisk.read(file, target, position);
    },
  };
  const kept: Promise<void>[] = [];
  const file: ReadableFile = {
    fd,
    start: 0,
    layout: evenLayout(CONTENT.length),
    has: () => true,
    keepOpen: (work) => kept.push(work),
  };
  const all = new BlockReads(disk);
  /** @returns whether the bytes are those of the block. */
  const lend = (index: number): Promise<boolean> =>
    all.lend(file, index, (bytes) => bytes.equals(blockAt(index)));
  return { reads, all, kept, lend };
};

const blockAt = (index: number): Buffer => CONTENT.subarray(index * BLOCK, (index + 1) * BLOCK);

it('reads little for whoever asks first, more for who goes on, and everything once', async () => {
  const { reads, lend } = start();
  for (let index = 0; index < COUNT; index += 1) expect(await lend(index)).toBe(true);
  expect(reads.map(({ blocks }) => blocks)).toEqual([2, 4, 8, 16, 16, 16, 16, 2]);
  expect(reads.map(({ from }) => from)).toEqual([0, 2, 6, 14, 30, 46, 62, 78]);
});

it('reads the next run while one is gone through, and nothing ahead of who does not go on', async () => {
  const { reads, lend } = start();
  await lend(0);
  expect(reads).toHaveLength(1);
  await lend(1);
  expect(reads).toHaveLength(2);
  for (const index of [2, 3]) await lend(index);
  expect(reads).toHaveLength(2);
  await lend(4);
  expect(reads).toHaveLength(3);
  for (const index of [70, 40, 20]) await lend(index);
  expect(reads.map(({ from }) => from)).toEqual([0, 2, 6, 70, 40, 20]);
});

it('a run that could not be read ahead is read again by whoever wants it', async () => {
  const { reads, lend } = start(true);
  const both = [lend(0), lend(1)];
  const [, ahead] = reads;
  ahead!.fail(new Error('made up'));
  reads[0]!.begin();
  await Promise.all(both);
  const third = lend(2);
  expect(reads).toHaveLength(3);
  reads[2]!.begin();
  expect(await third).toBe(true);
});

it('has the file kept open until it is not read any more, and gives no memory away that is read into', async () => {
  const { reads, all, kept, lend } = start(true);
  const both = [lend(0), lend(1)];
  const [first, ahead] = reads;
  expect(kept).toHaveLength(1);
  first!.begin();
  await Promise.all(both);
  // What was being read is not wanted any more.
  all.forget(fd);
  let isOver = false;
  const over = kept[0]!.then(() => (isOver = true));
  const others = [lend(40), lend(50), lend(60)];
  for (const { target } of reads.slice(2)) expect(target.buffer).not.toBe(ahead!.target.buffer);
  for (const { begin } of reads.slice(2)) begin();
  expect(await Promise.all(others)).toEqual([true, true, true]);
  expect(isOver).toBe(false);
  ahead!.begin();
  await over;
});
