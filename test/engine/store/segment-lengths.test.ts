import { createHash } from 'node:crypto';
import { renameSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { ContentStore, SegmentInfo } from '../../../src/engine/distribution/ports.js';
import { nodeDisk } from '../../../src/engine/distribution/store/disk/disk.js';
import { exportPackage } from '../../../src/engine/distribution/store/package/export-package.js';
import { importPackage } from '../../../src/engine/distribution/store/package/import-package.js';
import { encodeUnit } from '../../../src/engine/distribution/store/units/unit-codec.js';
import { unitOf } from '../../../src/engine/distribution/store/units/unit.js';
import { describeSegment } from '../../../src/engine/distribution/wire/index.js';
import { BLOCK, blocksOf, contentId, contentOf, segmentOf, sha256, tag } from './made-content.js';
import { openStore, publish, temporaryDirectory, wholeOf } from './store-fixture.js';

/* Neither the id nor the hash of data of a segment covers its length: anybody may state another one. */

const { info, blocks } = segmentOf('measured', 4);
const LAST = 3;
const lying = (length: number): SegmentInfo => ({ ...info, length });
const LIES = [4 * BLOCK, info.length + 1, info.length - 1, 3 * BLOCK + 1];

const packageOf = async (store: ContentStore): Promise<Buffer> => {
  const parts: Uint8Array[] = [];
  for await (const part of exportPackage(store)) parts.push(part);
  return Buffer.concat(parts);
};

const damagedIn = async (store: ContentStore): Promise<number> => {
  let sum = 0;
  for await (const { damaged = 0 } of store.cache.verify()) sum += damaged;
  return sum;
};

const write = async (
  store: ContentStore,
  segment: SegmentInfo,
  indexes: readonly number[],
): Promise<void> => {
  const adopted = await store.adopt(segment, tag('x'));
  for (const index of indexes) await adopted.write(index, blocks[index]!);
};

/** Comparing long buffers takes `toEqual` very long. */
const nameOf = (bytes: Buffer | undefined): string | undefined => bytes && sha256(bytes).toString('hex');

/** Of the segment that the store finds, as everybody else does. */
const readFound = async (store: ContentStore): Promise<(string | undefined)[]> =>
  Promise.all(blocks.map(async (_, index) => nameOf(await store.find(info.id)?.read(index))));

const expectWhole = async (store: ContentStore): Promise<void> => {
  expect(store.find(info.id)?.info.length).toBe(info.length);
  expect(await readFound(store)).toEqual(blocks.map(nameOf));
  expect(await store.cache.state()).toMatchObject({ segments: 1, bytes: info.length });
  expect(await damagedIn(store)).toBe(0);
  const other = await openStore(temporaryDirectory());
  const imported = await importPackage([await packageOf(store)], other, tag('y'));
  expect(imported).toEqual({ segments: 1, bytes: info.length, bytesHere: 0 });
};

describe.each(LIES)(`a segment of ${info.length} bytes that is said to have %i`, (length) => {
  it('is put right by its last block, for every store of the directory', async () => {
    const directory = temporaryDirectory();
    const store = await openStore(directory);
    const other = await openStore(directory);
    await write(store, lying(length), [0]);
    expect(other.find(info.id)?.has(0)).toBe(true);
    const adopted = await other.adopt(info, tag('x'));
    expect([0, 1, 2, LAST].map((index) => adopted.has(index))).toEqual([true, false, false, false]);
    await Promise.all(blocks.map((block, index) => adopted.write(index, block)));
    await expectWhole(store);
    await expectWhole(other);
  });

  it('stays right when it was, and the last block is not here for who says so', async () => {
    const store = await openStore(temporaryDirectory());
    await write(store, info, [0, LAST]);
    const adopted = await store.adopt(lying(length), tag('y'));
    expect([0, LAST].map((index) => adopted.has(index))).toEqual([true, false]);
    expect(await adopted.read(LAST)).toBeUndefined();
    expect(nameOf(await adopted.read(0))).toBe(nameOf(blocks[0]));
    await adopted.write(1, blocks[1]!);
    await write(store, info, [2]);
    await expectWhole(store);
  });

  it('in a package harms nothing, whether it comes before or after', async () => {
    const liar = await openStore(temporaryDirectory());
    await write(liar, lying(length), [0]);
    const bytes = await packageOf(liar);
    for (const isFirst of [true, false]) {
      const store = await openStore(temporaryDirectory());
      if (isFirst) await importPackage([bytes], store, tag('x'));
      await write(store, info, [0, 1, 2, LAST]);
      if (!isFirst) await importPackage([bytes], store, tag('x'));
      await expectWhole(store);
    }
  });

  it('is published as it is', async () => {
    const store = await openStore(temporaryDirectory());
    const content = contentOf('published', info.length);
    const right = await publish(await openStore(temporaryDirectory()), 'p', content);
    const told = { ...right.segments[0]!, length };
    await (await store.adopt(told, tag('x'))).write(0, blocksOf(content)[0]!);
    const path = join(temporaryDirectory(), 'file');
    writeFileSync(path, content);
    // Settled: its blocks are trusted where they lie.
    utimesSync(path, new Date(0), new Date(0));
    const source = { path, version: nodeDisk.version(path)! };
    const request = { contentId: contentId('p'), hash: 'sha256', source } as const;
    const writer = await store.beginPublication(request);
    await writer.append(content);
    expect(wholeOf(await writer.complete()).segments).toEqual(right.segments);
    const found = store.find(told.id);
    expect(found?.info.length).toBe(info.length);
    expect(nameOf(await found?.read(LAST))).toBe(nameOf(blocksOf(content)[LAST]));
  });

  it('and was kept so by a former version is put right after a look', async () => {
    const directory = temporaryDirectory();
    const store = await openStore(directory);
    await write(store, info, [0, 1, LAST]);
    await store.close();
    const { name } = unitOf([info]);
    writeFileSync(
      join(directory, 'units', name.slice(0, 2), name, 'info'),
      encodeUnit(unitOf([lying(length)])),
    );
    const later = await openStore(directory);
    expect(await damagedIn(later)).toBe(1);
    await importPackage([await packageOf(later)], await openStore(temporaryDirectory()), tag('y'));
    await write(later, info, [2, LAST]);
    await expectWhole(later);
  });
});

it('a list that says nothing of most of its blocks makes way for the whole one', async () => {
  const store = await openStore(temporaryDirectory());
  const made = Array.from({ length: 400 }, (_, index) => sha256(Buffer.from(`made up ${index}`)));
  const many = { ...info, length: 512 * BLOCK, blockHashes: [info.blockHashes[0]!, ...made] };
  await write(store, many, [0]);
  await write(store, info, [0, 1, 2, LAST]);
  const adopted = await store.adopt(many, tag('y'));
  expect([0, LAST, 100].map((index) => adopted.has(index))).toEqual([true, false, false]);
  await expectWhole(store);
});

describe('a run of version 2', () => {
  const contents = [40_000, 70_000, 131_072].map((length) => contentOf(`measured ${length}`, length));
  const segments = contents.map((bytes) =>
    describeSegment({
      hash: 'truncated-sha512',
      serverKey: sha256(Buffer.from('another secret')),
      length: bytes.length,
      blockHashes: [createHash('sha512').update(bytes).digest().subarray(0, 32)],
    }),
  );
  const readAll = (store: ContentStore): Promise<(string | undefined)[]> =>
    Promise.all(segments.map(async ({ id }) => nameOf(await store.find(id)?.read(0))));

  it.each([1, 39_999, 40_001, 131_072])(
    'of which the first is said to have %i bytes harms no other',
    async (length) => {
      const store = await openStore(temporaryDirectory());
      const told = [{ ...segments[0]!, length }, ...segments.slice(1)];
      const lie = await store.adoptAll(told, tag('x'));
      await lie.writeAll([{ segment: 1, index: 0, bytes: contents[1]! }]);
      const adopted = await store.adoptAll(segments, tag('x'));
      expect([0, 1, 2].map((segment) => adopted.has(segment, 0))).toEqual([false, true, false]);
      for (const segment of [0, 2])
        await adopted.writeAll([{ segment, index: 0, bytes: contents[segment]! }]);
      expect(await readAll(store)).toEqual(contents.map(nameOf));
      expect(await damagedIn(store)).toBe(0);
      expect([0, 1, 2].map((segment) => lie.has(segment, 0))).toEqual([false, true, true]);
      expect(await lie.at(0).read(0)).toBeUndefined();
    },
  );

  it('that a former version kept is found', async () => {
    const directory = temporaryDirectory();
    const store = await openStore(directory);
    const kept = await store.adoptAll(segments, tag('x'));
    await kept.writeAll(contents.map((bytes, segment) => ({ segment, index: 0, bytes })));
    await store.close();
    const { name } = unitOf(segments);
    const former = sha256(Buffer.concat(segments.map(({ id }) => id))).toString('hex', 0, name.length / 2);
    const at = (unit: string): string => join(directory, 'units', unit.slice(0, 2), unit);
    await nodeDisk.makeDirectory(dirname(at(former)));
    renameSync(at(name), at(former));
    const later = await openStore(directory);
    await vi.waitFor(async () => expect(await readAll(later)).toEqual(contents.map(nameOf)), 5_000);
    const adopted = await later.adoptAll(segments, tag('y'));
    expect([0, 1, 2].map((segment) => adopted.has(segment, 0))).toEqual([true, true, true]);
    expect(await later.cache.state()).toMatchObject({ segments: 3, bytes: 241_072 });
    expect(await damagedIn(later)).toBe(0);
  });
});
