import { createHash } from 'node:crypto';
import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, it, vi } from 'vitest';
import type { CacheEvent } from '../../../src/driver/index.js';
import type { ContentStore } from '../../../src/engine/distribution/ports.js';
import { Departures, MOST_BYTES } from '../../../src/engine/distribution/store/cache/departures.js';
import { nodeDisk, type Disk } from '../../../src/engine/distribution/store/disk/disk.js';
import { WorkArea } from '../../../src/engine/distribution/store/disk/work-area.js';
import { storeLayout } from '../../../src/engine/distribution/store/layout.js';
import { UnitDirectories } from '../../../src/engine/distribution/store/units/unit-directories.js';
import { BLOCK, blocksOf, contentId, contentOf, segmentOf, tag } from './made-content.js';
import { filesIn, openStore, publish, temporaryDirectory } from './store-fixture.js';

const LENGTH = 4 * BLOCK - 100;
const NAMES = ['a', 'b', 'c', 'd', 'e'];
const SEGMENTS = new Map(NAMES.map((name) => [name, segmentOf(name, 4)]));
const segment = (name: string) => SEGMENTS.get(name)!;

/** A store with limits, which has not yet looked at what there is. */
const opened = async (directory: string, quotaBytes: number, maxAgeMs?: number, disk: Disk = nodeDisk) => {
  const events: CacheEvent[] = [];
  const store = await openStore(directory, {
    disk,
    cacheLimits: () => Promise.resolve({ quotaBytes, maxAgeMs }),
    emit: (event) => {
      if (event._tag === 'SegmentEvicted') events.push(event);
    },
  });
  return { store, events };
};

const limited = async (...parameters: Parameters<typeof opened>): ReturnType<typeof opened> => {
  const { store, events } = await opened(...parameters);
  await store.cache.trim();
  return { store, events };
};

const fetchAll = async (store: ContentStore, name: string): Promise<void> => {
  const { info, blocks } = segment(name);
  const stored = await store.adopt(info, tag('x'));
  for (const [index, block] of blocks.entries()) await stored.write(index, block);
};

const isWhole = async (store: ContentStore, name: string): Promise<boolean> => {
  const { info, blocks } = segment(name);
  const found = store.find(info.id);
  if (found === undefined) return false;
  const read = await Promise.all(blocks.map((_, index) => found.read(index)));
  return read.every((bytes, index) => bytes?.equals(blocks[index]!) === true);
};

/** Makes a unit look as if it was used, or its blocks stored, so long ago. */
const setTimes = (
  directory: string,
  name: string,
  ages: { readonly used?: number; readonly stored?: number },
) => {
  const id = Buffer.from(segment(name).info.id).toString('hex');
  const path = join(directory, 'units', id.slice(0, 2), id);
  const at = (ageMs: number): Date => new Date(Date.now() - ageMs);
  if (ages.stored !== undefined) utimesSync(join(path, 'data'), at(ages.stored), at(ages.stored));
  if (ages.used !== undefined) utimesSync(join(path, 'blocks'), at(ages.used), at(ages.used));
};

const idOf = (name: string): string => Buffer.from(segment(name).info.id).toString('hex');

it('evicts what was used longest ago once there is more than the quota, and tells of it', async () => {
  const directory = temporaryDirectory();
  const { store } = await limited(directory, Infinity);
  for (const name of NAMES) await fetchAll(store, name);
  await store.close();
  for (const [index, name] of NAMES.entries()) {
    const age = (NAMES.length - index) * 1_000_000;
    setTimes(directory, name, { used: name === 'a' ? 0 : age, stored: age });
  }
  const { store: small, events } = await limited(directory, 4 * LENGTH);
  // Down to nine tenths, so that it is not looked at again at once: "b" and "c" go, "a" was used.
  expect(events).toEqual(
    ['b', 'c'].map((name) => ({
      _tag: 'SegmentEvicted',
      segment: idOf(name),
      bytes: LENGTH,
      reason: 'quota',
    })),
  );
  expect(await Promise.all(NAMES.map((name) => isWhole(small, name)))).toEqual([
    true,
    false,
    false,
    true,
    true,
  ]);
  expect(await small.cache.state()).toMatchObject({ segments: 3, bytes: 3 * LENGTH, quotaBytes: 4 * LENGTH });
});

it('sees what another store has used, once that has told', async () => {
  const directory = temporaryDirectory();
  const { store } = await limited(directory, Infinity);
  for (const name of ['a', 'b']) await fetchAll(store, name);
  await store.close();
  for (const name of ['a', 'b']) setTimes(directory, name, { used: 2e6, stored: 2e6 });
  const { store: reader } = await limited(directory, Infinity);
  expect(await isWhole(reader, 'a')).toBe(true);
  await reader.close();
  const { store: small } = await limited(directory, 1.5 * LENGTH);
  expect([await isWhole(small, 'a'), await isWhole(small, 'b')]).toEqual([true, false]);
});

it('evicts what was stored too long ago, also if it was used since', async () => {
  const directory = temporaryDirectory();
  const { store } = await limited(directory, Infinity);
  for (const name of ['a', 'b']) await fetchAll(store, name);
  setTimes(directory, 'a', { stored: 100_000, used: 0 });
  const { store: other, events } = await limited(directory, Infinity, 50_000);
  expect(events).toMatchObject([{ segment: idOf('a'), reason: 'age' }]);
  expect(await isWhole(other, 'b')).toBe(true);
  expect(store.find(segment('a').info.id)).toBeUndefined();
});

it('tells of what it evicts also if another store sweeps it away meanwhile', async () => {
  const directory = temporaryDirectory();
  const { store } = await limited(directory, Infinity);
  await fetchAll(store, 'a');
  await store.close();
  setTimes(directory, 'a', { stored: 100_000 });
  const layout = storeLayout(directory);
  const work = new WorkArea(nodeDisk, layout);
  await work.open();
  const sweeper = new UnitDirectories(nodeDisk, layout, work);
  const swept: Disk = {
    ...nodeDisk,
    removeFile: async (path) => {
      const removed = await nodeDisk.removeFile(path);
      if (path.includes('holders')) await sweeper.sweep(basename(dirname(dirname(path))), () => false);
      return removed;
    },
  };
  const { events } = await limited(directory, Infinity, 50_000, swept);
  await work.close();
  expect(events).toMatchObject([{ segment: idOf('a'), reason: 'age' }]);
});

it('keeps what is open in another store, and what is published', async () => {
  const directory = temporaryDirectory();
  const { store } = await limited(directory, Infinity);
  const unpin = await store.pin([segment('a').info]);
  await fetchAll(store, 'a');
  await fetchAll(store, 'b');
  const content = contentOf('published', 3 * BLOCK);
  const { segments } = await publish(store, 'p', content);
  await store.adopt(segments[0]!, tag('x'));
  const { store: small, events } = await limited(directory, 1);
  expect(events.map((event) => event.segment)).toEqual([idOf('b')]);
  expect(await isWhole(store, 'a')).toBe(true);
  expect(await small.find(segments[0]!.id)?.read(0)).toEqual(blocksOf(content)[0]);
  expect(await small.cache.state()).toMatchObject({ segments: 1, publishedSegments: 1 });
  await unpin();
  await small.cache.trim();
  expect(await isWhole(store, 'a')).toBe(false);
  expect(await store.unpublish(contentId('p'))).toBe(true);
  expect(await small.cache.clear()).toEqual({ segments: 1, bytes: 3 * BLOCK });
  await store.close();
  await small.close();
  expect(await filesIn(directory)).toEqual([]);
});

it('makes room while it is written to, without anybody asking', async () => {
  const directory = temporaryDirectory();
  const { store, events } = await limited(directory, 3 * LENGTH);
  for (const name of NAMES) await fetchAll(store, name);
  expect(events.length).toBeGreaterThan(0);
  expect((await store.cache.state()).bytes).toBeLessThanOrEqual(3 * LENGTH);
});

it('finds damaged blocks, drops them, and leaves the rest', async () => {
  const directory = temporaryDirectory();
  const { store, events } = await limited(directory, Infinity);
  for (const name of ['a', 'b']) await fetchAll(store, name);
  const path = join(directory, 'units', idOf('a').slice(0, 2), idOf('a'), 'data');
  const data = readFileSync(path);
  data[BLOCK + 5]! ^= 1;
  writeFileSync(path, data);
  const damaged = [];
  for await (const found of store.cache.verify()) damaged.push([found.segments[0]?.id, found.damaged]);
  expect(damaged.toSorted()).toEqual(
    [
      [idOf('a'), 1],
      [idOf('b'), 0],
    ].toSorted(),
  );
  expect(events).toEqual([{ _tag: 'SegmentEvicted', segment: idOf('a'), bytes: BLOCK, reason: 'damaged' }]);
  expect(store.find(segment('a').info.id)?.has(1)).toBe(false);
  expect(await store.find(segment('a').info.id)?.read(0)).toEqual(segment('a').blocks[0]);
  expect(await isWhole(store, 'b')).toBe(true);
});

const unitOnDisk = (directory: string, name: string): string =>
  join(directory, 'units', idOf(name).slice(0, 2), idOf(name));

/** What a power cut makes of a file that was not flushed. */
const tear = (path: string): void => writeFileSync(path, '');

it('counts what lies there without a record of what it is, and drops it', async () => {
  const directory = temporaryDirectory();
  const { store } = await limited(directory, Infinity);
  for (const name of ['a', 'b', 'c', 'd']) await fetchAll(store, name);
  // Closed before each damage, as Windows does not let a directory go of which a file is open.
  await store.close();
  tear(join(unitOnDisk(directory, 'a'), 'info'));
  tear(join(unitOnDisk(directory, 'b'), 'blocks'));
  writeFileSync(join(unitOnDisk(directory, 'b'), 'info'), 'torn');
  const leaves = (name: string) =>
    ({ _tag: 'SegmentEvicted', segment: idOf(name), bytes: LENGTH, reason: 'damaged' }) as const;
  const { store: verifying, events } = await opened(directory, Infinity);
  expect(await verifying.cache.state()).toMatchObject({ segments: 4, bytes: 4 * LENGTH });
  const unpin = await verifying.pin([segment('b').info]);
  const damaged = [];
  for await (const found of verifying.cache.verify()) {
    if (found.damaged !== 0) damaged.push([found.segments[0]?.id, found.damaged]);
  }
  expect(damaged).toEqual([[idOf('a'), 4]]);
  expect(events).toEqual([leaves('a')]);
  await unpin();
  await verifying.cache.trim();
  expect(events.slice(1)).toEqual([leaves('b')]);
  await verifying.close();
  tear(join(unitOnDisk(directory, 'c'), 'info'));
  const { store: clearing } = await opened(directory, Infinity);
  expect(await clearing.cache.clear()).toEqual({ segments: 2, bytes: 2 * LENGTH });
  await clearing.close();
  expect(await filesIn(directory)).toEqual([]);
});

it('lets what lies there without a record go first when there is too much', async () => {
  const directory = temporaryDirectory();
  const { store } = await limited(directory, Infinity);
  for (const name of ['a', 'b', 'c']) await fetchAll(store, name);
  await store.close();
  for (const name of ['a', 'b']) setTimes(directory, name, { used: 1_000_000, stored: 1_000_000 });
  tear(join(unitOnDisk(directory, 'c'), 'info'));
  const { store: small, events } = await opened(directory, 2.5 * LENGTH);
  await vi.waitFor(() => expect(events).toHaveLength(1), 5_000);
  expect(events).toMatchObject([{ segment: idOf('c'), reason: 'quota' }]);
  expect(await Promise.all(['a', 'b'].map((name) => isWhole(small, name)))).toEqual([true, true]);
});

it('leaves a publication alone whose record is lost, and keeps what was fetched there anew', async () => {
  const directory = temporaryDirectory();
  const { store } = await limited(directory, Infinity);
  const content = contentOf('published', 3 * BLOCK);
  const { segments } = await publish(store, 'p', content);
  const id = Buffer.from(segments[0]!.id).toString('hex');
  const info = join(directory, 'units', id.slice(0, 2), id, 'info');
  tear(info);
  for await (const { damaged } of store.cache.verify()) expect(damaged).toBe(0);
  expect(await store.cache.clear()).toEqual({ segments: 0, bytes: 0 });
  await store.cache.trim();
  expect(await store.cache.state()).toMatchObject({ bytes: 0, publishedBytes: content.length });
  await store.adopt(segments[0]!, tag('x'));
  expect(await store.find(segments[0]!.id)?.read(2)).toEqual(blocksOf(content)[2]);
});

it('hands out nothing any more that it has evicted, however old a look may be', async () => {
  const { store } = await limited(temporaryDirectory(), Infinity);
  const { info, blocks } = segment('a');
  await fetchAll(store, 'a');
  const found = store.find(info.id);
  expect(await found?.read(0)).toEqual(blocks[0]);
  expect(await store.cache.clear()).toEqual({ segments: 1, bytes: LENGTH });
  expect(store.find(info.id, Infinity)).toBeUndefined();
  expect(await found?.read(0)).toBeUndefined();
});

it('knows afterwards why a segment left, also in another store', async () => {
  const directory = temporaryDirectory();
  const { store, events } = await limited(directory, Infinity);
  for (const name of NAMES) await fetchAll(store, name);
  const causeOf = (from: ContentStore, name: string) => from.leftCacheBy(segment(name).info.id);
  expect(NAMES.map((name) => causeOf(store, name))).toEqual(Array(NAMES.length).fill(undefined));
  // By a read: one block only, the rest stays.
  const path = join(directory, 'units', idOf('a').slice(0, 2), idOf('a'), 'data');
  const data = readFileSync(path);
  data[BLOCK + 5]! ^= 1;
  writeFileSync(path, data);
  expect(await isWhole(store, 'a')).toBe(false);
  expect(events).toEqual([{ _tag: 'SegmentEvicted', segment: idOf('a'), bytes: BLOCK, reason: 'damaged' }]);
  setTimes(directory, 'b', { stored: 100_000 });
  await limited(directory, Infinity, 50_000);
  setTimes(directory, 'c', { used: 20_000, stored: 20_000 });
  const { store: small, events: told } = await limited(directory, 3.9 * LENGTH - 2 * BLOCK);
  expect(told).toMatchObject([{ segment: idOf('c'), reason: 'quota' }]);
  events.length = 0;
  await store.flush(tag('x'));
  expect(events).toMatchObject(Array(3).fill({ _tag: 'SegmentEvicted', reason: 'cleared' }));
  const expected = ['cleared', 'age', 'quota', 'cleared', 'cleared'];
  const { store: later } = await limited(directory, Infinity);
  for (const one of [later, small]) {
    await vi.waitFor(() => expect(NAMES.map((name) => causeOf(one, name))).toEqual(expected), 5_000);
  }
});

it('takes what is noted of segments that left with a pinch of salt, and bounds it', async () => {
  const directory = temporaryDirectory();
  const [first, last] = ['f'.repeat(64), 'e'.repeat(64)];
  writeFileSync(
    join(directory, 'departed'),
    `${'f'.repeat(32)} q\n${'e'.repeat(32)} z\nnonsense\n${'e'.repeat(31)} q`,
  );
  const read = (id: string) =>
    new Departures(nodeDisk, storeLayout(directory)).reasonOf(Buffer.from(id, 'hex'));
  expect([read(first), read(last)]).toEqual(['quota', undefined]);
  const departures = new Departures(nodeDisk, storeLayout(directory));
  for (let round = 0; round < 40; round += 1) {
    await departures.note(
      Array.from({ length: 1_000 }, (_, index) =>
        createHash('sha256').update(`${round} ${index}`).digest('hex'),
      ),
      'age',
    );
  }
  await departures.note([last], 'cleared');
  expect([read(first), read(last)]).toEqual([undefined, 'cleared']);
  const sizes = ['departed', 'departed.old'].map((name) => statSync(join(directory, name)).size);
  // Notes of one eviction are kept together.
  expect(Math.max(...sizes)).toBeLessThan(MOST_BYTES + 1_000 * 35);
});
