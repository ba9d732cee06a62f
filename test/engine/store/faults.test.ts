import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { randomBytes, randomInt } from 'node:crypto';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeDisk } from '../../../src/engine/distribution/store/disk/disk.js';
import { openContentStore } from '../../../src/engine/distribution/store/index.js';
import { faultyDisk, systemError } from './faulty-disk.js';
import { BLOCK, contentId, contentOf, SECRET, segmentOf, tag } from './made-content.js';
import { filesIn, found, openStore, publish, readBack, temporaryDirectory } from './store-fixture.js';

describe('a disk that fails once', () => {
  const content = contentOf('fails', 3 * BLOCK + 5);
  const bytesOf = (blocks: (Buffer | undefined)[]): Buffer => Buffer.concat(blocks.map((block) => block!));

  it.each(['ENOSPC', 'EROFS', 'EACCES', 'EIO'])(
    'at any step of a publication rejects with that %s, or it did not matter',
    async (code) => {
      const directory = temporaryDirectory();
      let step = 0;
      for (let isOver = false; !isOver; step += 1) {
        const faulty = faultyDisk();
        const store = await openContentStore({ directory, serverSecret: SECRET, disk: faulty.disk });
        const error = systemError(code);
        faulty.failAfter(step, error);
        const outcome = await store
          .beginPublication({ contentId: contentId('a'), hash: 'sha256' })
          .then(async (writer) => {
            const result = await writer
              .append(content.subarray(0, 70_000))
              .then(() => writer.append(content.subarray(70_000)))
              .then(() => writer.complete())
              .catch((reason: unknown) => reason);
            await writer.abort();
            return result;
          })
          .catch((reason: unknown) => reason);
        isOver = !faulty.heal();
        const publication = store.publication(contentId('a'));
        if (outcome instanceof Error) {
          expect(outcome).toBe(error);
        } else {
          expect(bytesOf(await readBack(store, publication!)).equals(content)).toBe(true);
          await store.unpublish(contentId('a'));
        }
        await store.close();
        expect(faulty.openFiles()).toBe(0);
        const reopened = await openContentStore({ directory, serverSecret: SECRET });
        await reopened.unpublish(contentId('a'));
        await reopened.close();
        expect(await filesIn(directory)).toEqual([]);
      }
      expect(step).toBeGreaterThan(20);
    },
  );

  it.each([false, true])(
    'at any step of a publication that reads a file (keeping a copy: %s) rejects with that, or it did not matter',
    async (keepCopy) => {
      const directory = temporaryDirectory();
      const path = join(temporaryDirectory(), 'file');
      writeFileSync(path, content);
      const source = { path, version: nodeDisk.version(path)! };
      let step = 0;
      for (let isOver = false; !isOver; step += 1) {
        const faulty = faultyDisk();
        const store = await openContentStore({ directory, serverSecret: SECRET, disk: faulty.disk });
        const error = systemError('EIO');
        faulty.failAfter(step, error);
        const outcome = await store
          .beginPublication({ contentId: contentId('a'), hash: 'sha256', source, keepCopy })
          .then(async (writer) => {
            const result = await writer
              .appendFromSource(BLOCK)
              .then(() => writer.appendFromSource(content.length - BLOCK))
              .then(() => writer.complete())
              .catch((reason: unknown) => reason);
            await writer.abort();
            return result;
          })
          .catch((reason: unknown) => reason);
        isOver = !faulty.heal();
        if (outcome instanceof Error) {
          expect(outcome).toBe(error);
        } else {
          const publication = store.publication(contentId('a'));
          expect(bytesOf(await readBack(store, publication!)).equals(content)).toBe(true);
          await store.unpublish(contentId('a'));
        }
        await store.close();
        expect(faulty.openFiles()).toBe(0);
        const reopened = await openContentStore({ directory, serverSecret: SECRET });
        await reopened.unpublish(contentId('a'));
        await reopened.close();
        expect(await filesIn(directory)).toEqual([]);
      }
      expect(step).toBeGreaterThan(20);
    },
  );

  it('at any step of fetching never shows a wrong block', async () => {
    const { info, blocks } = segmentOf('fetched', 3);
    let step = 0;
    for (let isOver = false; !isOver; step += 1) {
      const directory = temporaryDirectory();
      const faulty = faultyDisk();
      const store = await openContentStore({ directory, serverSecret: SECRET, disk: faulty.disk });
      const error = systemError('ENOSPC');
      faulty.failAfter(step, error);
      const outcome = await store
        .adopt(info, tag('x'))
        .then(async (segment) => {
          for (const [index, block] of blocks.entries()) await segment.write(index, block);
        })
        .catch((reason: unknown) => reason);
      if (outcome !== undefined) expect(outcome).toBe(error);
      isOver = !faulty.heal();
      const segment = store.find(info.id);
      for (const [index, block] of blocks.entries()) {
        const found = await segment?.read(index);
        if (outcome === undefined || found !== undefined) expect(found?.equals(block)).toBe(true);
      }
      await store.flush(tag('x'));
      expect(store.find(info.id)).toBeUndefined();
      await store.close();
      expect(faulty.openFiles()).toBe(0);
    }
    expect(step).toBeGreaterThan(10);
  });

  it('is what probe tells', async () => {
    const faulty = faultyDisk();
    const store = await openStore(temporaryDirectory(), { disk: faulty.disk });
    await store.probe();
    const error = systemError('ENOSPC');
    faulty.failAfter(0, error);
    await expect(store.probe()).rejects.toBe(error);
    await store.probe();
  });

  it('keeps the store from opening if it is that bad', async () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, 'not a directory');
    await expect(openStore(join(file, 'store'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});

describe('damage', () => {
  const published = async (directory: string) => {
    const store = await openStore(directory);
    const content = contentOf('damaged', 4 * BLOCK);
    const publication = await publish(store, 'a', content);
    await store.close();
    const find = async (name: string): Promise<string> =>
      join(
        directory,
        (await filesIn(directory)).find((path) => path.endsWith(name))!,
      );
    return { content, publication, find };
  };

  it('of a block loses that block alone, for good', async () => {
    const directory = temporaryDirectory();
    const { content, publication, find } = await published(directory);
    const path = await find('/data');
    const bytes = readFileSync(path);
    bytes.writeUInt8(bytes.readUInt8(2 * BLOCK + 9) ^ 1, 2 * BLOCK + 9);
    writeFileSync(path, bytes);
    const store = await openStore(directory);
    expect((await readBack(store, publication)).map((block) => block?.length)).toEqual([
      BLOCK,
      BLOCK,
      undefined,
      BLOCK,
    ]);
    const segment = store.find(publication.segments[0]!.id)!;
    expect(segment.has(2)).toBe(false);
    await segment.write(2, content.subarray(2 * BLOCK, 3 * BLOCK));
    expect(Buffer.concat((await readBack(store, publication)).map((block) => block!)).equals(content)).toBe(
      true,
    );
  });

  it.each([
    ['cut off', (path: string) => truncateSync(path, BLOCK + 100)],
    ['empty', (path: string) => truncateSync(path, 0)],
    ['removed', (path: string) => rmSync(path)],
  ])('of the data file: %s', async (_what, harm) => {
    const directory = temporaryDirectory();
    const { content, publication, find } = await published(directory);
    harm(await find('/data'));
    const store = await openStore(directory);
    const blocks = await readBack(store, publication);
    expect(blocks[3]).toBeUndefined();
    const segment = await store.adopt(publication.segments[0]!, tag('x'));
    await segment.write(3, content.subarray(3 * BLOCK));
    expect(await segment.read(3)).toEqual(content.subarray(3 * BLOCK));
  });

  it('of a description makes its segment unknown until it is described anew', async () => {
    const directory = temporaryDirectory();
    const { content, publication, find } = await published(directory);
    const path = await find('/info');
    writeFileSync(path, randomBytes(300));
    const damaged: string[] = [];
    const store = await openStore(directory, { onDamage: (where) => damaged.push(where) });
    const [info] = publication.segments;
    expect(store.find(info!.id)).toBeUndefined();
    expect(store.publication(contentId('a'))).toBeUndefined();
    expect(damaged).toEqual([path, path]);
    const segment = await store.adopt(info!, tag('x'));
    expect(await segment.read(1)).toEqual(content.subarray(BLOCK, 2 * BLOCK));
    expect(found(store, 'a')?.segments).toEqual([info]);
  });

  it('of a publication makes it unknown, and its content id free', async () => {
    const directory = temporaryDirectory();
    const { content, find } = await published(directory);
    const path = await find('/record');
    writeFileSync(path, readFileSync(path).subarray(1));
    const damaged: string[] = [];
    const store = await openStore(directory, { onDamage: (where) => damaged.push(where) });
    expect(store.publication(contentId('a'))).toBeUndefined();
    expect(damaged).toEqual([path]);
    await publish(store, 'a', content);
    expect(store.publication(contentId('a'))?.length).toBe(content.length);
    await store.unpublish(contentId('a'));
    await store.close();
    expect(await filesIn(directory)).toEqual([]);
  });

  it('of any kind anywhere is never a crash or a wrong block', async () => {
    for (let round = 0; round < 30; round += 1) {
      const directory = temporaryDirectory();
      const { content, publication } = await published(directory);
      for (const path of await filesIn(directory)) {
        const whole = join(directory, path);
        const bytes = readFileSync(whole);
        const harm = randomInt(5);
        if (harm === 0) writeFileSync(whole, randomBytes(randomInt(70_000)));
        if (harm === 1) truncateSync(whole, randomInt(bytes.length + 1));
        if (harm === 2) rmSync(whole);
        if (harm === 3) {
          rmSync(whole);
          mkdirSync(whole);
        }
      }
      const store = await openStore(directory);
      const blocks = await readBack(store, publication).catch((error: unknown) => {
        expect(error).toHaveProperty('code');
        return [];
      });
      for (const [index, block] of blocks.entries()) {
        if (block === undefined) continue;
        expect(block.equals(content.subarray(index * BLOCK, (index + 1) * BLOCK))).toBe(true);
      }
      await store.unpublish(contentId('a')).catch((error: unknown) => expect(error).toHaveProperty('code'));
      await store.close();
    }
  });

  it('by somebody who removes everything while it is in use', async () => {
    const directory = temporaryDirectory();
    const store = await openStore(directory);
    const { info, blocks } = segmentOf('swept', 2);
    const segment = await store.adopt(info, tag('x'));
    await segment.write(0, blocks[0]!);
    rmSync(directory, { recursive: true });
    mkdirSync(dirname(directory), { recursive: true });
    expect(store.find(info.id)).toBeUndefined();
    expect(await segment.read(0)).toBeUndefined();
    await expect(store.probe()).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
