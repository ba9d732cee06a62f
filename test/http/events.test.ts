import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { observeDistribution } from '../../src/effects/index.js';
import { createContentServer, sendContent } from '../../src/http/index.js';
import { ask, contentOf, listen, type Machine, PEERDIST_1_1, startMachine } from './support.js';

const PAGE = { bytes: contentOf(100_000) };

const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
);

let machine: Machine;
let origin: Awaited<ReturnType<typeof listen>>;
const events: object[] = [];

beforeAll(async () => {
  machine = await startMachine();
  const content = createContentServer({ session: machine.session });
  await content.prepare(PAGE);
  observeDistribution(machine.session, (event) => {
    if (event._tag === 'HttpRequestReceived' || event._tag === 'HttpResponseSent') events.push(event);
  });
  origin = await listen((request, response) => void sendContent(content, request, response, PAGE));
});

afterAll(async () => {
  await origin[Symbol.asyncDispose]();
  await machine[Symbol.asyncDispose]();
});

it.each<[string, Record<string, string>, string, number, number, number]>([
  ['plain', {}, 'plain', 200, 100_000, 100_000],
  ['peerdist', PEERDIST_1_1, 'peerdist', 200, 100_000, 166],
  [
    'missing-data',
    { 'x-p2p-peerdist': 'Version=1.1, MissingDataRequest=true', range: 'bytes=0-9' },
    'missing-data',
    206,
    10,
    10,
  ],
  [
    'hash',
    { 'x-p2p-peerdist': 'Version=1.1', 'x-p2p-peerdistex': 'HashRequest=true' },
    'hash',
    200,
    100_000,
    166,
  ],
  ['peerdist', { ...PEERDIST_1_1, 'if-none-match': '*' }, 'plain', 304, 0, 0],
])(
  'a %s request and its answer are events',
  async (asked, headers, kind, status, contentBytes, bodyBytes) => {
    events.length = 0;
    const { body } = await ask(`${origin.url}/page`, { headers });
    expect(body).toHaveLength(bodyBytes);
    const peer = expect.stringMatching(/^127\.0\.0\.1:\d+$/);
    await expect
      .poll(() => events)
      .toEqual([
        { _tag: 'HttpRequestReceived', peer, url: '/page', kind: asked },
        { _tag: 'HttpResponseSent', peer, url: '/page', kind, status, contentBytes, bodyBytes },
      ]);
  },
);

it.runIf(hasIPv6)(
  'a client of IPv6 has its address in brackets, one of IPv4 at the same socket has none',
  async () => {
    const content = createContentServer({ session: machine.session });
    await content.prepare(PAGE);
    const both = createServer((request, response) => void sendContent(content, request, response, PAGE));
    await once(both.listen(0, '::'), 'listening');
    const { port } = both.address() as AddressInfo;
    try {
      events.length = 0;
      await ask(`http://[::1]:${port}/six`);
      await ask(`http://127.0.0.1:${port}/four`);
      const peer = (pattern: RegExp): unknown => expect.stringMatching(pattern);
      await expect
        .poll(() => events)
        .toEqual([
          expect.objectContaining({ url: '/six', peer: peer(/^\[::1\]:\d+$/) }),
          expect.objectContaining({ url: '/six', peer: peer(/^\[::1\]:\d+$/) }),
          expect.objectContaining({ url: '/four', peer: peer(/^127\.0\.0\.1:\d+$/) }),
          expect.objectContaining({ url: '/four', peer: peer(/^127\.0\.0\.1:\d+$/) }),
        ]);
    } finally {
      both.closeAllConnections();
      await once(both.close(), 'close');
    }
  },
);
