import { readdirSync, readlinkSync } from 'node:fs';
import { rename, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { SourceFile } from '../../../src/driver/index.js';
import type { ContentStore, PublicationWriter } from '../../../src/engine/distribution/ports.js';
import { nodeDisk } from '../../../src/engine/distribution/store/disk/disk.js';
import { BLOCK, contentId, contentOf, SEGMENT } from './made-content.js';
import {
  filesIn,
  found,
  openStore,
  publish,
  readBack,
  temporaryDirectory,
  wholeOf,
  type WholePublication,
} from './store-fixture.js';

/** Enough for threads, over the ends of segments, stretches and blocks. */
const CONTENT = contentOf('read by itself', 2 * SEGMENT + 71 * BLOCK + 9);
const STEP = 5 * BLOCK * 64;

const fileWith = async (bytes: Uint8Array): Promise<SourceFile> => {
  const path = join(temporaryDirectory(), 'file');
  await writeFile(path, bytes);
  // Long ago, so that any change shows, however coarse the clock of the file system is.
  await utimes(path, 1e9, 1e9);
  return { path, version: nodeDisk.version(path)! };
};

const begin = (
  store: ContentStore,
  id: string,
  source: SourceFile,
  keepCopy = false,
): Promise<PublicationWriter> =>
  store.beginPublication({
    contentId: contentId(id),
    hash: 'sha256',
    length: CONTENT.length,
    source,
    keepCopy,
  });

const addAll = async (writer: PublicationWriter, from = 0): Promise<void> => {
  for (let at = from; at < CONTENT.length; at += STEP) {
    await writer.appendFromSource(Math.min(STEP, CONTENT.length - at));
  }
};

const publishFile = async (
  store: ContentStore,
  id: string,
  source: SourceFile,
  keepCopy = false,
): Promise<WholePublication> => {
  const writer = await begin(store, id, source, keepCopy);
  await addAll(writer);
  return wholeOf(await writer.complete());
};

/** Whether this process has a file open, where a system tells. */
const isOpen = (path: string): boolean =>
  process.platform === 'linux' &&
  readdirSync('/proc/self/fd').some((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(path);
    } catch {
      return false;
    }
  });

const changed = { name: 'StoreFailure', code: 'SOURCE_CHANGED' };

afterEach(() => void vi.restoreAllMocks());

describe.each([
  ['on this thread', 0],
  ['on two threads', 2],
])('a store that reads a file itself %s', (_where, hashWorkers) => {
  it.each([
    ['refers to it', false],
    ['copies it', true],
  ])('and %s describes and delivers what is in it', async (_what, keepCopy) => {
    const store = await openStore(temporaryDirectory(), { hashWorkers });
    const source = await fileWith(CONTENT);
    const publication = await publishFile(store, 'a', source, keepCopy);
    const given = await publish(await openStore(temporaryDirectory()), 'a', CONTENT);
    expect(publication).toEqual(given);
    expect(isOpen(source.path)).toBe(false);
    if (keepCopy) await rm(source.path);
    const blocks = await readBack(store, publication);
    expect(Buffer.concat(blocks.map((block) => block!)).equals(CONTENT)).toBe(true);
  });

  it.each<[string, (path: string) => Promise<unknown>]>([
    ['shorter', (path) => truncate(path, SEGMENT + 5)],
    ['empty', (path) => truncate(path, 0)],
    ['longer', (path) => writeFile(path, 'more', { flag: 'a' })],
    ['written to', (path) => writeFile(path, 'other', { flag: 'r+' })],
    ['gone', (path) => rm(path)],
    ['another one', (path) => writeFile(`${path}.new`, CONTENT).then(() => rename(`${path}.new`, path))],
  ])('fails when the file is %s while it is read, and leaves nothing', async (_what, change) => {
    const directory = temporaryDirectory();
    const store = await openStore(directory, { hashWorkers });
    const source = await fileWith(CONTENT);
    const writer = await begin(store, 'a', source);
    await writer.appendFromSource(STEP);
    await change(source.path);
    const rest = addAll(writer, STEP).then(() => writer.complete());
    await expect(rest).rejects.toMatchObject(changed);
    await writer.abort();
    expect(isOpen(source.path)).toBe(false);
    await store.close();
    expect(await filesIn(directory)).toEqual([]);
  });

  it.each([0, 1, 20])('ends at once when it is aborted after %i ms, and leaves nothing', async (pause) => {
    const directory = temporaryDirectory();
    const store = await openStore(directory, { hashWorkers });
    const source = await fileWith(CONTENT);
    for (const isSignalled of [true, false]) {
      const writer = await begin(store, 'a', source, true);
      const controller = new AbortController();
      const adding = writer.appendFromSource(CONTENT.length, controller.signal).catch(() => 'aborted');
      if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
      if (isSignalled) controller.abort();
      await writer.abort();
      await adding;
      await expect(writer.complete()).rejects.toMatchObject({ code: 'CLOSED' });
    }
    expect(isOpen(source.path)).toBe(false);
    expect(isOpen(directory)).toBe(false);
    await store.close();
    expect(await filesIn(directory)).toEqual([]);
  });

  it('publishes two files at once, and closes while a third is read', async () => {
    const directory = temporaryDirectory();
    const store = await openStore(directory, { hashWorkers });
    const source = await fileWith(CONTENT);
    const [one, other] = await Promise.all([
      publishFile(store, 'a', source),
      publishFile(store, 'b', source, true),
    ]);
    expect(one.segments).toEqual(other.segments);
    const writer = await begin(store, 'c', source);
    const adding = writer.appendFromSource(CONTENT.length).catch(() => undefined);
    await store.close();
    await adding;
    expect(isOpen(source.path)).toBe(false);
    const again = await openStore(directory);
    expect(again.publication(contentId('c'))).toBeUndefined();
    expect(found(again, 'b')).toEqual(other);
  });

  it('does not begin with a file that was replaced after it was opened', async () => {
    const store = await openStore(temporaryDirectory(), { hashWorkers });
    const source = await fileWith(CONTENT);
    const writer = await begin(store, 'a', source);
    await writeFile(source.path, CONTENT);
    await expect(writer.appendFromSource(BLOCK)).rejects.toMatchObject(changed);
    await writer.abort();
  });
});
