import { createHash, createHmac, randomBytes } from 'node:crypto';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type {
  ContentStore,
  PublicationRequest,
  SegmentInfo,
  StoredSegment,
} from '../../../src/engine/distribution/ports.js';
import { nodeDisk } from '../../../src/engine/distribution/store/disk/disk.js';
import { contentId, contentOf, KIB, SECRET, tag } from './made-content.js';
import {
  filesIn,
  found,
  openStore,
  temporaryDirectory,
  wholeOf,
  type WholePublication,
} from './store-fixture.js';

const MIB = 1024 * KIB;
const CONTENT = contentOf('version 2', 5 * MIB + 77);

const sha512 = (bytes: Uint8Array): Buffer => createHash('sha512').update(bytes).digest().subarray(0, 32);
const hmac512 = (key: Uint8Array, ...parts: Uint8Array[]): Buffer =>
  createHmac('sha512', key).update(Buffer.concat(parts)).digest().subarray(0, 32);

const publish2 = async (
  store: ContentStore,
  id: string,
  content: Uint8Array,
  options: Partial<PublicationRequest> & { readonly chunk?: number } = {},
): Promise<WholePublication> => {
  const { chunk = content.length, ...request } = options;
  const writer = await store.beginPublication({
    contentId: contentId(id),
    hash: 'truncated-sha512',
    ...request,
  });
  for (let at = 0; at < content.length; at += chunk) await writer.append(content.subarray(at, at + chunk));
  return wholeOf(await writer.complete());
};

/** A segment as a plain value: it may be a view, and views compare as equal whatever they show. */
const plain = ({ id, hash, hashOfData, secret, length, blockHashes }: SegmentInfo): SegmentInfo => {
  return { id, hash, hashOfData, secret, length, blockHashes };
};

const plainly = (publication: WholePublication | undefined): unknown => ({
  ...publication,
  segments: publication?.segments.map(plain),
});

/** The bytes of segments, found one by one; `undefined` for what is not there. */
const readAll = (store: ContentStore, segments: readonly SegmentInfo[]): Promise<(Buffer | undefined)[]> =>
  Promise.all(segments.map(async ({ id }) => store.find(id)?.read(0)));

const joined = (pieces: readonly (Buffer | undefined)[]): Buffer =>
  Buffer.concat(pieces.map((piece) => piece ?? Buffer.alloc(0)));

const inRuns = (segments: readonly SegmentInfo[]): SegmentInfo[][] =>
  Array.from({ length: Math.ceil(segments.length / 256) }, (_, run) =>
    segments.slice(run * 256, (run + 1) * 256),
  );

const adoptContent = async (
  store: ContentStore,
  segments: readonly SegmentInfo[],
  name: string,
): Promise<StoredSegment[]> => {
  const adopted: StoredSegment[] = [];
  for (const run of inRuns(segments)) adopted.push(...(await store.adoptAll(run, tag(name))));
  return adopted;
};

/** Fetches what is not here. @returns how many bytes that were. */
const fetchInto = async (
  store: ContentStore,
  { segments }: WholePublication,
  content: Uint8Array,
  name: string,
): Promise<number> => {
  const adopted = await adoptContent(store, segments, name);
  let [at, fetched] = [0, 0];
  for (const segment of adopted) {
    const bytes = content.subarray(at, at + segment.info.length);
    at += bytes.length;
    if (segment.has(0)) continue;
    await segment.write(0, bytes);
    fetched += bytes.length;
  }
  return fetched;
};

describe('a publication of version 2', () => {
  it('describes segments as PCCRC 2.2 says and keeps their bytes', async () => {
    const store = await openStore(temporaryDirectory());
    const publication = await publish2(store, 'a', CONTENT, { chunk: 1_000_000 });
    let at = 0;
    for (const segment of publication.segments) {
      const bytes = CONTENT.subarray(at, at + segment.length);
      at += segment.length;
      const hashOfData = sha512(bytes);
      const secret = hmac512(sha512(SECRET), hashOfData);
      expect(segment.hashOfData).toEqual(hashOfData);
      expect(segment.blockHashes).toEqual([hashOfData]);
      expect(segment.secret).toEqual(secret);
      expect(segment.id).toEqual(hmac512(secret, hashOfData, Buffer.from('MS_P2P_CACHING\0', 'utf16le')));
    }
    expect(at).toBe(CONTENT.length);
    expect(joined(await readAll(store, publication.segments)).equals(CONTENT)).toBe(true);
    expect(plainly(found(store, 'a'))).toEqual(plainly(publication));
  });

  it.each([1_000, 65_536, 131_073, 4_000_000])('does not depend on the pieces: %i bytes', async (chunk) => {
    const store = await openStore(temporaryDirectory(), { hashWorkers: chunk === 4_000_000 ? 2 : 0 });
    const content = contentOf('pieces', chunk === 1_000 ? MIB : 40 * MIB);
    const whole = await publish2(await openStore(temporaryDirectory()), 'a', content);
    const pieces = await publish2(store, 'a', content, { chunk });
    expect(plainly(pieces)).toEqual(plainly(whole));
    expect(joined(await readAll(store, pieces.segments)).equals(content)).toBe(true);
  });

  it('may be cut evenly', async () => {
    const store = await openStore(temporaryDirectory());
    const { segments } = await publish2(store, 'a', CONTENT, { segmentation: 'fixed' });
    const lengths = segments.map(({ length }) => length);
    expect(new Set(lengths.slice(0, -1))).toEqual(new Set([128 * KIB]));
    expect(lengths.reduce((sum, length) => sum + length)).toBe(CONTENT.length);
  });

  it('is found by every store of the directory, now and later, and goes with its holder', async () => {
    const directory = temporaryDirectory();
    const [first, other] = [await openStore(directory), await openStore(directory)];
    const { segments } = await publish2(first, 'a', CONTENT);
    expect(joined(await readAll(other, segments)).equals(CONTENT)).toBe(true);
    await publish2(other, 'b', CONTENT.subarray(0, 100));
    await first.close();
    await other.close();
    const third = await openStore(directory);
    expect(joined(await readAll(third, segments)).equals(CONTENT)).toBe(true);
    await third.unpublish(contentId('a'));
    expect(await readAll(third, segments)).toEqual(segments.map(() => undefined));
    await third.unpublish(contentId('b'));
    await third.close();
    expect((await filesIn(directory)).filter((path) => !path.startsWith('index/'))).toEqual([]);
  });

  it('goes with its publication also where a sweep has taken it out of the hands of that', async () => {
    const directory = temporaryDirectory();
    const store = await openStore(directory);
    const { segments } = await publish2(store, 'a', CONTENT);
    for (const file of await filesIn(directory)) {
      if (file.includes('/holders/p-')) rmSync(join(directory, file));
    }
    await store.unpublish(contentId('a'));
    expect(await readAll(store, segments)).toEqual(segments.map(() => undefined));
  });

  it('may refer to a file', async () => {
    const directory = temporaryDirectory();
    const path = join(temporaryDirectory(), 'file');
    writeFileSync(path, CONTENT);
    const store = await openStore(directory);
    const source = { path, version: nodeDisk.version(path)! };
    const { segments } = await publish2(store, 'a', CONTENT, { source });
    expect(joined(await readAll(store, segments)).equals(CONTENT)).toBe(true);
    const changed = Buffer.from(CONTENT);
    changed.fill(7, 3 * MIB, 3 * MIB + 10);
    writeFileSync(path, changed);
    const left = await readAll(await openStore(directory), segments);
    expect(left.filter((piece) => piece === undefined)).toHaveLength(1);
    expect(
      left.every((piece, index) => piece === undefined || sha512(piece).equals(segments[index]!.hashOfData)),
    ).toBe(true);
  });

  it('needs few files', async () => {
    const directory = temporaryDirectory();
    await publish2(await openStore(directory), 'a', contentOf('many', 40 * MIB));
    expect((await filesIn(directory)).length).toBeLessThan(20);
  });
});

describe('segments of version 2', () => {
  it('are adopted together, written one by one and dropped with their tag', async () => {
    const directory = temporaryDirectory();
    const { segments } = await publish2(await openStore(temporaryDirectory()), 'elsewhere', CONTENT);
    const [store, other] = [await openStore(directory), await openStore(directory)];
    const adopted = [...(await store.adoptAll(segments, tag('x')))];
    expect(adopted.map(({ info }) => info)).toEqual(segments);
    expect(adopted.some((segment) => segment.has(0))).toBe(false);
    const [first, second] = segments;
    await adopted[1]!.write(0, CONTENT.subarray(first!.length, first!.length + second!.length));
    for (const one of [store, other]) {
      expect((await one.find(second!.id)?.read(0))?.length).toBe(second!.length);
      expect(await one.find(first!.id)?.read(0)).toBeUndefined();
    }
    const theirs = await other.adoptAll(segments, tag('y'));
    expect(segments.map((_, index) => theirs.has(index, 0)).indexOf(true)).toBe(1);
    await store.flush(tag('x'));
    expect(other.find(second!.id)?.has(0)).toBe(true);
    await store.flush(tag('y'));
    expect(store.find(second!.id)).toBeUndefined();
    expect(await adopted[1]!.read(0)).toBeUndefined();
  });

  it('are found wherever they lie: an insertion is nearly all that is fetched', async () => {
    const before = contentOf('before', 30 * MIB);
    const insertion = contentOf('insertion', MIB);
    const after = Buffer.concat([before.subarray(0, 100_000), insertion, before.subarray(100_000)]);
    const publisher = await openStore(temporaryDirectory());
    const [old, fresh] = [await publish2(publisher, 'old', before), await publish2(publisher, 'new', after)];
    const directory = temporaryDirectory();
    const store = await openStore(directory);
    expect(await fetchInto(store, old, before, 'x')).toBe(before.length);
    const other = await openStore(directory);
    const fetched = await fetchInto(other, fresh, after, 'x');
    expect(fetched).toBeLessThan(insertion.length + 0.05 * after.length);
    const adopted = await adoptContent(store, fresh.segments, 'x');
    expect(joined(await Promise.all(adopted.map((segment) => segment.read(0)))).equals(after)).toBe(true);
  });

  it('that are alike are kept once', async () => {
    const content = Buffer.alloc(20 * MIB);
    const publication = await publish2(await openStore(temporaryDirectory()), 'zeros', content);
    const store = await openStore(temporaryDirectory());
    expect(await fetchInto(store, publication, content, 'x')).toBeLessThan(MIB);
    const adopted = await adoptContent(store, publication.segments, 'y');
    expect(joined(await Promise.all(adopted.map((segment) => segment.read(0)))).equals(content)).toBe(true);
  });

  it('that have left one unit are found in another', async () => {
    const store = await openStore(temporaryDirectory());
    const publication = await publish2(store, 'a', CONTENT);
    await publish2(store, 'b', Buffer.concat([CONTENT, contentOf('more', 100)]));
    await store.unpublish(contentId('a'));
    const left = await readAll(store, publication.segments);
    expect(left.filter((piece) => piece === undefined).length).toBeLessThanOrEqual(1);
  });

  it('never come with bytes that their descriptions do not match', async () => {
    const { segments } = await publish2(await openStore(temporaryDirectory()), 'elsewhere', CONTENT);
    const store = await openStore(temporaryDirectory());
    const [honest] = segments;
    const forged = {
      ...plain(honest!),
      hashOfData: sha512(Buffer.alloc(3)),
      blockHashes: [sha512(Buffer.alloc(3))],
      length: 3,
    };
    const [false_] = await store.adoptAll([forged], tag('x'));
    await false_!.write(0, Buffer.alloc(3));
    expect(await store.find(honest!.id)?.read(0)).toEqual(Buffer.alloc(3));
    const [true_] = await store.adoptAll([honest!], tag('y'));
    expect(await true_!.read(0)).toBeUndefined();
  });
});

describe('the index of segments', () => {
  const indexOf = (directory: string): string[] =>
    readdirSync(join(directory, 'index')).map((name) => join(directory, 'index', name));

  it('is made anew when it is gone', async () => {
    const directory = temporaryDirectory();
    const first = await openStore(directory);
    const { segments } = await publish2(first, 'a', CONTENT);
    await first.close();
    for (const path of indexOf(directory)) rmSync(path);
    const second = await openStore(directory);
    await expect
      .poll(async () => joined(await readAll(second, segments)).equals(CONTENT), { timeout: 20_000 })
      .toBe(true);
  });

  it('may be damaged: what it finds is still right', async () => {
    const directory = temporaryDirectory();
    const first = await openStore(directory);
    const { segments } = await publish2(first, 'a', CONTENT);
    await first.close();
    for (const path of indexOf(directory)) {
      const size = Number(nodeDisk.version(path)!.size);
      writeFileSync(path, Buffer.concat([Buffer.from('PWi1'), randomBytes(size - 4)]));
    }
    const store = await openStore(directory);
    for (const [index, piece] of (await readAll(store, segments)).entries()) {
      if (piece !== undefined) expect(sha512(piece)).toEqual(segments[index]!.hashOfData);
    }
    await publish2(store, 'b', CONTENT.subarray(1));
  });
});
