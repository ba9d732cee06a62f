import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ContentStore, SegmentInfo } from '../../../src/engine/distribution/ports.js';
import {
  exportPackage,
  type Exported,
} from '../../../src/engine/distribution/store/package/export-package.js';
import { importPackage } from '../../../src/engine/distribution/store/package/import-package.js';
import { CachePackageError } from '../../../src/engine/distribution/store/package/package-error.js';
import { describeSegment, type ContentInformation } from '../../../src/engine/distribution/wire/index.js';
import { mutate, randomFrom } from '../wire/fuzz/mutations.js';
import { BLOCK, contentOf, segmentOf, sha256, tag } from './made-content.js';
import { filesIn, openStore, publish, readBack, temporaryDirectory } from './store-fixture.js';

const { info, blocks } = segmentOf('carried', 3);

/** Segments that are kept together, and a block of one of them each. */
interface Carried {
  readonly segments: readonly SegmentInfo[];
  readonly places: readonly {
    readonly segment: SegmentInfo;
    readonly index: number;
    readonly bytes: Buffer;
  }[];
}

const ofVersion2 = (): Carried => {
  const hash = 'truncated-sha512';
  const serverKey = sha256(Buffer.from('another secret'));
  const places = [40_000, 70_000, 131_072].map((length) => {
    const bytes = contentOf(`carried ${length}`, length);
    const blockHashes = [createHash('sha512').update(bytes).digest().subarray(0, 32)];
    return { segment: describeSegment({ hash, serverKey, length, blockHashes }), index: 0, bytes };
  });
  return { segments: places.map(({ segment }) => segment), places };
};

const CARRIED: Readonly<Record<1 | 2, Carried>> = {
  1: { segments: [info], places: blocks.map((bytes, index) => ({ segment: info, index, bytes })) },
  2: ofVersion2(),
};
const VERSIONS = [1, 2] as const;

/** Keeps the first and the third of three blocks. */
const keepTwo = async (store: ContentStore, version: 1 | 2): Promise<void> => {
  const { segments, places } = CARRIED[version];
  const adopted = await store.adoptAll(segments, tag('x'));
  for (const { segment, index, bytes } of [places[0]!, places[2]!])
    await adopted.at(segments.indexOf(segment)).write(index, bytes);
};

/** What is there of the three blocks. */
const readThree = (store: ContentStore, version: 1 | 2): Promise<(Buffer | undefined)[]> =>
  Promise.all(CARRIED[version].places.map(async ({ segment, index }) => store.find(segment.id)?.read(index)));

const packageOf = async (store: ContentStore): Promise<Buffer> => {
  const parts: Uint8Array[] = [];
  for await (const part of exportPackage(store)) parts.push(part);
  return Buffer.concat(parts);
};

const exportedOf = async (store: ContentStore, content?: ContentInformation): Promise<Exported> => {
  const exporting = exportPackage(store, content);
  for await (const part of exporting) expect(part.length).toBeGreaterThan(0);
  return exporting.exported;
};

/** With two blocks of three. */
const madePackage = async (version: 1 | 2 = 1): Promise<Buffer> => {
  const store = await openStore(temporaryDirectory());
  await keepTwo(store, version);
  return packageOf(store);
};

/** With a checksum that is right, so that what lies before it is what is refused. */
const resealed = (bytes: Buffer): Buffer => {
  const body = bytes.subarray(0, -32);
  return Buffer.concat([body, sha256(body)]);
};

const changed = (bytes: Buffer, at: number, by: Buffer): Buffer => {
  const copy = Buffer.from(bytes);
  by.copy(copy, at);
  return copy;
};

const LONG = Buffer.from('ffffffff', 'hex');

it('carries what is kept to another store, and what is there already stays', async () => {
  const here = await openStore(temporaryDirectory());
  const publication = await publish(here, 'a', contentOf('published', 5 * BLOCK + 1));
  const stored = await here.adopt(info, tag('x'));
  for (const index of [0, 2]) await stored.write(index, blocks[index]!);
  const bytes = await packageOf(here);
  const there = await openStore(temporaryDirectory());
  const total = 5 * BLOCK + 1 + blocks[0]!.length + blocks[2]!.length;
  expect(await importPackage([bytes], there, tag('y'))).toEqual({ segments: 2, bytes: total, bytesHere: 0 });
  expect(await readBack(there, publication)).toEqual(await readBack(here, publication));
  const found = there.find(info.id);
  expect([0, 1, 2].map((index) => found?.has(index))).toEqual([true, false, true]);
  expect(await found?.read(2)).toEqual(blocks[2]);
  expect(await importPackage([bytes], there, tag('y'))).toEqual({ segments: 2, bytes: 0, bytesHere: total });
});

it.each(VERSIONS)(
  'of version %i says what went into it, and what of a content is missing',
  async (version) => {
    const store = await openStore(temporaryDirectory());
    await keepTwo(store, version);
    const { segments, places } = CARRIED[version];
    const [first, , third] = places;
    const bytes = first!.bytes.length + third!.bytes.length;
    const counts = { segments: version === 1 ? 1 : 2, blocks: 2, bytes };
    expect(await exportedOf(store)).toEqual({ ...counts, missingSegments: 0, missingBlocks: 0 });
    let at = 0;
    const placed = segments.map((segment) => {
      const offsetInContent = at;
      at += segment.length;
      return { info: segment, offsetInContent };
    });
    const content = (start: number, length: number): ContentInformation => ({
      hash: segments[0]!.hash,
      range: { start, length },
      firstSegmentIndex: 0,
      segments: placed,
    });
    expect(await exportedOf(store, content(0, at))).toEqual({
      ...counts,
      missingSegments: 1,
      missingBlocks: 1,
    });
    // Nobody wants what is missing.
    const ofFirst = await exportedOf(store, content(0, first!.bytes.length));
    expect(ofFirst).toMatchObject({ missingSegments: 0, missingBlocks: 0 });
    const other = await openStore(temporaryDirectory());
    const inVain = await exportedOf(other, content(0, at));
    const missing = { missingSegments: version === 1 ? 1 : 3, missingBlocks: 3 };
    expect(inVain).toEqual({ segments: 0, blocks: 0, bytes: 0, ...missing });
  },
);

it('keeps what goes into it from being evicted meanwhile, by any process', async () => {
  const directory = temporaryDirectory();
  const [store, other] = [await openStore(directory), await openStore(directory)];
  const names = Array.from({ length: 20 }, (_, index) => `segment ${index}`);
  for (const name of names) {
    const made = segmentOf(name, 1);
    await (await store.adopt(made.info, tag('x'))).write(0, made.blocks[0]!);
  }
  const exporting = exportPackage(store);
  const parts: Uint8Array[] = [];
  for await (const part of exporting) {
    if (parts.length === 0) expect(await other.cache.clear()).toEqual({ segments: 0, bytes: 0 });
    parts.push(part);
  }
  expect(exporting.exported).toMatchObject({ segments: 20, blocks: 20, missingBlocks: 0 });
  expect((await other.cache.clear()).segments).toBe(20);
  const there = await openStore(temporaryDirectory());
  expect(await importPackage(parts, there, tag('y'))).toMatchObject({ segments: 20 });
});

it.each(VERSIONS)('of version %i says what has turned out damaged or gone', async (version) => {
  const store = await openStore(temporaryDirectory());
  await keepTwo(store, version);
  const exporting = exportPackage(store);
  let parts = 0;
  for await (const part of exporting) {
    expect(part.length).toBeGreaterThan(0);
    if (parts === 0) await store.flush(tag('x'));
    parts += 1;
  }
  const missing = { missingSegments: version === 1 ? 1 : 2, missingBlocks: 2 };
  expect(exporting.exported).toEqual({ segments: 0, blocks: 0, bytes: 0, ...missing });
});

it.each(VERSIONS)('with segments of version %i is written as it was read', async (version) => {
  const bytes = await madePackage(version);
  const store = await openStore(temporaryDirectory());
  await importPackage([bytes], store, tag('x'));
  const [first, second, third] = await readThree(store, version);
  const { places } = CARRIED[version];
  expect([first?.equals(places[0]!.bytes), second, third?.equals(places[2]!.bytes)]).toEqual([
    true,
    undefined,
    true,
  ]);
  expect((await packageOf(store)).equals(bytes)).toBe(true);
});

it.each<readonly [string, (bytes: Buffer) => Buffer, string]>([
  ['nothing', () => Buffer.alloc(0), 'TRUNCATED'],
  ['another file', () => Buffer.from('PK\x03\x04 an archive'), 'NOT_A_PACKAGE'],
  ['a package of the future', (bytes) => changed(bytes, 4, Buffer.of(2)), 'UNKNOWN_VERSION'],
  ['half of it', (bytes) => bytes.subarray(0, bytes.length / 2), 'TRUNCATED'],
  ['all but the last byte', (bytes) => bytes.subarray(0, -1), 'TRUNCATED'],
  ['more behind it', (bytes) => Buffer.concat([bytes, Buffer.of(0)]), 'TRAILING_DATA'],
  ['an unknown entry', (bytes) => resealed(changed(bytes, 5, Buffer.of(7))), 'MALFORMED'],
  ['a description of 4 GiB', (bytes) => resealed(changed(bytes, 6, LONG)), 'MALFORMED'],
  ['another checksum', (bytes) => changed(bytes, bytes.length - 1, Buffer.of(1)), 'WRONG_CHECKSUM'],
  [
    'other bytes',
    (bytes) => resealed(changed(bytes, bytes.length - 2_000, Buffer.from('other'))),
    'WRONG_BYTES',
  ],
  ['counts that differ', (bytes) => resealed(changed(bytes, bytes.length - 48, LONG)), 'MALFORMED'],
])('refuses %s, and keeps nothing that was not checked', async (_name, damage, code) => {
  const store = await openStore(temporaryDirectory());
  const bytes = damage(await madePackage());
  const refused = importPackage([bytes], store, tag('x'));
  await expect(refused).rejects.toBeInstanceOf(CachePackageError);
  await expect(refused).rejects.toMatchObject({ code });
  for (const index of [0, 1, 2]) {
    expect([undefined, blocks[index]?.toString('hex')]).toContain(
      (await store.find(info.id)?.read(index))?.toString('hex'),
    );
  }
});

it.each(VERSIONS)(
  'of version %i that is mutated is refused by its own error, or is the same content, whatever the pieces',
  { timeout: 240_000 },
  async (version) => {
    const bytes = await madePackage(version);
    const directory = temporaryDirectory();
    const store = await openStore(directory);
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 100_000 }), async (seed, piece) => {
        const input = mutate(bytes, randomFrom(seed), bytes, 2 * bytes.length);
        const pieces = Array.from({ length: Math.ceil(input.length / piece) }, (_, index) =>
          input.subarray(index * piece, (index + 1) * piece),
        );
        try {
          await importPackage(pieces, store, tag('x'));
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(CachePackageError);
        }
        for (const [place, read] of (await readThree(store, version)).entries())
          expect(read === undefined || read.equals(CARRIED[version].places[place]!.bytes)).toBe(true);
      }),
      { numRuns: 150 },
    );
    await store.flush(tag('x'));
    await store.close();
    // The index of segments of version 2 is kept, whatever is in it.
    expect((await filesIn(directory)).filter((name) => !name.startsWith('index/'))).toEqual([]);
  },
);
