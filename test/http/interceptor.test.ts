import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { Agent, fetch as undiciFetch, request as undiciRequest, type Dispatcher } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createContentServer, createPeerInterceptor, sendContent } from '../../src/http/index.js';
import { contentOf, listen, type Machine, startMachine } from './support.js';

const CONTENT = contentOf(3_000_000);
const PAGE = { bytes: CONTENT, type: 'application/x-test' };

let publisher: Machine;
let client: Machine;
let dispatcher: Dispatcher;
let origin: Awaited<ReturnType<typeof listen>>;
let requests: IncomingMessage[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;

const endpointOf = ({ driver }: Machine): string => {
  const { host, port } = driver.endpoint() ?? { host: '', port: 0 };
  return `${host}:${port}`;
};

/** What both kinds of responses have. */
type Answer = Pick<Response, 'status' | 'headers' | 'redirected' | 'body' | 'text' | 'arrayBuffer'>;

const withDispatcher = (init: RequestInit): object => ({ ...init, dispatcher });

/** The global fetch takes dispatchers of other copies of undici than its own, which its types do not tell. */
const globalFetch = (url: string, init: RequestInit = {}): Promise<Response> =>
  fetch(url, withDispatcher(init));
const ownFetch = (url: string, init: RequestInit = {}): Promise<Answer> =>
  undiciFetch(url, withDispatcher(init));

beforeEach(async () => {
  publisher = await startMachine();
  client = await startMachine();
  requests = [];
  const content = createContentServer({ session: publisher.session });
  await content.prepare(PAGE);
  answer = (request, response) => void sendContent(content, request, response, PAGE);
  origin = await listen((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  const peers = [endpointOf(publisher)];
  dispatcher = new Agent().compose(createPeerInterceptor({ session: client.session, peers }));
});

afterEach(async () => {
  await dispatcher.destroy();
  await origin[Symbol.asyncDispose]();
  await client[Symbol.asyncDispose]();
  await publisher[Symbol.asyncDispose]();
});

const bytesOf = async (response: Answer): Promise<Buffer> => Buffer.from(await response.arrayBuffer());

describe.each([
  ['the fetch of this Node', globalFetch],
  ["undici's own fetch", ownFetch],
])('%s', (_name, fetchIt) => {
  it('gets the content from peers: the origin gives content information only', async () => {
    const response = await fetchIt(origin.url);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-encoding')).toBeNull();
    expect(response.headers.get('content-length')).toBe(String(CONTENT.length));
    expect(response.headers.get('content-type')).toBe('application/x-test');
    expect(response.headers.get('etag')).toMatch(/^"/);
    expect([...response.headers.keys()].filter((name) => name.startsWith('x-p2p'))).toEqual([]);
    expect((await bytesOf(response)).equals(CONTENT)).toBe(true);
    expect(requests).toHaveLength(1);
    expect(requests[0]?.headers['accept-encoding']).toMatch(/gzip.*peerdist/);
  });

  it('gets from the origin what no peer has, and keeps it for others', async () => {
    const alone = new Agent().compose(createPeerInterceptor({ session: client.session }));
    dispatcher = alone;
    expect((await bytesOf(await fetchIt(origin.url))).equals(CONTENT)).toBe(true);
    expect(requests.at(-1)?.headers).toMatchObject({
      'x-p2p-peerdist': 'Version=1.1, MissingDataRequest=true',
    });
    const before = requests.length;
    expect((await bytesOf(await fetchIt(origin.url))).equals(CONTENT)).toBe(true);
    expect(requests).toHaveLength(before + 1);
  });

  it('sees what the origin answers otherwise, decoded once', async () => {
    answer = (_request, response) =>
      void response.setHeader('Content-Encoding', 'gzip').end(gzipSync('hello world'));
    const response = await fetchIt(origin.url);
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(await response.text()).toBe('hello world');
  });

  it('follows redirects itself', async () => {
    const content = answer;
    answer = (request, response) => {
      if (request.url === '/there') content(request, response);
      else response.writeHead(302, { Location: '/there' }).end();
    };
    const response = await fetchIt(origin.url);
    expect(response.redirected).toBe(true);
    expect((await bytesOf(response)).equals(CONTENT)).toBe(true);
    expect((await fetchIt(origin.url, { redirect: 'manual' })).status).not.toBe(200);
  });

  it('ends by its signal, also in the middle', async () => {
    const stop = new AbortController();
    const response = await fetchIt(origin.url, { signal: stop.signal });
    const reader = response.body?.getReader();
    await reader?.read();
    stop.abort();
    await expect(
      (async () => {
        while ((await reader?.read())?.done === false);
      })(),
    ).rejects.toThrow();
    const aborted = new AbortController();
    aborted.abort();
    await expect(fetchIt(origin.url, { signal: aborted.signal })).rejects.toThrow();
  });
});

describe('nothing is asked in the place of', () => {
  it.each<[string, RequestInit]>([
    ['another method', { method: 'POST', body: 'x' }],
    ['a HEAD', { method: 'HEAD' }],
    ['a range', { headers: { range: 'bytes=0-9' } }],
    ['what must not be kept', { headers: { 'cache-control': 'no-store' } }],
    ['what a program asks for that knows the coding', { headers: { 'x-p2p-peerdist': 'Version=1.1' } }],
    ['what must not be plain', { headers: { 'accept-encoding': 'gzip, identity;q=0' } }],
  ])('%s', async (_name, init) => {
    await (await globalFetch(origin.url, init)).arrayBuffer();
    expect(requests).toHaveLength(1);
    expect(String(requests[0]?.headers['accept-encoding'])).not.toContain('peerdist');
  });
});

it.each([
  ['content information that is none', { 'X-P2P-PeerDist': 'Version=1.1, ContentLength=3000000' }],
  ['a coding in a coding', { 'Content-Encoding': 'gzip, peerdist' }],
  [
    'what must not be kept',
    { 'Cache-Control': 'no-store', 'X-P2P-PeerDist': 'Version=1.1, ContentLength=9' },
  ],
])('after %s the plain request follows', async (_name, headers) => {
  answer = (request, response) => {
    if (!String(request.headers['accept-encoding']).includes('peerdist')) response.end('the content');
    else response.writeHead(200, { 'Content-Encoding': 'peerdist', ...headers }).end(Buffer.alloc(500, 'x'));
  };
  expect(await (await globalFetch(origin.url)).text()).toBe('the content');
  expect(requests).toHaveLength(2);
});

it.each<[string, (request: IncomingMessage, response: ServerResponse) => void]>([
  ['refused', (_, response) => response.writeHead(403).end()],
  ['broken off', ({ socket }) => socket.destroy()],
  ['encoded', (_, response) => response.writeHead(206, { 'Content-Encoding': 'gzip' }).end('x')],
])('where ranges are %s the plain request follows', async (_name, part) => {
  const well = answer;
  answer = (request, response) => (request.headers.range === undefined ? well : part)(request, response);
  const own = new Agent().compose(
    createPeerInterceptor({ session: client.session, places: ['cache', 'origin'] }),
  );
  try {
    const response = await undiciFetch(origin.url, { dispatcher: own });
    expect((await bytesOf(response)).equals(CONTENT)).toBe(true);
  } finally {
    await own.close();
  }
});

it('options that are none, and a closed session, are told at once', async () => {
  const make = (options: unknown) => () =>
    createPeerInterceptor(options as { session: typeof client.session });
  expect(make(undefined)).toThrow(expect.objectContaining({ _tag: 'BadArgument' }));
  expect(make({ session: client.session, patienceMs: 0 })).toThrow(
    expect.objectContaining({ _tag: 'BadArgument' }),
  );
  await client.session.close();
  expect(make({ session: client.session })).toThrow(expect.objectContaining({ _tag: 'HandleClosed' }));
});

it('goes no faster than its reader', async () => {
  const { body } = await undiciRequest(origin.url, { dispatcher });
  const iterator = body[Symbol.asyncIterator]();
  const first = (await iterator.next()) as { readonly value: Buffer };
  await once(process, 'nothing', { signal: AbortSignal.timeout(300) }).catch(() => undefined);
  expect(first.value.length + body.readableLength).toBeLessThan(CONTENT.length);
  const rest: Buffer[] = [first.value];
  for await (const piece of { [Symbol.asyncIterator]: () => iterator }) rest.push(piece as Buffer);
  expect(Buffer.concat(rest).equals(CONTENT)).toBe(true);
});

it('requests are made as usual when the service is switched off, and after the session', async () => {
  await client.peers.promise(client.peers.effects.setDistributionEnabled(false));
  expect((await bytesOf(await globalFetch(origin.url))).equals(CONTENT)).toBe(true);
  await client.session.close();
  expect((await bytesOf(await globalFetch(origin.url))).equals(CONTENT)).toBe(true);
  expect(requests.every(({ headers }) => !String(headers['accept-encoding']).includes('peerdist'))).toBe(
    true,
  );
});

it('what a dispatcher fails with reaches the program', async () => {
  await expect(globalFetch('http://127.0.0.1:1/')).rejects.toThrow();
});
