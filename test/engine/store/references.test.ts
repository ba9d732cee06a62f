import { createHash } from 'node:crypto';
import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { link, mkdir, open, rename, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { CacheEvent, PublicationEvent, SourceFile } from '../../../src/driver/index.js';
import { nodeDisk } from '../../../src/engine/distribution/store/disk/disk.js';
import type { ContentStore } from '../../../src/engine/distribution/ports.js';
import { BLOCK, blocksOf, contentId, contentOf, SEGMENT, tag } from './made-content.js';
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

const CONTENT = contentOf('referred to', 5 * BLOCK + 9);

/** A file with these bytes, as a publisher describes it before it reads. */
const fileWith = (bytes: Uint8Array, path = join(temporaryDirectory(), 'file')): SourceFile => {
  writeFileSync(path, bytes);
  return { path, version: nodeDisk.version(path)! };
};

const refer = async (
  store: ContentStore,
  id: string,
  source: SourceFile,
  bytes: Uint8Array = readFileSync(source.path),
): Promise<WholePublication> => {
  const writer = await store.beginPublication({ contentId: contentId(id), hash: 'sha256', source });
  await writer.append(bytes);
  return wholeOf(await writer.complete());
};

type Alteration = (path: string) => Promise<unknown>;

const replace = async (path: string, bytes: Uint8Array): Promise<void> => {
  await writeFile(`${path}.new`, bytes);
  await rename(`${path}.new`, path);
};

const flip = async (path: string, position: number): Promise<void> => {
  const file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, position);
  byte.writeUInt8(byte.readUInt8() ^ 0xff);
  await file.write(byte, 0, 1, position);
  await file.close();
};

/** What a peer gets, block by block. */
const lendAll = async (
  store: ContentStore,
  { segments }: WholePublication,
): Promise<(Buffer | undefined)[]> => {
  const blocks: (Buffer | undefined)[] = [];
  for (const { id, blockHashes } of segments) {
    const segment = store.find(id);
    for (const index of blockHashes.keys()) {
      blocks.push(await segment?.lend(index, (bytes) => Buffer.from(bytes)));
    }
  }
  return blocks;
};

const joined = (blocks: readonly (Buffer | undefined)[]): Buffer =>
  Buffer.concat(blocks.map((block) => block ?? Buffer.alloc(0)));

/** Which blocks are delivered, after a look whether each has the right bytes. */
const delivered = async (
  store: ContentStore,
  publication: WholePublication,
  content = CONTENT,
): Promise<number[]> => {
  const expected = blocksOf(content);
  const here: number[] = [];
  for (const blocks of [await lendAll(store, publication), await readBack(store, publication)]) {
    for (const [index, block] of blocks.entries()) {
      if (block === undefined) continue;
      expect(block.equals(expected[index]!)).toBe(true);
      here.push(index);
    }
  }
  return [...new Set(here)].sort((one, other) => one - other);
};

const ALL = [0, 1, 2, 3, 4, 5];

/** Lets file versions look old, as they are when a publication lasts for more than a moment. */
const later = (): void => void vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
afterEach(() => void vi.useRealTimers());

describe('a publication by reference', () => {
  it('describes and delivers the same as a copy, and keeps none', async () => {
    const directory = temporaryDirectory();
    const store = await openStore(directory);
    const content = contentOf('large', SEGMENT + 2 * BLOCK + 1);
    const publication = await refer(store, 'a', fileWith(content));
    const copy = await publish(await openStore(temporaryDirectory()), 'a', content);
    expect(publication).toEqual(copy);
    expect(found(store, 'a')).toEqual(publication);
    expect(joined(await lendAll(store, publication)).equals(content)).toBe(true);
    expect(joined(await readBack(store, publication)).equals(content)).toBe(true);
    const kept = (await filesIn(directory)).map((path) => statSync(join(directory, path)).size);
    expect(Math.max(...kept)).toBeLessThan(BLOCK);
  });

  it('is served by other stores of the directory, now and later', async () => {
    const directory = temporaryDirectory();
    const [first, other] = [await openStore(directory), await openStore(directory)];
    const publication = await refer(first, 'a', fileWith(CONTENT));
    expect(await delivered(other, publication)).toEqual(ALL);
    await first.close();
    expect(await delivered(await openStore(directory), publication)).toEqual(ALL);
  });

  it('leaves nothing when it is unpublished or given up, and never touches the file', async () => {
    const directory = temporaryDirectory();
    const store = await openStore(directory);
    const source = fileWith(CONTENT);
    const [segment] = (await refer(store, 'a', source)).segments;
    await store.unpublish(contentId('a'));
    expect(store.find(segment!.id)).toBeUndefined();
    const writer = await store.beginPublication({ contentId: contentId('b'), hash: 'sha256', source });
    await writer.append(CONTENT);
    await writer.abort();
    await store.close();
    expect(await filesIn(directory)).toEqual([]);
    expect(nodeDisk.version(source.path)).toEqual(source.version);
  });

  it.each<[string, Alteration]>([
    ['written to', (path) => flip(path, 3)],
    ['longer', (path) => writeFile(path, 'more', { flag: 'a' })],
    ['gone', (path) => rm(path)],
    ['another one', (path) => replace(path, CONTENT)],
    ['a directory', (path) => rm(path).then(() => mkdir(path))],
  ])('fails when the file is %s at its end', async (_what, change) => {
    const directory = temporaryDirectory();
    const store = await openStore(directory);
    const source = fileWith(CONTENT);
    const writer = await store.beginPublication({ contentId: contentId('a'), hash: 'sha256', source });
    await writer.append(CONTENT);
    await change(source.path);
    await expect(writer.complete()).rejects.toMatchObject({ name: 'StoreFailure', code: 'SOURCE_CHANGED' });
    await writer.abort();
    await store.close();
    expect(await filesIn(directory)).toEqual([]);
  });

  it('does not begin with a file that is not the one that was opened', async () => {
    const store = await openStore(temporaryDirectory());
    const source = fileWith(CONTENT);
    await flip(source.path, 0);
    await expect(refer(store, 'a', source)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
    await publish(store, 'a', CONTENT);
  });

  it('needs all bytes of the file', async () => {
    const store = await openStore(temporaryDirectory());
    const source = fileWith(CONTENT);
    await expect(refer(store, 'a', source, CONTENT.subarray(1))).rejects.toMatchObject({
      code: 'LENGTH_MISMATCH',
    });
  });

  it('shares its segments with other publications of the bytes, each with its own file', async () => {
    const store = await openStore(temporaryDirectory());
    const [one, other] = [fileWith(CONTENT), fileWith(CONTENT)];
    const publication = await refer(store, 'a', one);
    await refer(store, 'b', other);
    rmSync(one.path);
    expect(await delivered(store, publication)).toEqual(ALL);
    await store.unpublish(contentId('b'));
    const fresh = await refer(store, 'c', fileWith(CONTENT));
    expect(await delivered(store, fresh)).toEqual(ALL);
    expect(await store.unpublish(contentId('c'))).toBe(true);
    expect(await delivered(store, publication)).toEqual([]);
  });

  it('is made anew from another file', async () => {
    const directory = temporaryDirectory();
    const [one, other] = [fileWith(CONTENT), fileWith(CONTENT)];
    const first = await openStore(directory);
    await refer(first, 'a', one);
    await first.close();
    rmSync(one.path);
    const store = await openStore(directory);
    const publication = await refer(store, 'a', other);
    expect(await delivered(store, publication)).toEqual(ALL);
  });

  it('leaves room for a copy of what its file has lost', async () => {
    const store = await openStore(temporaryDirectory());
    const source = fileWith(CONTENT);
    const publication = await refer(store, 'a', source);
    await flip(source.path, 2 * BLOCK);
    const changed = readFileSync(source.path);
    expect(await delivered(store, publication)).toEqual([0, 1, 3, 4, 5]);
    const adopted = await store.adopt(publication.segments[0]!, tag('x'));
    expect(adopted.has(2)).toBe(false);
    await adopted.write(2, blocksOf(CONTENT)[2]!);
    expect(await delivered(store, publication)).toEqual(ALL);
    expect(readFileSync(source.path).equals(changed)).toBe(true);
    await store.unpublish(contentId('a'));
    expect(await delivered(store, publication)).toEqual([2]);
  });
});

describe('the file behind a publication', () => {
  const published = async () => {
    const events: (PublicationEvent | CacheEvent)[] = [];
    const directory = temporaryDirectory();
    const store = await openStore(directory, { emit: (event) => events.push(event) });
    const source = fileWith(CONTENT);
    const publication = await refer(store, 'a', source);
    return { store, source, publication, events, directory };
  };
  const told = (path: string, change: 'content' | 'removed') => [
    { _tag: 'PublicationChanged', contentId: contentId('a').toString('hex'), path, change },
  ];

  it.each<[string, 'content' | 'removed', Alteration, number[]]>([
    ['written to', 'content', (path) => flip(path, 4 * BLOCK), [0, 1, 2, 3, 5]],
    ['cut off', 'content', (path) => truncate(path, 2 * BLOCK + 7), [0, 1]],
    ['replaced', 'content', (path) => replace(path, CONTENT.subarray(0, BLOCK)), [0]],
    ['removed', 'removed', (path) => rm(path), []],
  ])('is noticed, once, when it is %s', async (_what, change, alter, left) => {
    const { store, source, publication, events, directory } = await published();
    await store.checkSources();
    expect(events).toEqual([]);
    await alter(source.path);
    await store.checkSources();
    await store.checkSources();
    expect(events).toEqual(told(source.path, change));
    expect(await delivered(await openStore(directory), publication)).toEqual(left);
  });

  it('is noticed when a peer asks for what it has lost', async () => {
    const { store, source, publication, events } = await published();
    await flip(source.path, BLOCK);
    expect(await delivered(store, publication)).toEqual([0, 2, 3, 4, 5]);
    expect(events).toEqual(told(source.path, 'content'));
    await store.checkSources();
    expect(events).toHaveLength(1);
  });

  it.each<[string, Alteration]>([
    ['touched', (path) => utimes(path, 1, 1)],
    ['given a second name', (path) => link(path, `${path}.link`)],
    ['moved and put back', (path) => rename(path, `${path}.away`).then(() => rename(`${path}.away`, path))],
    ['replaced by the same bytes', (path) => replace(path, CONTENT)],
  ])('may be %s', async (_what, alter) => {
    const { store, source, publication, events } = await published();
    await alter(source.path);
    expect(await delivered(store, publication)).toEqual(ALL);
    await store.checkSources();
    expect(await delivered(store, publication)).toEqual(ALL);
    expect(events).toEqual([]);
  });

  it('is good again when its bytes are back', async () => {
    const { store, source, publication, events } = await published();
    await flip(source.path, 7);
    await store.checkSources();
    await flip(source.path, 7);
    await store.checkSources();
    expect(await delivered(store, publication)).toEqual(ALL);
    await flip(source.path, 7);
    await store.checkSources();
    expect(events).toHaveLength(2);
  });

  it(
    'never makes a wrong byte leave, whatever is done to it in whatever order',
    { timeout: 120_000 },
    async () => {
      const change = fc.oneof(
        fc.nat({ max: CONTENT.length - 1 }).map((at) => ['flip', at] as const),
        fc.nat({ max: CONTENT.length }).map((at) => ['cut', at] as const),
        fc.constantFrom(['remove'] as const, ['restore'] as const, ['replace'] as const, ['check'] as const),
        fc.constantFrom(['deliver'] as const, ['deliver'] as const),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(change, { maxLength: 12 }), fc.boolean(), async (changes, isOld) => {
          const { store, source, publication, events } = await published();
          if (isOld) later();
          const { path } = source;
          const isThere = () => nodeDisk.version(path) !== undefined;
          for (const [what, at] of changes) {
            if (what === 'flip' && isThere() && statSync(path).size > at) await flip(path, at);
            if (what === 'cut' && isThere()) truncateSync(path, at);
            if (what === 'remove') rmSync(path, { force: true });
            if (what === 'restore') writeFileSync(path, CONTENT);
            if (what === 'replace') await replace(path, CONTENT);
            if (what === 'check') await store.checkSources();
            if (what === 'deliver') await delivered(store, publication);
          }
          if (isThere() && !readFileSync(path).equals(CONTENT)) {
            await store.checkSources();
            expect(events.length).toBeGreaterThan(0);
          }
          writeFileSync(path, CONTENT);
          await store.checkSources();
          expect(await delivered(store, publication)).toEqual(ALL);
          vi.useRealTimers();
          await store.close();
        }),
        { numRuns: 40 },
      );
    },
  );
});

describe('trust in a file that has not changed', () => {
  /** A disk that has been tampered with unnoticed: the version stays, the bytes do not. */
  const tamperable = () => {
    const frozen = new Map<unknown, ReturnType<typeof nodeDisk.version>>();
    let isFrozen = false;
    const disk = {
      ...nodeDisk,
      version: (file: string | number) => {
        const version = nodeDisk.version(file);
        if (!isFrozen) frozen.set(version?.inode, version);
        return frozen.get(version?.inode) ?? version;
      },
    };
    return { disk, freeze: () => (isFrozen = true) };
  };
  const wrong = async (store: ContentStore, { segments }: WholePublication): Promise<boolean> => {
    const lent = await store.find(segments[0]!.id)!.lend(1, (bytes) => Buffer.from(bytes));
    return lent !== undefined && !lent.equals(blocksOf(CONTENT)[1]!);
  };

  it('spares hashing what goes to peers, but not what is read here', async () => {
    const { disk, freeze } = tamperable();
    const source = fileWith(CONTENT);
    later();
    const store = await openStore(temporaryDirectory(), { disk });
    const publication = await refer(store, 'a', source);
    freeze();
    await flip(source.path, BLOCK + 1);
    expect(await wrong(store, publication)).toBe(true);
    expect(await store.find(publication.segments[0]!.id)!.read(1)).toBeUndefined();
    expect(await wrong(store, publication)).toBe(false);
  });

  it('does not begin while a change could go unnoticed', async () => {
    const { disk, freeze } = tamperable();
    const source = fileWith(CONTENT);
    const store = await openStore(temporaryDirectory(), { disk });
    const publication = await refer(store, 'a', source);
    later();
    freeze();
    await flip(source.path, BLOCK + 1);
    expect(await wrong(store, publication)).toBe(false);
  });

  it('goes for copies too, once they have been hashed', async () => {
    const { disk, freeze } = tamperable();
    const directory = temporaryDirectory();
    const store = await openStore(directory, { disk });
    const publication = await publish(store, 'a', CONTENT);
    later();
    expect(joined(await lendAll(store, publication)).equals(CONTENT)).toBe(true);
    freeze();
    const data = (await filesIn(directory)).find((path) => path.endsWith('/data'))!;
    await flip(join(directory, data), BLOCK + 1);
    expect(await wrong(store, publication)).toBe(true);
    expect(await store.find(publication.segments[0]!.id)!.read(1)).toBeUndefined();
    expect(await wrong(store, publication)).toBe(false);
  });

  it('is not for hashes that somebody else brought for the same segment', async () => {
    const source = fileWith(CONTENT);
    later();
    const store = await openStore(temporaryDirectory());
    const [info] = (await refer(store, 'a', source)).segments;
    const others = [createHash('sha256').update('other').digest(), ...info!.blockHashes.slice(1)];
    const forged = await store.adopt({ ...info!, blockHashes: others }, tag('x'));
    expect(await forged.lend(0, () => true)).toBeUndefined();
    expect(await forged.lend(1, (bytes) => bytes.equals(blocksOf(CONTENT)[1]!))).toBe(true);
  });
});
