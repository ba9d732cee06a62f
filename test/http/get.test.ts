import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { lastValueFrom, tap, toArray } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { win32Fault, type DistributionDriver } from '../../src/driver/index.js';
import { systemClock } from '../../src/effects/index.js';
import { startHostedCache } from '../../src/engine/index.js';
import { createPeerweave } from '../../src/index.js';
import {
  type ContentPlace,
  createContentServer,
  get,
  getIterable,
  type GetOptions,
  type GetProgress,
  getStream,
  sendContent,
} from '../../src/http/index.js';
import { collect, contentOf, listen, type Machine, startMachine, temporaryDirectory } from './support.js';

const CONTENT = contentOf(3_000_000);
const PAGE = { bytes: CONTENT, type: 'application/x-test' };

let publisher: Machine;
let client: Machine;
let origin: Awaited<ReturnType<typeof listen>>;
let requests: IncomingMessage[];
let sockets: Set<Socket>;

beforeEach(async () => {
  publisher = await startMachine();
  client = await startMachine();
  requests = [];
  sockets = new Set();
  const content = createContentServer({ session: publisher.session });
  await content.prepare(PAGE);
  origin = await listen((request, response) => {
    requests.push(request);
    sockets.add(request.socket);
    void sendContent(content, request, response, PAGE);
  });
});

afterEach(async () => {
  await origin[Symbol.asyncDispose]();
  await client[Symbol.asyncDispose]();
  await publisher[Symbol.asyncDispose]();
});

const endpointOf = ({ driver }: Machine): string => {
  const { host, port } = driver.endpoint() ?? { host: '', port: 0 };
  return `${host}:${port}`;
};

const fetchAll = async (machine: Machine, options: Partial<GetOptions> = {}) => {
  const progress: GetProgress[] = await lastValueFrom(
    get(origin.url, { session: machine.session, ...options }).pipe(toArray()),
  );
  const last = progress.at(-1);
  if (last?._tag !== 'Completed') throw new Error('not completed');
  const bytes = Buffer.concat(progress.flatMap((one) => (one._tag === 'Received' ? [one.bytes] : [])));
  return { progress, bytes, counts: last.counts, explanation: last.explanation };
};

describe('where bytes come from', () => {
  it('is the peers, if they have them: the origin gives content information only', async () => {
    const peer = endpointOf(publisher);
    const { bytes, counts, progress } = await fetchAll(client, { peers: [peer] });
    expect(bytes.equals(CONTENT)).toBe(true);
    expect(counts).toMatchObject({ fromPeers: { [peer]: CONTENT.length }, fromOrigin: 0, fromCache: 0 });
    expect(progress[0]).toMatchObject({
      _tag: 'Started',
      basis: 'content-information',
      total: CONTENT.length,
      type: 'application/x-test',
      offset: 0,
    });
    expect(requests).toHaveLength(1);
    expect([...sockets].reduce((sum, { bytesWritten }) => sum + bytesWritten, 0)).toBeLessThan(10_000);
  });

  it('is the cache the second time', async () => {
    await fetchAll(client, { peers: [endpointOf(publisher)] });
    const { bytes, counts } = await fetchAll(client);
    expect(bytes.equals(CONTENT)).toBe(true);
    expect(counts).toMatchObject({ fromCache: CONTENT.length, fromPeers: {}, fromOrigin: 0 });
  });

  it('is the origin for what nobody else has, and this machine for the next one that asks', async () => {
    const first = await fetchAll(client);
    expect(first.bytes.equals(CONTENT)).toBe(true);
    expect(first.counts).toMatchObject({ fromOrigin: CONTENT.length, fromCache: 0, fromPeers: {} });
    expect(requests.at(-1)?.headers).toMatchObject({
      'x-p2p-peerdist': 'Version=1.1, MissingDataRequest=true',
      'accept-encoding': expect.stringMatching(/^identity/),
    });
    await using next = await startMachine();
    const peer = endpointOf(client);
    const second = await fetchAll(next, { peers: [peer] });
    expect(second.bytes.equals(CONTENT)).toBe(true);
    expect(second.counts).toMatchObject({ fromPeers: { [peer]: CONTENT.length }, fromOrigin: 0 });
  });

  it('is told block by block, with the reasons', async () => {
    const { explanation } = await fetchAll(client);
    expect(explanation?.bytes.origin).toBe(CONTENT.length);
    expect(explanation?.segments[0]?.reasons).not.toEqual([]);
  });

  it('is each place for its part, where none has all', async () => {
    await using partly = await startMachine();
    // It reads the first third only.
    for await (const piece of getIterable(origin.url, { session: partly.session })) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    const peer = endpointOf(partly);
    const { bytes, counts } = await fetchAll(client, { peers: [peer] });
    expect(bytes.equals(CONTENT)).toBe(true);
    expect(counts.fromPeers[peer]).toBeGreaterThan(0);
    expect(counts.fromOrigin).toBeGreaterThan(0);
    expect((counts.fromPeers[peer] ?? 0) + counts.fromOrigin).toBe(CONTENT.length);
  });
});

describe('the order of places', () => {
  it('may put the origin before the peers', async () => {
    const places = ['cache', 'origin', 'peers'] as const;
    const { counts } = await fetchAll(client, { places, peers: [endpointOf(publisher)] });
    expect(counts).toMatchObject({ fromOrigin: CONTENT.length, fromPeers: {} });
  });

  it('may be the origin alone, which is not asked for content information', async () => {
    const { counts, progress, bytes } = await fetchAll(client, { places: ['origin'] });
    expect(bytes.equals(CONTENT)).toBe(true);
    expect(counts.fromOrigin).toBe(CONTENT.length);
    expect(progress[0]).toMatchObject({ basis: 'content' });
    expect(requests[0]?.headers['accept-encoding']).toBe('identity');
  });

  it('may leave the origin out: what no peer has is an error then', async () => {
    const places = ['cache', 'peers'] as const;
    const peer = endpointOf(publisher);
    expect((await fetchAll(client, { places, peers: [peer] })).counts.fromPeers[peer]).toBe(CONTENT.length);
    await using other = await startMachine();
    await expect(fetchAll(other, { places })).rejects.toMatchObject({ _tag: 'NotFound' });
  });

  it.each<[ContentPlace[], 'peer' | 'hosted-cache' | 'origin']>([
    [['cache', 'peers', 'hosted-cache', 'origin'], 'peer'],
    [['cache', 'hosted-cache', 'peers', 'origin'], 'hosted-cache'],
    [['cache', 'hosted-cache', 'origin'], 'hosted-cache'],
    [['cache', 'hosted-cache'], 'hosted-cache'],
    [['cache', 'origin', 'hosted-cache', 'peers'], 'origin'],
  ])('may name the hosted cache: %j', async (places, source) => {
    await using directory = await temporaryDirectory();
    const listening = { host: '127.0.0.1', port: 0 };
    await using cache = await startHostedCache({ directory: directory.path, listen: listening });
    const hostedCache = { address: `127.0.0.1:${cache.endpoint.port}` };
    const peers = [endpointOf(publisher)];
    const first = await startMachine(systemClock, { hostedCache });
    await fetchAll(first, { peers });
    // It stays until the hosted cache has fetched what it was offered.
    await first[Symbol.asyncDispose]();
    await using reader = await startMachine(systemClock, { hostedCache, listen: false });
    const { bytes, explanation } = await fetchAll(reader, { places, peers });
    expect(bytes.equals(CONTENT)).toBe(true);
    expect(explanation?.bytes[source]).toBe(CONTENT.length);
  });

  it('may not be told whom to ask where the driver cannot', async () => {
    const { distribution } = client.driver;
    const cannotBeTold: DistributionDriver['openContent'] = (session, options, call) =>
      options.suppliers === undefined && (options.peers ?? []).length === 0
        ? distribution.openContent(session, options, call)
        : Promise.reject(
            win32Fault('distribution.openContent', 'ERROR_NOT_SUPPORTED', { reason: 'as on Windows' }),
          );
    const driver = { ...client.driver, distribution: { ...distribution, openContent: cannotBeTold } };
    const peers = createPeerweave({ driver });
    await using session = await peers.promise(peers.effects.openSession());
    const machine = { ...client, driver, peers, session };
    for (const told of [
      { places: ['cache', 'hosted-cache', 'peers', 'origin'] as const },
      { places: ['cache', 'peers', 'origin', 'hosted-cache'] as const },
      { places: ['cache', 'hosted-cache', 'origin', 'peers'] as const },
      { peers: [endpointOf(publisher)] },
    ]) {
      await expect(fetchAll(machine, told)).rejects.toMatchObject({ _tag: 'Unsupported' });
    }
    expect(requests.every(({ headers }) => headers.range === undefined)).toBe(true);
    expect((await fetchAll(machine)).bytes.equals(CONTENT)).toBe(true);
  });

  it('may be the cache alone', async () => {
    await expect(fetchAll(client, { places: ['cache'] })).rejects.toMatchObject({ _tag: 'NotFound' });
    await fetchAll(client);
    expect((await fetchAll(client, { places: ['cache'] })).counts.fromCache).toBe(CONTENT.length);
  });

  it.each([
    [['peers', 'cache']],
    [['origin', 'cache']],
    [['cache', 'cache']],
    [[]],
    [['cache', 'moon']],
    [['hosted-cache']],
  ])('%o is none', async (places) => {
    await expect(fetchAll(client, { places: places as never })).rejects.toMatchObject({
      _tag: 'BadArgument',
    });
  });
});

describe('when peers fail', () => {
  it('goes on with the origin: one that refuses connections', async () => {
    const { counts, bytes } = await fetchAll(client, { peers: ['127.0.0.1:1'] });
    expect(bytes.equals(CONTENT)).toBe(true);
    expect(counts.fromOrigin).toBe(CONTENT.length);
  });

  it('goes on with the origin: one that never answers', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const { counts, bytes } = await fetchAll(client, { peers: [`127.0.0.1:${port}`] });
    expect(bytes.equals(CONTENT)).toBe(true);
    expect(counts.fromOrigin).toBe(CONTENT.length);
    silent.closeAllConnections();
    silent.close();
  });

  it('waits for them less than a second, and less each time', async () => {
    const { distribution } = client.driver;
    const waits: (number | undefined)[] = [];
    const { blockRead } = distribution;
    const driver = {
      ...client.driver,
      distribution: {
        ...distribution,
        blockRead: ((session, content, offset, request, call) => {
          if (request.maxBytes === 0) return blockRead(session, content, offset, request, call);
          waits.push(request.timeoutMs);
          const length = Math.min(65_536, CONTENT.length - offset);
          return Promise.resolve({ _tag: 'Missing', offset, length, cause: 'timeout' });
        }) as typeof blockRead,
      },
    };
    const peers = createPeerweave({ driver });
    await using session = await peers.promise(peers.effects.openSession());
    const bytes = Buffer.concat(await collect(getIterable(origin.url, { session })));
    expect(bytes.equals(CONTENT)).toBe(true);
    expect(waits[0]).toBeLessThan(1_000);
    expect(waits.at(-1)).toBe(50);
    expect(waits.reduce<number>((sum, ms) => sum + (ms ?? 0), 0)).toBeLessThan(2_000 + waits.length * 50);
  });

  it('goes on with the origin when the service is switched off in the middle', async () => {
    const peer = endpointOf(publisher);
    const pieces: Uint8Array[] = [];
    const { peers, session } = client;
    await lastValueFrom(
      get(origin.url, { session, peers: [peer] }).pipe(
        tap((progress) => {
          if (progress._tag !== 'Received') return;
          if (pieces.push(progress.bytes) === 1) void peers.effects.setDistributionEnabled(false)();
        }),
      ),
    );
    expect(Buffer.concat(pieces).equals(CONTENT)).toBe(true);
  });
});

describe('forms of it', () => {
  it('is cold: nothing happens before it is subscribed, and each subscription fetches', async () => {
    const progress$ = get(origin.url, { session: client.session });
    expect(requests).toHaveLength(0);
    await lastValueFrom(progress$);
    const before = requests.length;
    await lastValueFrom(progress$);
    expect(requests.length).toBeGreaterThan(before);
  });

  it('is an AsyncIterable that fetches what is taken', async () => {
    const pieces = await collect(getIterable(origin.url, { session: client.session }));
    expect(Buffer.concat(pieces).equals(CONTENT)).toBe(true);
  });

  it('is a ReadableStream', async () => {
    const body = await new Response(getStream(origin.url, { session: client.session })).arrayBuffer();
    expect(Buffer.from(body).equals(CONTENT)).toBe(true);
  });

  it('ends at once by its signal', async () => {
    const stop = new AbortController();
    const pieces = getIterable(origin.url, { session: client.session, signal: stop.signal });
    await pieces.next();
    stop.abort();
    await expect(collect(pieces)).rejects.toMatchObject({ _tag: 'Cancelled' });
  });

  it.each(['peers', 'origin'] as const)('says why its signal has ended it: from %s', async (place) => {
    const stop = new AbortController();
    const pieces = getIterable(origin.url, {
      session: client.session,
      signal: stop.signal,
      places: place === 'origin' ? ['origin'] : ['cache', place],
      peers: [endpointOf(publisher)],
    });
    await pieces.next();
    const why = new Error('enough');
    stop.abort(why);
    await expect(collect(pieces)).rejects.toMatchObject({
      _tag: 'Cancelled',
      code: 'PEERWEAVE_CANCELLED',
      operation: 'get',
      cause: why,
    });
  });

  it('hands back what its consumer throws into it', async () => {
    const pieces = getIterable(origin.url, { session: client.session });
    await pieces.next();
    const own = new Error('of the consumer');
    await expect(pieces.throw(own)).rejects.toBe(own);
    expect(await pieces.next()).toEqual({ done: true, value: undefined });
  });

  it('leaves nothing behind when it is left', async () => {
    for await (const piece of getIterable(origin.url, { session: client.session })) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    const stream = getStream(origin.url, { session: client.session });
    const reader = stream.getReader();
    await reader.read();
    await reader.cancel();
    await client.session.close();
    expect(client.session.state).toBe('closed');
  });

  it('is a file, which appears when it is complete', async () => {
    const to = join(client.directory, 'copy.bin');
    await writeFile(to, 'an older one');
    const seen: string[] = [];
    await lastValueFrom(
      get(origin.url, { session: client.session, to }).pipe(
        tap((progress) => {
          if (progress._tag === 'Received') void readFile(to, 'latin1').then((text) => seen.push(text));
        }),
      ),
    );
    expect((await readFile(to)).equals(CONTENT)).toBe(true);
    expect(seen[0]).toBe('an older one');
    expect((await readdir(client.directory)).filter((name) => name.startsWith('copy'))).toEqual(['copy.bin']);
  });
});

it.each([
  ['no URL', 'not a url', {}],
  ['another scheme', 'ftp://127.0.0.1/', {}],
  ['a header that is none', undefined, { headers: { 'a b': 'c' } }],
  ['a peer that is none', undefined, { peers: ['nowhere'] }],
  ['a tag that is too long', undefined, { tag: 'more than sixteen characters' }],
  ['no patience', undefined, { patienceMs: 0 }],
  ['an empty path', undefined, { to: '' }],
  ['a fetch that is no function', undefined, { fetch: 'x' as never }],
])('%s is a bad argument, and nothing is asked', async (_name, url, options) => {
  const failing = lastValueFrom(get(url ?? origin.url, { session: client.session, ...options }));
  await expect(failing).rejects.toMatchObject({ _tag: 'BadArgument' });
  expect(requests).toHaveLength(0);
});

it.each<[string, unknown]>([
  ['no options', undefined],
  ['options that are none', 7],
  ['a session that is none', { session: {} }],
  ['a signal that is none', { session: 'own', signal: {} }],
])('%s are a bad argument', async (_name, options) => {
  const given = (
    typeof options === 'object' && options !== null && 'signal' in options
      ? { ...options, session: client.session }
      : options
  ) as never;
  const ways = [
    ...(typeof options === 'object' && options !== null && 'signal' in options
      ? []
      : [lastValueFrom(get(origin.url, given))]),
    collect(getIterable(origin.url, given)),
    new Response(getStream(origin.url, given)).text(),
  ];
  for (const way of ways) await expect(way).rejects.toMatchObject({ _tag: 'BadArgument' });
  expect(requests).toHaveLength(0);
});

it('at every step the sources add up to what was received', async () => {
  const peers = [endpointOf(publisher)];
  const progress = await lastValueFrom(get(origin.url, { session: client.session, peers }).pipe(toArray()));
  for (const { counts } of progress) {
    const { fromCache, fromHostedCache, fromOrigin } = counts;
    const fromPeers = Object.values(counts.fromPeers).reduce((sum, bytes) => sum + bytes, 0);
    expect(fromCache + fromHostedCache + fromOrigin + fromPeers).toBe(counts.bytes);
  }
  expect(progress.at(-1)?.counts.fromPeers).toEqual({ [endpointOf(publisher)]: CONTENT.length });
});

it('with the service switched off that is why nobody but the origin can be asked', async () => {
  const { peers, session } = client;
  await peers.promise(peers.effects.setDistributionEnabled(false));
  const failing = lastValueFrom(get(origin.url, { session, places: ['cache', 'peers'] }));
  await expect(failing).rejects.toMatchObject({ _tag: 'Disabled', code: 'PEERWEAVE_SERVICE_DISABLED' });
});
