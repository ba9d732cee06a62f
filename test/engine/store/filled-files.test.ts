import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeDisk, type Disk } from '../../../src/engine/distribution/store/disk/disk.js';
import type { AdoptedSegments, ContentStore, FilledFile } from '../../../src/engine/distribution/ports.js';
import { openContentStore } from '../../../src/engine/distribution/store/index.js';
import { describeSegment } from '../../../src/engine/distribution/wire/index.js';
import { faultyDisk, systemError } from './faulty-disk.js';
import { BLOCK, blocksOf, SECRET, segmentOf, sha256, tag } from './made-content.js';
import { filesIn, openStore, temporaryDirectory } from './store-fixture.js';

const { info, blocks } = segmentOf('retrieved', 5);
const CONTENT = Buffer.concat(blocks);
const unitName = Buffer.from(info.id).toString('hex');
const unitPath = (directory: string, name: string): string =>
  join(directory, 'units', unitName.slice(0, 2), unitName, name);

/** Windows has other rules for open files, so the store does not share any there. */
const canShare = process.platform !== 'win32';

interface Filling {
  readonly path: string;
  readonly file: FilledFile;
  readonly adopted: AdoptedSegments;
}

const fill = async (store: ContentStore, path: string, start = 0): Promise<Filling> => {
  writeFileSync(path, '', { flag: 'wx' });
  const file = await store.fill(path);
  const adopted = await store.adoptAll([info], tag('x'), { file, start });
  return { path, file, adopted };
};

const write = (adopted: AdoptedSegments, indexes: readonly number[]) =>
  adopted.writeAll(indexes.map((index) => ({ segment: 0, index, bytes: blocks[index]! })));

const read = async (store: ContentStore): Promise<boolean[]> => {
  const found: boolean[] = [];
  for (const [index, block] of blocks.entries()) {
    const bytes = await store.find(info.id)?.read(index);
    if (bytes !== undefined) expect(bytes.equals(block)).toBe(true);
    found.push(bytes !== undefined);
  }
  return found;
};

const ALL = [...blocks.keys()];
const here = (...indexes: number[]): boolean[] => ALL.map((index) => indexes.includes(index));

describe.runIf(canShare)('a file that is filled', () => {
  it('gets the blocks of a segment at its place, and the store has no other copy', async () => {
    const directory = temporaryDirectory();
    const store = await openStore(directory);
    const { path, file, adopted } = await fill(store, join(directory, 'file'), 1_000);
    expect(await write(adopted, [2, 0])).toEqual({ file, start: 1_000 });
    await file.write(Buffer.alloc(1_000, 'x'), 0);
    await write(adopted, [1, 3, 4]);
    await file.finish();
    expect(readFileSync(path).equals(Buffer.concat([Buffer.alloc(1_000, 'x'), CONTENT]))).toBe(true);
    expect(statSync(unitPath(directory, 'data')).ino).toBe(statSync(path).ino);
    expect(await read(store)).toEqual(here(...ALL));
  });

  it('is served from by any store, also when it was moved or removed', async () => {
    const directory = temporaryDirectory();
    const store = await openStore(directory);
    const { path, file, adopted } = await fill(store, join(directory, 'file'), BLOCK);
    await write(adopted, ALL);
    await file.finish();
    await rename(path, `${path}.moved`);
    expect(await read(store)).toEqual(here(...ALL));
    rmSync(`${path}.moved`);
    expect(await read(store)).toEqual(here(...ALL));
    await store.close();
    expect(await read(await openStore(directory))).toEqual(here(...ALL));
  });

  it('can be run as a program as soon as it is finished', async () => {
    const program = readFileSync('/bin/true');
    const pieces = blocksOf(program);
    const serverKey = sha256(Buffer.from('another secret'));
    const described = describeSegment({
      hash: 'sha256',
      serverKey,
      length: program.length,
      blockHashes: pieces.map(sha256),
    });
    const directory = temporaryDirectory();
    const store = await openStore(directory);
    const path = join(directory, 'program');
    writeFileSync(path, '');
    const file = await store.fill(path);
    const adopted = await store.adoptAll([described], tag('x'), { file, start: 0 });
    await adopted.writeAll(pieces.map((bytes, index) => ({ segment: 0, index, bytes })));
    await file.finish();
    chmodSync(path, 0o755);
    expect(spawnSync(path).status).toBe(0);
  });

  it.each([
    ['was finished', true],
    ['was left', false],
  ])('is never written to by the store once it %s', async (_, isFinished) => {
    const directory = temporaryDirectory();
    const store = await openStore(directory);
    const { path, file, adopted } = await fill(store, join(directory, 'file'));
    await write(adopted, isFinished ? ALL : [0, 1, 3]);
    await (isFinished ? file.finish() : file.close());
    const theirs = Buffer.from(readFileSync(path));
    theirs.fill('what its owner makes of it', BLOCK, BLOCK + 100);
    writeFileSync(path, theirs);
    const others = isFinished ? [0, 2, 3, 4] : [0, 3];
    expect(await read(store)).toEqual(here(...others));

    expect(await write(adopted, [1])).toBeUndefined();
    expect(readFileSync(path).equals(theirs)).toBe(true);
    const again = await store.adoptAll([info], tag('y'));
    expect(await read(store)).toEqual(here(...others));
    await write(again, isFinished ? [1] : [1, 2, 4]);
    expect(await read(store)).toEqual(here(...ALL));
    expect(readFileSync(path).equals(theirs)).toBe(true);
    expect(statSync(unitPath(directory, 'data')).ino).not.toBe(statSync(path).ino);
  });

  it('is served from, but not written to, by a store of which it is not', async () => {
    const directory = temporaryDirectory();
    const [store, other] = [await openStore(directory), await openStore(directory)];
    const { path, file, adopted } = await fill(store, join(directory, 'file'));
    await write(adopted, [0, 1]);
    expect(await read(other)).toEqual(here(0, 1));
    const theirs = await other.adoptAll([info], tag('x'));
    expect(await write(theirs, [2])).toBeUndefined();
    expect(readFileSync(path)).toHaveLength(2 * BLOCK);
    expect(await read(other)).toEqual(here(0, 1, 2));
    // The unit is not in the file any more: whoever fills it is told so.
    expect(await write(adopted, [3, 4])).toBeUndefined();
    for (const index of [2, 3, 4]) await file.write(blocks[index]!, index * BLOCK);
    await file.finish();
    expect(readFileSync(path).equals(CONTENT)).toBe(true);
    expect(await read(store)).toEqual(here(...ALL));
  });

  it('loses nothing that is written while another store puts a copy in the place of what lies in it', async () => {
    const directory = temporaryDirectory();
    let meanwhile: (() => Promise<unknown>) | undefined;
    const disk: Disk = {
      ...nodeDisk,
      write: async (...written) => {
        const first = meanwhile;
        meanwhile = undefined;
        await first?.();
        await nodeDisk.write(...written);
      },
    };
    const [store, other] = [await openStore(directory, { disk }), await openStore(directory)];
    const { path, file, adopted } = await fill(store, join(directory, 'file'));
    await write(adopted, [0, 1]);
    meanwhile = async () => write(await other.adoptAll([info], tag('x')), [2]);
    // In the file they may be or not: whoever fills it is told that it is for him to see to that.
    expect(await write(adopted, [3, 4])).toBeUndefined();
    expect(await read(store)).toEqual(here(...ALL));
    expect(await read(other)).toEqual(here(...ALL));
    for (const index of ALL) await file.write(blocks[index]!, index * BLOCK);
    await file.finish();
    expect(readFileSync(path).equals(CONTENT)).toBe(true);
  });

  it('that its owner made unreadable is as if its blocks were not there', async () => {
    const directory = temporaryDirectory();
    let isLocked = false;
    const disk: Disk = {
      ...nodeDisk,
      openToRead: (path) => {
        if (isLocked && path.endsWith('data')) throw systemError('EACCES');
        return nodeDisk.openToRead(path);
      },
    };
    const store = await openStore(directory, { disk });
    const { file, adopted } = await fill(store, join(directory, 'file'));
    await write(adopted, ALL);
    await file.finish();
    isLocked = true;
    expect(await read(store)).toEqual(here());
    const again = await store.adoptAll([info], tag('x'));
    await write(again, [3]);
    expect(await read(store)).toEqual(here(3));
  });

  it('leaves a segment that is here already where it is', async () => {
    const directory = temporaryDirectory();
    const store = await openStore(directory);
    const first = await store.adoptAll([info], tag('x'));
    await write(first, [0]);
    const { path, file, adopted } = await fill(store, join(directory, 'file'));
    expect(await write(adopted, [1])).toBeUndefined();
    await file.finish();
    expect(readFileSync(path)).toHaveLength(0);
    expect(await read(store)).toEqual(here(0, 1));
  });

  it('goes from the store with the last who holds what lies in it, and stays its owner’s', async () => {
    const directory = temporaryDirectory();
    const store = await openStore(directory);
    const { path, file, adopted } = await fill(store, join(temporaryDirectory(), 'file'));
    await write(adopted, ALL);
    await file.finish();
    await store.flush(tag('x'));
    expect(store.find(info.id)).toBeUndefined();
    await store.close();
    expect(await filesIn(directory)).toEqual([]);
    expect(readFileSync(path).equals(CONTENT)).toBe(true);
  });

  it('counts in the cache with what of it is there', async () => {
    const directory = temporaryDirectory();
    const store = await openStore(directory);
    const { file, adopted } = await fill(store, join(directory, 'file'), 100 * BLOCK);
    await write(adopted, [0, 1]);
    expect(await store.cache.state()).toMatchObject({ segments: 1, bytes: 2 * BLOCK });
    await file.close();
  });
});

it('without second names of files, segments lie in the store', async () => {
  const directory = temporaryDirectory();
  const store = await openStore(directory, { disk: { ...nodeDisk, link: () => Promise.resolve(false) } });
  const { path, file, adopted } = await fill(store, join(directory, 'file'));
  expect(await write(adopted, [0])).toBeUndefined();
  await file.write(blocks[0]!, 0);
  await file.finish();
  expect(readFileSync(path).equals(blocks[0]!)).toBe(true);
  expect(await read(store)).toEqual(here(0));
});

it.each(['finished', 'closed', 'closed with its store'])(
  'a file that was %s takes nothing more',
  async (how) => {
    const directory = temporaryDirectory();
    const store = await openStore(directory);
    const { path, file } = await fill(store, join(directory, 'file'));
    await (how === 'finished' ? file.finish() : how === 'closed' ? file.close() : store.close());
    // It gets the number that the file had.
    const other = join(directory, 'other');
    const fd = openSync(other, 'w+');
    await expect(file.write(blocks[0]!, 0)).rejects.toMatchObject({ code: 'CLOSED' });
    closeSync(fd);
    expect([statSync(path).size, statSync(other).size]).toEqual([0, 0]);
  },
);

it('a file that is not there is not filled', async () => {
  const directory = temporaryDirectory();
  const store = await openStore(directory);
  await expect(store.fill(join(directory, 'file'))).rejects.toMatchObject({ code: 'NO_FILE' });
  expect(existsSync(join(directory, 'file'))).toBe(false);
});

it('a fault at any step leaves no file open, and neither a wrong block nor a wrong file', async () => {
  let step = 0;
  for (let isOver = false; !isOver; step += 1) {
    const directory = temporaryDirectory();
    const faulty = faultyDisk();
    const store = await openContentStore({ directory, serverSecret: SECRET, disk: faulty.disk });
    const path = join(temporaryDirectory(), 'file');
    const error = systemError('ENOSPC');
    faulty.failAfter(step, error);
    const outcome = await fill(store, path)
      .then(async ({ file, adopted }) => {
        for (const index of ALL) {
          const where = await write(adopted, [index]);
          if (where === undefined) await file.write(blocks[index]!, index * BLOCK);
        }
        await file.finish();
      })
      .catch((reason: unknown) => reason);
    if (outcome === undefined) expect(readFileSync(path).equals(CONTENT)).toBe(true);
    else expect(outcome).toBe(error);
    isOver = !faulty.heal();
    await read(store);
    await store.flush(tag('x'));
    await store.close();
    expect(faulty.openFiles()).toBe(0);
  }
  expect(step).toBeGreaterThan(10);
});
