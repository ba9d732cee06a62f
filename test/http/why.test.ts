import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type RequestListener } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { lastValueFrom } from 'rxjs';
import { expect, it } from 'vitest';
import {
  type BytesResource,
  type ContentPlace,
  createContentServer,
  get,
  type GetOptions,
  sendContent,
} from '../../src/http/index.js';
import { findRetrievals, readJournal } from '../../src/engine/index.js';
import { retrieve } from '../../src/index.js';
import { ask, contentOf, listen, startMachine, type Machine, PEERDIST_1_1 } from './support.js';

const BIG = contentOf(300_000);
const SMALL = contentOf(1_000);

/** What is on record of a URL once its machine has ended. */
const recordOf = async (machine: Machine, url: string, options: Partial<GetOptions> = {}) => {
  await lastValueFrom(get(url, { session: machine.session, ...options }));
  await machine.session.close();
  const entries = await readJournal(join(machine.directory, 'data'));
  const [found] = findRetrievals(entries, { name: url });
  return found?.retrieval.explanation;
};

/** An origin that gives content information of a resource, and the machine that serves its blocks. */
const describing = async (page: BytesResource) => {
  const publisher = await startMachine();
  const content = createContentServer({ session: publisher.session });
  await content.prepare(page);
  const origin = await listen((request, response) => void sendContent(content, request, response, page));
  return {
    url: origin.url,
    publisher,
    [Symbol.asyncDispose]: async () => {
      await origin[Symbol.asyncDispose]();
      await publisher[Symbol.asyncDispose]();
    },
  };
};

const plain =
  (bytes: Buffer, headers: Readonly<Record<string, string>> = {}): RequestListener =>
  (_request, response) =>
    void response.writeHead(200, headers).end(bytes);

const SENT_NONE = { _tag: 'NoContentInformation', detail: 'the origin sent none' };

it('what came from peers is on record by its URL, segment by segment', async () => {
  await using origin = await describing({ bytes: BIG, type: 'application/x-test' });
  await using machine = await startMachine();
  const { host, port } = origin.publisher.driver.endpoint()!;
  const peer = `${host}:${port}`;
  const explanation = await recordOf(machine, origin.url, { peers: [peer] });
  expect(explanation).toMatchObject({
    bytes: { peer: BIG.length, origin: 0 },
    bytesByPeer: { [peer]: BIG.length },
    reasons: [],
  });
  const sources = new Set(explanation?.segments.flatMap((run) => run.sources.map((source) => source.peer)));
  expect([...sources]).toEqual([peer]);
});

it.each([
  ['has no content information', BIG, {}, SENT_NONE],
  [
    'is small, and of an origin that says nothing of content information',
    SMALL,
    {},
    { _tag: 'NoContentInformation', detail: 'the origin sent none, as is usual below 65536 bytes' },
  ],
  [
    'was to be had from the origin only',
    BIG,
    { places: ['origin'] },
    { _tag: 'DisabledByPolicy', detail: 'only the origin was to be asked' },
  ],
] as const)('what %s is on record with that reason', async (_what, bytes, options, reason) => {
  await using machine = await startMachine();
  await using origin = await listen(plain(bytes));
  expect(await recordOf(machine, origin.url, { ...options })).toEqual({
    bytes: { cache: 0, peer: 0, 'hosted-cache': 0, origin: bytes.length },
    bytesByPeer: {},
    reasons: [reason],
    segments: [],
  });
});

it('what is too small for an origin that makes content information is on record with that reason', async () => {
  await using machine = await startMachine();
  const varying = plain(SMALL, { Vary: 'Accept-Encoding, X-P2P-PeerDist, X-P2P-PeerDistEx' });
  await using origin = await listen(varying);
  expect(await recordOf(machine, origin.url)).toMatchObject({
    reasons: [{ _tag: 'BelowSizeLimit', bytes: 1_000, limit: 65_536 }],
  });
});

it('what is small, and content information of it still made, is on record with that reason', async () => {
  await using machine = await startMachine();
  await using origin = await listen(plain(SMALL, { 'X-P2P-PeerDistEx': 'MakeHashRequest=true' }));
  expect(await recordOf(machine, origin.url)).toMatchObject({
    reasons: [{ _tag: 'NoContentInformation', detail: 'the origin had none ready' }],
  });
});

it('the end of what was begun before is not too small', async () => {
  await using machine = await startMachine();
  const begun = BIG.length - 1_000;
  await using origin = await listen((_request, response) => {
    response.writeHead(206, {
      ETag: '"one"',
      Vary: 'Accept-Encoding, X-P2P-PeerDist',
      'Content-Range': `bytes ${begun}-${BIG.length - 1}/${BIG.length}`,
    });
    response.end(BIG.subarray(begun));
  });
  const to = join(machine.directory, 'copy');
  const url = createHash('sha256').update(`${origin.url}/`).digest('base64url');
  await writeFile(`${to}.part`, BIG.subarray(0, begun));
  await writeFile(`${to}.part.json`, JSON.stringify({ url, validator: '"one"', length: BIG.length }));
  expect(await recordOf(machine, origin.url, { to })).toMatchObject({
    bytes: { origin: 1_000 },
    reasons: [SENT_NONE],
  });
});

it.each<readonly ContentPlace[]>([
  ['cache', 'origin'],
  ['cache', 'origin', 'peers'],
])('that only the cache was to be asked before the origin is a reason: %s, %s', async (...places) => {
  await using origin = await describing({ bytes: BIG });
  await using machine = await startMachine();
  const { host, port } = origin.publisher.driver.endpoint()!;
  const explanation = await recordOf(machine, origin.url, { places, peers: [`${host}:${port}`] });
  expect(explanation?.bytes).toMatchObject({ peer: 0, origin: BIG.length });
  const reasons = explanation?.segments.map((run) => run.reasons) ?? [];
  expect(reasons.length).toBeGreaterThan(0);
  expect(reasons).toEqual(reasons.map(() => [{ _tag: 'CacheOnly' }]));
});

it('a service that is switched off is a reason', async () => {
  await using machine = await startMachine();
  await using origin = await listen(plain(BIG));
  await machine.driver.distribution.setEnabled(false);
  expect(await recordOf(machine, origin.url)).toMatchObject({
    reasons: [{ _tag: 'DisabledByPolicy', detail: 'the service was not available' }],
  });
});

it('every segment that the origin gave has a reason, also of what was fetched in one go', async () => {
  const page = { bytes: contentOf(30_000_000) };
  await using origin = await describing(page);
  await using machine = await startMachine();
  const explanation = await recordOf(machine, origin.url, { peers: ['127.0.0.1:9'] });
  expect(explanation?.bytes).toMatchObject({ origin: page.bytes.length });
  expect(explanation?.segments[0]?.from).toBe(0);
  for (const { reasons } of explanation?.segments ?? []) {
    expect(reasons).toContainEqual(expect.objectContaining({ _tag: 'PeerFailed', peer: '127.0.0.1:9' }));
  }
});

it('a peer that is silent is named, in the record and in the error of who waits for it alone', async () => {
  await using origin = await describing({ bytes: BIG });
  await using machine = await startMachine();
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => sockets.add(socket.on('error', () => undefined))).listen(
    0,
    '127.0.0.1',
  );
  await once(silent, 'listening');
  const peer = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  try {
    const explanation = await recordOf(machine, origin.url, { peers: [peer] });
    expect(explanation?.bytes).toMatchObject({ origin: BIG.length });
    const [first] = explanation?.segments ?? [];
    expect(first?.reasons).toContainEqual({ _tag: 'PeerFailed', peer, reason: 'no-answer-in-time' });
    const { body } = await ask(origin.url, { headers: PEERDIST_1_1 });
    await using other = await startMachine();
    const waiting = retrieve(body, { session: other.session, peers: [peer], timeoutMs: 300 });
    await expect(lastValueFrom(waiting)).rejects.toThrow(`${peer} has not answered yet`);
  } finally {
    for (const socket of sockets) socket.destroy();
    silent.close();
  }
});
