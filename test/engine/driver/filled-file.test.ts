import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ContentHandle, SessionHandle } from '../../../src/driver/index.js';
import { nodeDisk } from '../../../src/engine/distribution/store/disk/disk.js';
import { openContentStore } from '../../../src/engine/distribution/store/index.js';
import { contentInformation, createRig, openContent, publish, type Rig, TAG } from './rig.js';

const KIB = 1024;
const bytesOf = (label: string, length: number): Buffer =>
  createHash('shake256', { outputLength: length }).update(label).digest();

/** The same thrice, so that segments of version 2 come again in it. */
const PART = bytesOf('part', 280 * KIB);
const CONTENT = Buffer.concat([PART, PART, PART, bytesOf('end', 7_001)]);

let publisher: Rig;
let publishing: SessionHandle;
let directory: string;
beforeAll(async () => {
  publisher = await createRig();
  publishing = await publisher.distribution.startup();
  for (const version of [1, 2] as const) {
    await publish(publisher.distribution, publishing, `v${version}`, CONTENT, { version });
  }
  directory = mkdtempSync(join(tmpdir(), 'peerweave-filled-'));
});
afterAll(async () => {
  await publisher.remove();
  rmSync(directory, { recursive: true, force: true });
});

type Reader = Pick<Rig, 'distribution'> & { readonly session: SessionHandle };

const readOn = async (
  { distribution, session }: Reader,
  content: ContentHandle,
  maxBytes: number,
  after: (read: number) => Promise<unknown> = async () => undefined,
): Promise<Buffer> => {
  const parts: Uint8Array[] = [];
  for (let read = 0; ; read += 1) {
    const result = await distribution.streamRead(session, content, { maxBytes, timeoutMs: 60_000 });
    if (result._tag === 'End') return Buffer.concat(parts);
    if (result._tag !== 'Data') throw new Error(result._tag);
    parts.push(result.bytes);
    await after(read);
  }
};

/** What happens while the file is filled, beside reading. */
const disturbance = fc.constantFrom('nothing', 'flush', 'another reader', 'another file', 'added');

const filling = fc.record({
  version: fc.constantFrom(1 as const, 2 as const),
  canLink: fc.boolean(),
  range: fc.option(
    fc.tuple(fc.double({ min: 0, max: 0.9, noNaN: true }), fc.double({ min: 0.01, max: 1, noNaN: true })),
  ),
  before: fc.array(fc.nat(CONTENT.length - 1), { maxLength: 3 }),
  maxBytes: fc.integer({ min: 20_000, max: 1_000_000 }),
  at: fc.nat(6),
  what: disturbance,
});

const rangeOf = (range: readonly [number, number] | null): { offset: number; length: number } => {
  if (range === null) return { offset: 0, length: CONTENT.length };
  const offset = Math.floor(range[0] * CONTENT.length);
  return { offset, length: Math.max(1, Math.floor((CONTENT.length - offset) * range[1])) };
};

let names = 0;
const newFile = (): string => {
  names += 1;
  const path = join(directory, `file-${names}`);
  writeFileSync(path, '');
  return path;
};

it('has what is read, whatever is here before and happens meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(filling, async ({ version, canLink, before, maxBytes, at, what, ...rest }) => {
      const disk = { ...nodeDisk, ...(canLink ? {} : { link: () => Promise.resolve(false) }) };
      const rig = await createRig({
        openStore: (path) => openContentStore({ directory: path, serverSecret: Buffer.from('x'), disk }),
      });
      try {
        const { distribution } = rig;
        const reader = { distribution, session: await distribution.startup() };
        const range = rangeOf(rest.range);
        const expected = CONTENT.subarray(range.offset, range.offset + range.length);
        const whole = await contentInformation(publisher.distribution, publishing, `v${version}`);
        const information = await contentInformation(
          publisher.distribution,
          publishing,
          `v${version}`,
          range,
        );
        const open = (described: Buffer) =>
          openContent(distribution, reader.session, described, [publisher.peer()]);
        const early = await open(whole);
        for (const offset of before) await readAt(reader, early, offset);

        const content = await open(information);
        const path = newFile();
        await distribution.fillFile(reader.session, content, path);
        const disturb = async (read: number): Promise<void> => {
          if (read === at)
            await disturbances[what](reader, { content, range, open: () => open(information) });
        };
        expect((await readOn(reader, content, maxBytes, disturb)).equals(expected)).toBe(true);
        await distribution.finishFile(reader.session, content);
        expect(readFileSync(path).equals(expected)).toBe(true);
        await distribution.closeContent(reader.session, content);

        // Its owner changes it; whoever fetches the same then gets the right bytes, and leaves the file alone.
        writeFileSync(path, Buffer.alloc(expected.length, 'x'));
        const again = await open(information);
        expect((await readOn(reader, again, maxBytes)).equals(expected)).toBe(true);
        expect(readFileSync(path).every((byte) => byte === 0x78)).toBe(true);
      } finally {
        await rig.remove();
      }
    }),
    { numRuns: 60 },
  );
});

const readAt = ({ distribution, session }: Reader, content: ContentHandle, offset: number) =>
  distribution.blockRead(session, content, offset, { maxBytes: 1_000, timeoutMs: 60_000 });

interface Scene {
  readonly content: ContentHandle;
  readonly range: { readonly offset: number; readonly length: number };
  readonly open: () => Promise<ContentHandle>;
}

type Disturbance = (reader: Reader, scene: Scene) => Promise<unknown>;

const disturbances: Readonly<
  Record<'nothing' | 'flush' | 'another reader' | 'another file' | 'added', Disturbance>
> = {
  nothing: () => Promise.resolve(),
  flush: ({ distribution, session }) => distribution.flush(session, TAG),
  'another reader': async (reader, { open }) => readOn(reader, await open(), 100_000),
  'another file': async (reader, { open, range }) => {
    const [content, path] = [await open(), newFile()];
    await reader.distribution.fillFile(reader.session, content, path);
    await readOn(reader, content, 100_000);
    await reader.distribution.finishFile(reader.session, content);
    expect(readFileSync(path).equals(CONTENT.subarray(range.offset, range.offset + range.length))).toBe(true);
  },
  added: ({ distribution, session }, { content, range: { offset, length } }) =>
    distribution.addData(session, content, offset, CONTENT.subarray(offset, offset + length)),
};

it('has a segment of version 1 twice that comes twice', async () => {
  const segment = bytesOf('segment', 32 * KIB * KIB);
  const twice = Buffer.concat([segment, segment]);
  const information = await publish(publisher.distribution, publishing, 'twice', twice);
  const rig = await createRig();
  const { distribution } = rig;
  const reader = { distribution, session: await distribution.startup() };
  const content = await openContent(distribution, reader.session, information, [publisher.peer()]);
  const path = newFile();
  await distribution.fillFile(reader.session, content, path);
  await readOn(reader, content, KIB * KIB);
  await distribution.finishFile(reader.session, content);
  expect(readFileSync(path).equals(twice)).toBe(true);
  await rig.remove();
});

it('is left as it is by a content that is closed before the end', async () => {
  const rig = await createRig();
  const { distribution } = rig;
  const reader = { distribution, session: await distribution.startup() };
  const information = await contentInformation(publisher.distribution, publishing, 'v1');
  const content = await openContent(distribution, reader.session, information, [publisher.peer()]);
  const path = newFile();
  await distribution.fillFile(reader.session, content, path);
  await distribution.streamRead(reader.session, content, { maxBytes: 200_000, timeoutMs: 60_000 });
  await distribution.closeContent(reader.session, content);
  const left = readFileSync(path);
  const again = await openContent(distribution, reader.session, information, [publisher.peer()]);
  expect((await readOn(reader, again, 100_000)).equals(CONTENT)).toBe(true);
  expect(readFileSync(path).equals(left)).toBe(true);
  await rig.remove();
});
