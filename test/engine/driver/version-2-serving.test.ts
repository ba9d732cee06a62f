import { createDecipheriv, createHash, createHmac } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { nodeDisk } from '../../../src/engine/distribution/store/disk/disk.js';
import { createEngineDriver, type EngineDriver } from '../../../src/engine/index.js';
import { contentOf } from './engine-program.js';
import { contentInformation } from './rig.js';

/* Segments of version 2 by the bytes of MS-PCCRC and MS-PCCRR alone, without any code of ours on this side. */

const PATH = '/116B50EB-ECE2-41ac-8429-9F9E963361B7/';
const KIB = 1024;

interface Described {
  readonly id: Buffer;
  readonly secret: Buffer;
  readonly hashOfData: Buffer;
  readonly bytes: Buffer;
}

const sha512 = (bytes: Uint8Array): Buffer => createHash('sha512').update(bytes).digest().subarray(0, 32);

/** MS-PCCRC 2.4: a header of 31 bytes, then one chunk; a description has a length, a hash and a secret. */
const describedIn = (information: Buffer, content: Buffer): readonly Described[] => {
  let offset = 0;
  return Array.from({ length: (information.length - 36) / 68 }, (_, index) => {
    const at = 36 + index * 68;
    const length = information.readUInt32BE(at);
    const hashOfData = information.subarray(at + 4, at + 36);
    const secret = information.subarray(at + 36, at + 68);
    const id = createHmac('sha512', secret)
      .update(hashOfData)
      .update('MS_P2P_CACHING\0', 'utf16le')
      .digest()
      .subarray(0, 32);
    const bytes = content.subarray(offset, (offset += length));
    return { id, secret, hashOfData, bytes };
  });
};

const numbers = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32BE(value, index * 4));
  return bytes;
};

/** MS-PCCRR 2.2.3: version, type, size, and AES-128. */
const message = (major: number, type: number, ...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  const header = numbers(major, type, 16 + body.length, 1);
  header.writeUInt16BE(0, 0);
  header.writeUInt16BE(major, 2);
  return Buffer.concat([header, body]);
};

const getBlock = (id: Buffer, first: number, count: number): Buffer =>
  message(1, 3, numbers(id.length), id, numbers(1, first, count, 0));

const getBlockList = (id: Buffer): Buffer => message(1, 2, numbers(id.length), id, numbers(1, 0, 1));

const engines: EngineDriver[] = [];
const directories: string[] = [];

afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.dispose()));
  await Promise.all(directories.splice(0).map((path) => rm(path, { recursive: true })));
});

const newDirectory = async (): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), 'peerweave-v2-'));
  directories.push(directory);
  return directory;
};

/** Publishes version 2. @returns what to ask it, and the segments. */
const publisherOf = async (content: Buffer, options: object) => {
  const engine = createEngineDriver({ dataDir: await newDirectory() });
  engines.push(engine);
  const { distribution } = engine;
  const session = await distribution.startup();
  const contentId = Buffer.from('content');
  const stream = await distribution.publishStream(session, { contentId, version: 2, ...options });
  for (let at = 0; at < content.length; at += 1_000_000) {
    await distribution.addToStream(session, stream, content.subarray(at, at + 1_000_000));
  }
  await distribution.completeStream(session, stream);
  const information = await contentInformation(distribution, session, 'content');
  const post = async (body: Buffer): Promise<Buffer> => {
    const url = `http://127.0.0.1:${engine.endpoint()?.port}${PATH}`;
    const response = await fetch(url, { method: 'POST', body: new Uint8Array(body) });
    expect(response.status).toBe(200);
    // A transport header with the size, MS-PCCRR 2.2.2.
    const answer = Buffer.from(await response.arrayBuffer());
    expect(answer.readUInt32BE()).toBe(answer.length - 4);
    return answer.subarray(4);
  };
  return { post, segments: describedIn(information, content) };
};

/** MSG_BLK, 2.2.5.3. */
const blockIn = (answer: Buffer, { id, secret }: Described): Buffer => {
  expect(answer.readUInt32BE(4)).toBe(5);
  expect(answer.readUInt32BE(12)).toBe(1);
  const idAt = 20;
  expect(answer.subarray(idAt, idAt + answer.readUInt32BE(16)).equals(id)).toBe(true);
  const at = idAt + id.length;
  expect(answer.readUInt32BE(at)).toBe(0);
  const size = answer.readUInt32BE(at + 8);
  const data = answer.subarray(at + 12, at + 12 + size);
  const padded = at + 12 + Math.ceil(size / 4) * 4;
  const vrfSize = answer.readUInt32BE(padded);
  const ivAt = padded + 4 + Math.ceil(vrfSize / 4) * 4;
  const iv = answer.subarray(ivAt + 4, ivAt + 4 + answer.readUInt32BE(ivAt));
  const decipher = createDecipheriv('aes-128-cbc', secret.subarray(0, 16), iv);
  return Buffer.concat([decipher.update(data), decipher.final()]);
};

it.each([
  ['kept as a copy', 'fastcdc', false],
  ['in its file', 'fastcdc', true],
  ['cut evenly', 'fixed', false],
] as const)(
  'every segment of a publication %s is served by its own id',
  async (_how, segmentation, inFile) => {
    // Of two runs that the store keeps together, and of a last segment that is shorter than any other may be.
    const content = contentOf(34 * 1024 * KIB + 1);
    const path = join(await newDirectory(), 'file');
    await writeFile(path, content);
    const source = inFile ? { path, version: nodeDisk.version(path)! } : undefined;
    const { post, segments } = await publisherOf(content, { segmentation, source });
    expect(segments.length).toBeGreaterThan(256);
    expect(segments.some(({ bytes }) => bytes.length > 64 * KIB)).toBe(true);
    expect(Buffer.concat(segments.map(({ bytes }) => bytes)).equals(content)).toBe(true);
    for (const segment of segments) {
      expect(sha512(segment.bytes).equals(segment.hashOfData)).toBe(true);
      const block = blockIn(await post(getBlock(segment.id, 0, 1)), segment);
      expect(block.equals(segment.bytes)).toBe(true);
    }
    for (const segment of [segments[0]!, segments[255]!, segments[256]!, segments.at(-1)!]) {
      // MSG_BLKLIST, 2.2.5.2: one range, of one block.
      const list = await post(getBlockList(segment.id));
      expect(list.readUInt32BE(4)).toBe(4);
      expect(list.subarray(20 + 32, 20 + 32 + 16)).toEqual(numbers(1, 0, 1, 0));
    }
  },
);

it('a segment list tells which are here, in ranges', async () => {
  const { post, segments } = await publisherOf(contentOf(4 * 1024 * KIB), {});
  const ids = segments.map(({ id }) => id);
  ids.splice(3, 1, createHash('sha256').update('nobody has this').digest());
  const requestId = Buffer.from('0123456789abcdef');
  const request = message(
    2,
    6,
    requestId,
    numbers(ids.length),
    ...ids.flatMap((id) => [numbers(id.length), id]),
    numbers(0),
  );
  const answer = await post(request);
  // MSG_SEGLIST, 2.2.5.4.
  expect(answer.subarray(0, 8)).toEqual(Buffer.of(0, 0, 0, 2, 0, 0, 0, 7));
  expect(answer.subarray(16, 32)).toEqual(requestId);
  expect(answer.subarray(32)).toEqual(numbers(2, 0, 3, 4, ids.length - 4, 0));
});
