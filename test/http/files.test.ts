import { chmod, link, open, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { lastValueFrom } from 'rxjs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isPeerError, type PeerError, systemClock } from '../../src/effects/index.js';
import { retrieve } from '../../src/index.js';
import {
  type ContentServer,
  createContentDirectory,
  createContentServer,
  sendContent,
  serveDirectory,
} from '../../src/http/index.js';
import {
  ask,
  blockHashesOf,
  contentOf,
  listen,
  type Machine,
  PEERDIST_1_0,
  PEERDIST_1_1,
  readInformation,
  startMachine,
} from './support.js';

const CONTENT = contentOf(300_000);
const OTHER = contentOf(300_000, 8);

let machine: Machine;
let content: ContentServer;
let origin: Awaited<ReturnType<typeof listen>>;
let path: string;
let faults: PeerError[];

beforeEach(async () => {
  machine = await startMachine();
  path = join(machine.directory, 'content.bin');
  faults = [];
  content = createContentServer({ session: machine.session, onFault: (fault) => faults.push(fault) });
  origin = await listen((request, response) => {
    sendContent(content, request, response, { path }).catch(() => response.writeHead(500).end());
  });
  await writeFile(path, CONTENT);
});

afterEach(async () => {
  await origin[Symbol.asyncDispose]();
  await content.close();
  await machine[Symbol.asyncDispose]();
});

const get = (headers: Record<string, string> = {}) => ask(origin.url, { headers });

/** Until no further change can go unnoticed. */
const settled = () => expect.poll(async () => (await get()).headers.etag).toMatch(/^"/);

const encoded = () =>
  expect.poll(async () => (await get(PEERDIST_1_1)).headers['content-encoding']).toBe('peerdist');

it('the first request gets plain bytes and an invitation, a later one content information', async () => {
  await settled();
  const first = await get(PEERDIST_1_1);
  expect(first.body.equals(CONTENT)).toBe(true);
  // The example of MS-PCCRTP 4.
  expect(first.headers['x-p2p-peerdist']).toBe('Version=1.1');
  expect(first.headers['x-p2p-peerdistex']).toBe('MakeHashRequest=true');
  await encoded();
  const { body } = await get(PEERDIST_1_1);
  expect(readInformation(body).blockHashes).toEqual(blockHashesOf(CONTENT));
});

it('a hash request gets the hashes, or plain bytes without another invitation', async () => {
  await settled();
  const hashRequest = {
    'x-p2p-peerdist': 'Version=1.1',
    'x-p2p-peerdistex': 'MinContentInformation=1.0, MaxContentInformation=1.0, HashRequest=true',
  };
  const early = await get(hashRequest);
  expect(early.headers['x-p2p-peerdistex']).toBeUndefined();
  expect(early.body.equals(CONTENT)).toBe(true);
  await expect.poll(async () => (await get(hashRequest)).headers['content-encoding']).toBe('peerdist');
});

it('a client of version 1.0 is sent no header that it does not know', async () => {
  await settled();
  const { headers } = await get(PEERDIST_1_0);
  expect(headers['x-p2p-peerdist']).toBeUndefined();
  expect(headers['x-p2p-peerdistex']).toBeUndefined();
});

it('prepare waits for a file that has only just been written, and has it ready then', async () => {
  await content.prepare({ path });
  expect((await get(PEERDIST_1_1)).headers['content-encoding']).toBe('peerdist');
});

it('who has it already is told the same about keeping it as who gets it (RFC 9110, 15.4.5)', async () => {
  await content.prepare({ path });
  const whole = await get(PEERDIST_1_1);
  const known = { 'if-none-match': whole.headers.etag ?? '' };
  const again = await get({ ...PEERDIST_1_1, ...known });
  expect(again.status).toBe(304);
  for (const name of ['cache-control', 'vary', 'etag'] as const) {
    expect(whole.headers[name]).toBeDefined();
    expect(again.headers[name]).toBe(whole.headers[name]);
  }
  const plain = await get(known);
  expect(plain.status).toBe(304);
  expect(plain.headers['cache-control']).toBeUndefined();
});

it('content that changed is new content, whatever its length and date say', async () => {
  await content.prepare({ path });
  const before = await get(PEERDIST_1_1);
  const replacement = `${path}.new`;
  await writeFile(replacement, OTHER);
  const then = new Date(before.headers['last-modified'] ?? '');
  await utimes(replacement, then, then);
  await rename(replacement, path);
  await settled();
  const after = await get(PEERDIST_1_1);
  expect(after.headers.etag).not.toBe(before.headers.etag);
  expect(after.headers['content-encoding']).toBeUndefined();
  expect(after.body.equals(OTHER)).toBe(true);
  await encoded();
  expect(readInformation((await get(PEERDIST_1_1)).body).blockHashes).toEqual(blockHashesOf(OTHER));
});

it('the state before a change is withdrawn: no peer gets it here any more', async () => {
  await content.prepare({ path });
  const { body } = await get(PEERDIST_1_1);
  const { host, port } = machine.driver.endpoint() ?? { host: '', port: 0 };
  const fetched = async (): Promise<string> => {
    await using other = await startMachine();
    const options = { session: other.session, peers: [`${host}:${port}`], timeoutMs: 1_000 };
    return await lastValueFrom(retrieve(body, options)).then(
      ({ _tag }) => _tag,
      (error: unknown) => (isPeerError(error) ? error._tag : 'no PeerError'),
    );
  };
  expect(await fetched()).toBe('Retrieved');
  await writeFile(path, OTHER);
  await content.prepare({ path });
  await expect.poll(fetched, { timeout: 10_000 }).toBe('NotFound');
});

it('while a change could go unnoticed the tag is weak, and joins no ranges', async () => {
  const { mtimeMs, ctimeMs } = await stat(path);
  await using early = await startMachine({ ...systemClock, now: () => Math.max(mtimeMs, ctimeMs) });
  const other = createContentServer({ session: early.session });
  await using server = await listen(
    (request, response) => void sendContent(other, request, response, { path }),
  );
  const { headers } = await ask(server.url, { headers: PEERDIST_1_1 });
  expect(headers.etag).toMatch(/^W\/"/);
  expect(headers['content-encoding']).toBeUndefined();
  for (const ifRange of [headers.etag ?? '', headers['last-modified'] ?? '']) {
    expect((await ask(server.url, { headers: { range: 'bytes=0-9', 'if-range': ifRange } })).status).toBe(
      200,
    );
  }
  const known = await ask(server.url, { headers: { 'if-none-match': headers.etag ?? '' } });
  expect(known.status).toBe(304);
});

const LARGE = contentOf(8 * 1024 * 1024);

/** What comes of a large file with which something is done once its first bytes are on their way. */
const whileSent = async (act: () => Promise<unknown>): Promise<Buffer> => {
  await writeFile(path, LARGE);
  // One that Node can give it again, to the nanosecond.
  await utimes(path, new Date(), new Date(1_700_000_000_000));
  await settled();
  const sent = request(origin.url, { agent: false }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.pause();
  await act();
  const pieces: Buffer[] = [];
  for await (const piece of response as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces);
};

const overwriteEnd = async (): Promise<void> => {
  const file = await open(path, 'r+');
  await file.write(Buffer.from('changed'), 0, 7, LARGE.length - 7);
  await file.close();
};

it.each<readonly [string, () => Promise<unknown>]>([
  ['changes', overwriteEnd],
  [
    'changes and is given its old date',
    async () => {
      const { atime, mtime } = await stat(path);
      await overwriteEnd();
      await utimes(path, atime, mtime);
    },
  ],
])('a file that %s while it is sent breaks off instead of mixing two states', async (_what, act) => {
  await expect(whileSent(act)).rejects.toMatchObject({ code: 'ECONNRESET' });
});

it.each<readonly [string, () => Promise<unknown>]>([
  ['who may read it is changed', () => chmod(path, 0o600)],
  ['it is given a second name', () => link(path, `${path}.second`)],
  ['it is given another name', () => rename(path, `${path}.other`)],
  ['it is removed', () => rm(path)],
  [
    'it is replaced by another',
    async () => {
      await writeFile(`${path}.new`, OTHER);
      await rename(`${path}.new`, path);
    },
  ],
])('a file is sent as it was when it was opened, although %s', async (_what, act) => {
  expect((await whileSent(act)).equals(LARGE)).toBe(true);
});

it('what the application has answered itself meanwhile stays as it is', async () => {
  const handled: Promise<void>[] = [];
  const serve = serveDirectory(createContentDirectory(content, machine.directory));
  await using server = await listen((request, response) => {
    if (request.url === '/sent') handled.push(sendContent(content, request, response, { path }));
    else serve(request, response);
    response.writeHead(503).end('too late');
  });
  for (const url of ['/sent', '/content.bin', '/lost']) {
    const { status, body } = await ask(server.url + url, {});
    expect([status, body.toString()]).toEqual([503, 'too late']);
  }
  await Promise.all(handled);
  // Whatever goes wrong with the others would be an unhandled rejection.
  await expect.poll(async () => (await ask(`${origin.url}/`, {})).status).toBe(200);
});

it('what cannot be prepared stays plain, and the application is told', async () => {
  await settled();
  await machine.peers.promise(machine.peers.effects.setDistributionEnabled(false));
  const { headers, body } = await get(PEERDIST_1_1);
  expect(headers['x-p2p-peerdistex']).toBeUndefined();
  expect(body.equals(CONTENT)).toBe(true);
  await machine.peers.promise(machine.peers.effects.setDistributionEnabled(true));
  await encoded();
  expect(faults).toEqual([]);
});

it('after the session has ended all answers are plain', async () => {
  await content.prepare({ path });
  await machine.session.close();
  const { headers, body } = await get(PEERDIST_1_1);
  expect(headers['content-encoding']).toBeUndefined();
  expect(body.equals(CONTENT)).toBe(true);
});

it('closing it withdraws what it published, and what is still asked for is plain', async () => {
  await content.prepare({ path });
  await content.close();
  expect((await get(PEERDIST_1_1)).headers['content-encoding']).toBeUndefined();
  await expect(content.prepare({ path })).rejects.toSatisfy(
    (error) => isPeerError(error) && error._tag === 'Cancelled',
  );
});
