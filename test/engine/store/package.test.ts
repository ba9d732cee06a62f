import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ContentStore } from '../../../src/engine/distribution/ports.js';
import { exportPackage } from '../../../src/engine/distribution/store/package/export-package.js';
import { importPackage } from '../../../src/engine/distribution/store/package/import-package.js';
import { CachePackageError } from '../../../src/engine/distribution/store/package/package-error.js';
import { mutate, randomFrom } from '../wire/fuzz/mutations.js';
import { BLOCK, contentOf, segmentOf, sha256, tag } from './made-content.js';
import { filesIn, openStore, publish, readBack, temporaryDirectory } from './store-fixture.js';

const { info, blocks } = segmentOf('carried', 3);

const packageOf = async (store: ContentStore): Promise<Buffer> => {
  const parts: Uint8Array[] = [];
  const source = { units: store.cache.units(), find: (id: Uint8Array) => store.find(id) };
  for await (const part of exportPackage(source)) parts.push(part);
  return Buffer.concat(parts);
};

/** Blocks 0 and 2 of a segment. */
const madePackage = async (): Promise<Buffer> => {
  const store = await openStore(temporaryDirectory());
  const stored = await store.adopt(info, tag('x'));
  for (const index of [0, 2]) await stored.write(index, blocks[index]!);
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

it(
  'that is mutated is refused by its own error, or is the same content, whatever the pieces',
  { timeout: 240_000 },
  async () => {
    const bytes = await madePackage();
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
        for (const index of [0, 1, 2]) {
          const read = await store.find(info.id)?.read(index);
          expect(read === undefined || read.equals(blocks[index]!)).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
    await store.flush(tag('x'));
    await store.close();
    expect(await filesIn(directory)).toEqual([]);
  },
);
