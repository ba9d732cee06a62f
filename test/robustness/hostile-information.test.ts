import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fc, test } from '@fast-check/vitest';
import { makeContentInformation } from 'peerweave/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BLOCK, contentOf, failureOf, inDirectory, openNode, publishOn, retrieveOn } from './support/node.js';
import { run } from '../cli/run.js';

/* Where things lie in version 1 with one segment: [MS-PCCRC] 2.3. */
const HEADER = 18;
const OFFSET = HEADER;
const LENGTH = HEADER + 8;
const HASH_OF_DATA = HEADER + 16;
const SECRET = HASH_OF_DATA + 32;
const BLOCK_COUNT = SECRET + 32;
const BLOCK_HASHES = BLOCK_COUNT + 4;

const CONTENT = contentOf(5 * BLOCK + 99);

const changed = (bytes: Uint8Array, change: (copy: Buffer) => void): Buffer => {
  const copy = Buffer.from(bytes);
  change(copy);
  return copy;
};

const flip = (bytes: Uint8Array, at: number): Buffer =>
  changed(bytes, (copy) => copy.writeUInt8(copy.readUInt8(at) ^ 0x40, at));

const HOSTILE: Readonly<Record<string, (valid: Buffer) => Buffer>> = {
  'no bytes': () => Buffer.alloc(0),
  'a header alone': (valid) => valid.subarray(0, HEADER),
  'a valid header and then garbage': (valid) => Buffer.concat([valid.subarray(0, HEADER), contentOf(5_000)]),
  'one byte less': (valid) => valid.subarray(0, -1),
  'one byte more': (valid) => Buffer.concat([valid, Buffer.from([0])]),
  'a thousand million segments': (valid) => changed(valid, (copy) => copy.writeUInt32LE(1e9, 14)),
  'an offset of 2^64 - 1': (valid) => changed(valid, (copy) => copy.writeBigUInt64LE(2n ** 64n - 1n, OFFSET)),
  'a segment of 4 GiB': (valid) => changed(valid, (copy) => copy.writeUInt32LE(0xffffffff, LENGTH)),
  'four thousand million block hashes': (valid) =>
    changed(valid, (copy) => copy.writeUInt32LE(0xffffffff, BLOCK_COUNT)),
  '70 MiB': (valid) => Buffer.concat([valid, Buffer.alloc(70 * 1024 * 1024)]),
};

describe('content information that says', () => {
  it.each(Object.entries(HOSTILE))(
    '%s is a broken protocol, for the stream and for the command',
    (_name, hostile) =>
      inDirectory(async (directory) => {
        const valid = await makeContentInformation([CONTENT], { secret: Buffer.from('a secret') });
        const information = hostile(Buffer.from(valid));
        await using reader = await openNode(join(directory, 'reader'), { listen: false });
        expect((await failureOf(retrieveOn(reader, information)))._tag).toBe('Protocol');

        await writeFile(join(directory, 'bad.ci'), information);
        const ran = await run(directory, ['--json', 'retrieve', 'bad.ci', '-o', 'copy']);
        expect(ran.code, ran.stderr).toBe(9);
        expect(JSON.parse(ran.stderr)).toMatchObject({ error: { _tag: 'Protocol' } });
        expect(await readdir(directory)).not.toContain('copy');
      }),
  );
});

describe('content information with which nothing verifies', () => {
  const range = { start: 0, length: 4 * BLOCK };

  // The list of a range cannot be checked against the hash of data, so these pass as content information.
  it.each([
    ['wrong block hashes', BLOCK_HASHES],
    ['a wrong secret', SECRET],
    ['a wrong hash of data', HASH_OF_DATA],
  ])('(%s) is not found, and the right one is afterwards', (_name, at) =>
    inDirectory(async (directory) => {
      await using publisher = await openNode(join(directory, 'publisher'));
      await using reader = await openNode(join(directory, 'reader'), { listen: false });
      await publishOn(publisher, CONTENT);
      const secret = await readFile(join(directory, 'publisher', 'server-secret'));
      const right = await makeContentInformation([CONTENT], { secret, range });
      const failure = await failureOf(retrieveOn(reader, flip(right, at), { peers: [publisher.peer] }));
      expect(failure._tag).toBe('NotFound');

      await using other = await openNode(join(directory, 'other'), { listen: false });
      const to = join(directory, 'copy');
      await retrieveOn(other, right, { peers: [publisher.peer], to });
      expect((await readFile(to)).equals(CONTENT.subarray(0, range.length))).toBe(true);
    }),
  );

  it('leaves a cache in which the right one still works', () =>
    inDirectory(async (directory) => {
      await using publisher = await openNode(join(directory, 'publisher'));
      await using reader = await openNode(join(directory, 'reader'), { listen: false });
      const whole = await publishOn(publisher, CONTENT);
      const secret = await readFile(join(directory, 'publisher', 'server-secret'));
      const wrong = flip(await makeContentInformation([CONTENT], { secret, range }), BLOCK_HASHES);
      const peers = [publisher.peer];
      await failureOf(retrieveOn(reader, wrong, { peers }));
      await reader.session.close();

      await using later = await openNode(join(directory, 'reader'), { listen: false });
      const to = join(directory, 'copy');
      await retrieveOn(later, whole, { peers, to });
      expect((await readFile(to)).equals(CONTENT)).toBe(true);
    }));
});

describe.each([3 * BLOCK + 1, 3 * BLOCK + 98, 3 * BLOCK + 100, 4 * BLOCK])(
  `content information that says %i of ${3 * BLOCK + 99} bytes`,
  (length) => {
    const content = CONTENT.subarray(0, 3 * BLOCK + 99);

    it('harms neither the cache, nor the peer, nor who asks here', () =>
      inDirectory(async (directory) => {
        await using publisher = await openNode(join(directory, 'publisher'));
        const right = await publishOn(publisher, content);
        const wrong = changed(right, (copy) => copy.writeUInt32LE(length, LENGTH));
        const peers = [publisher.peer];
        const to = join(directory, 'copy');
        await using reader = await openNode(join(directory, 'reader'));
        const failure = await failureOf(retrieveOn(reader, wrong, { peers }));
        expect(failure._tag).toBe('NotFound');
        // Three of four blocks are here by now, and the peer is asked for the last one.
        const first = await retrieveOn(reader, right, { peers, to });
        expect(first).toMatchObject({ fromCache: 3 * BLOCK, fromPeers: { [publisher.peer]: 99 } });
        expect((await readFile(to)).equals(content)).toBe(true);
        // Who says otherwise now finds nothing wrong here either.
        expect((await failureOf(retrieveOn(reader, wrong, { peers })))._tag).toBe('NotFound');
        expect(await retrieveOn(reader, right, {})).toMatchObject({ fromCache: content.length });
        await using other = await openNode(join(directory, 'other'), { listen: false });
        expect(await retrieveOn(other, right, { peers: [reader.peer] })).toMatchObject({
          fromPeers: { [reader.peer]: content.length },
        });
      }));
  },
);

it.each(['sha384', 'sha512'] as const)('content hashed with %s is retrieved like any other', (hash) =>
  inDirectory(async (directory) => {
    await using publisher = await openNode(join(directory, 'publisher'), { hash });
    await using reader = await openNode(join(directory, 'reader'), { listen: false });
    const information = await publishOn(publisher, CONTENT);
    const to = join(directory, 'copy');
    await retrieveOn(reader, information, { peers: [publisher.peer], to });
    expect((await readFile(to)).equals(CONTENT)).toBe(true);
  }),
);

describe('whatever bytes of it are changed', () => {
  const scratch = { directory: '', done: (): void => undefined };
  let over: Promise<void>;
  beforeAll(async () => {
    await new Promise<void>((ready) => {
      over = inDirectory(async (directory) => {
        scratch.directory = directory;
        ready();
        await new Promise<void>((done) => (scratch.done = done));
      });
    });
  });
  afterAll(() => {
    scratch.done();
    return over;
  });

  const mutations = fc.array(fc.tuple(fc.nat(BLOCK_HASHES + 6 * 32 - 1), fc.integer({ min: 1, max: 255 })), {
    minLength: 1,
    maxLength: 3,
  });
  let runs = 0;

  test.prop([mutations], { numRuns: 25 })('it is a typed error or bytes of the content', async (changes) => {
    runs += 1;
    const directory = join(scratch.directory, String(runs));
    await using publisher = await openNode(join(directory, 'publisher'));
    await using reader = await openNode(join(directory, 'reader'), { listen: false });
    const information = Buffer.from(await publishOn(publisher, CONTENT));
    for (const [at, by] of changes) information.writeUInt8(information.readUInt8(at) ^ by, at);
    const to = join(directory, 'copy');
    const retrieved = retrieveOn(reader, information, { peers: [publisher.peer], to });
    const failed = await retrieved.then(
      () => false,
      () => true,
    );
    if (failed) expect(['Protocol', 'Unsupported', 'NotFound']).toContain((await failureOf(retrieved))._tag);
    else expect(CONTENT.includes(await readFile(to))).toBe(true);
  });
});
