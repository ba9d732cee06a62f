import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { lastValueFrom, toArray } from 'rxjs';
import { Agent, fetch as undiciFetch } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DistributionDriver, DistributionEvent } from '../../src/driver/index.js';
import { observeDistribution, systemClock } from '../../src/effects/index.js';
import { type EngineOptions, findRetrievals, readJournal, startHostedCache } from '../../src/engine/index.js';
import {
  type ContentPlace,
  createContentServer,
  createPeerInterceptor,
  get,
  getIterable,
  type GetOptions,
  type GetProgress,
  sendContent,
} from '../../src/http/index.js';
import { createPeerweave } from '../../src/index.js';
import { collect, contentOf, listen, type Machine, startMachine, temporaryDirectory } from './support.js';

const CONTENT = contentOf(3_000_000);
const PAGE = { bytes: CONTENT };
/** What the origin gives before it fails. */
const FIRST_BYTES = 1_000_000;

/** One for whom a second is 20 ms. */
const HASTY = {
  ...systemClock,
  schedule: (ms: number, task: () => void) => systemClock.schedule(ms / 50, task),
};

/** What becomes of a request for a part of the content, or for it without its content information. */
type Part = (request: IncomingMessage, response: ServerResponse, well: RequestListener) => void;

const well: Part = (request, response, answer) => answer(request, response);
const refuses: Part = (_request, response) => void response.writeHead(503).end();
const isUnreachable: Part = (request) => void request.socket.destroy();
const isSilent: Part = () => undefined;

/** Gives the first bytes of what it is asked for first, and then does as `fails` does. */
const failsMidway = (fails: Part): Part => {
  let isFirst = true;
  return (request, response, answer) => {
    if (!isFirst) {
      fails(request, response, answer);
      return;
    }
    isFirst = false;
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    response.writeHead(206, {
      ETag: etag,
      'Content-Range': `bytes ${first}-${last}/${CONTENT.length}`,
      'Content-Length': Number(last) + 1 - Number(first),
    });
    response.write(CONTENT.subarray(Number(first), Number(first) + FIRST_BYTES));
    // What was written is to arrive.
    if (fails !== isSilent) setTimeout(() => request.socket.destroy(), 50);
  };
};

let publisher: Machine;
/** A peer and a hosted cache that have nothing. */
let poor: Machine;
let poorCache: Awaited<ReturnType<typeof startCache>>;
let richCache: Awaited<ReturnType<typeof startCache>>;
let origin: Awaited<ReturnType<typeof listen>>;
/** Ranges that the origin was asked for. */
let ranges: string[];
let part: Part;
let etag: string;

const startCache = async () => {
  const directory = await temporaryDirectory();
  const cache = await startHostedCache({
    directory: directory.path,
    listen: { host: '127.0.0.1', port: 0 },
  });
  return {
    address: `127.0.0.1:${cache.endpoint.port}`,
    [Symbol.asyncDispose]: async () => {
      await cache[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
};

const endpointOf = ({ driver }: Machine): string => {
  const { host, port } = driver.endpoint() ?? { host: '', port: 0 };
  return `${host}:${port}`;
};

beforeEach(async () => {
  publisher = await startMachine();
  poor = await startMachine();
  poorCache = await startCache();
  richCache = await startCache();
  ranges = [];
  part = well;
  const content = createContentServer({ session: publisher.session });
  await content.prepare(PAGE);
  const answer: RequestListener = (request, response) => void sendContent(content, request, response, PAGE);
  origin = await listen((request, response) => {
    const { range, 'accept-encoding': accepted } = request.headers;
    if (range === undefined && accepted?.includes('peerdist') === true) {
      answer(request, response);
      return;
    }
    if (range !== undefined) ranges.push(range);
    part(request, response, answer);
  });
  etag = (await fetch(origin.url)).headers.get('etag') ?? '';
  const first = await startMachine(systemClock, { hostedCache: { address: richCache.address } });
  await collect(getIterable(origin.url, { session: first.session, peers: [endpointOf(publisher)] }));
  // It stays until the hosted cache has fetched what it was offered.
  await first[Symbol.asyncDispose]();
});

afterEach(async () => {
  for (const one of [origin, publisher, poor, poorCache, richCache]) await one[Symbol.asyncDispose]();
});

interface Order {
  readonly places: readonly ContentPlace[];
  /** The source behind the origin. */
  readonly behind: 'peer' | 'hosted-cache';
}

const ORDERS: readonly Order[] = [
  { places: ['cache', 'peers', 'origin', 'hosted-cache'], behind: 'hosted-cache' },
  { places: ['cache', 'hosted-cache', 'origin', 'peers'], behind: 'peer' },
];

/** A reader for whom those before the origin have nothing, and those behind it everything or nothing. */
const startReader = async (
  { behind }: Order,
  isRich = true,
  limits: EngineOptions['limits'] = {},
  clock = HASTY,
) => {
  const cache = behind === 'hosted-cache' && isRich ? richCache : poorCache;
  const peer = endpointOf(behind === 'peer' && isRich ? publisher : poor);
  const hostedCache = { address: cache.address };
  const machine = await startMachine(clock, { hostedCache, listen: false, limits });
  const events: DistributionEvent[] = [];
  observeDistribution(machine.session, (event) => events.push(event));
  return { ...machine, events, peer, cache: cache.address };
};

type Reader = Awaited<ReturnType<typeof startReader>>;

const fetchAll = async ({ session, peer }: Reader, options: Partial<GetOptions>) => {
  const progress: readonly GetProgress[] = await lastValueFrom(
    get(origin.url, { session, peers: [peer], ...options }).pipe(toArray()),
  );
  const last = progress.at(-1);
  if (last?._tag !== 'Completed') throw new Error('not completed');
  const pieces = progress.flatMap((one) => (one._tag === 'Received' ? [one.bytes] : []));
  expect(Buffer.concat(pieces).equals(CONTENT)).toBe(true);
  return { counts: last.counts, explanation: last.explanation };
};

const contentsIn = ({ events }: Reader): number =>
  events.filter(({ _tag }) => _tag === 'ContentInformationAdded').length;

describe.each(ORDERS)('the order $places', (order) => {
  const { places, behind } = order;

  it('has the origin asked for what those before it lack, and nobody else', async () => {
    await using reader = await startReader(order);
    const { counts, explanation } = await fetchAll(reader, { places });
    expect(counts).toMatchObject({ fromOrigin: CONTENT.length, fromPeers: {}, fromHostedCache: 0 });
    expect(explanation?.bytes).toEqual({ cache: 0, peer: 0, 'hosted-cache': 0, origin: CONTENT.length });
    expect(contentsIn(reader)).toBe(1);
  });

  it('has nobody asked behind those that have it', async () => {
    await using reader = await startReader({ places, behind: behind === 'peer' ? 'hosted-cache' : 'peer' });
    const { explanation } = await fetchAll(reader, { places });
    expect(explanation?.bytes[behind === 'peer' ? 'hosted-cache' : 'peer']).toBe(CONTENT.length);
    expect(ranges).toEqual([]);
    expect(contentsIn(reader)).toBe(1);
  });

  it.each<[string, Part]>([
    ['breaks off, and refuses then', refuses],
    ['breaks off, and cannot be reached then', isUnreachable],
    ['falls silent', isSilent],
  ])('has the others asked when the origin %s in the middle', async (_how, fails) => {
    part = failsMidway(fails);
    await using reader = await startReader(order);
    const { counts, explanation } = await fetchAll(reader, { places, stallMs: 10_000 });
    const { fromOrigin, fromCache, fromHostedCache } = counts;
    const fromBehind = behind === 'peer' ? (counts.fromPeers[reader.peer] ?? 0) : fromHostedCache;
    expect(counts.bytes).toBe(CONTENT.length);
    expect(fromOrigin).toBeGreaterThan(0);
    expect(fromOrigin).toBeLessThanOrEqual(FIRST_BYTES);
    expect(fromBehind).toBeGreaterThan(0);
    // What was fetched ahead is found in the cache.
    expect(fromOrigin + fromBehind + fromCache).toBe(CONTENT.length);
    expect(contentsIn(reader)).toBe(2);

    expect(explanation?.bytes[behind]).toBe(fromBehind);
    expect(explanation?.bytes.cache).toBe(fromCache);
    expect(explanation?.bytes.origin).toBeGreaterThanOrEqual(fromOrigin);
    const segments = explanation?.segments ?? [];
    expect(segments.map(({ from }) => from)).toEqual([0, ...segments.slice(0, -1).map(({ to }) => to)]);
    expect(segments.every(({ sources }) => sources.length > 0)).toBe(true);
    expect(segments[0]).toMatchObject({ sources: [{ source: 'origin' }] });
    expect(segments.flatMap(({ sources }) => sources.map(({ source }) => source))).toContain(behind);
    const refusing = behind === 'peer' ? reader.cache : reader.peer;
    expect(segments[0]?.reasons).toContainEqual({
      _tag: 'PeerFailed',
      peer: refusing,
      reason: 'lacks-block',
    });
    await expect(fetchAll(reader, { places: ['cache'] })).resolves.toMatchObject({
      counts: { fromCache: CONTENT.length },
    });
  });

  it('has each of the two contents on record under the same name', async () => {
    part = failsMidway(isUnreachable);
    await using reader = await startReader(order);
    const { explanation } = await fetchAll(reader, { places });
    await reader.session.close();
    const entries = await readJournal(join(reader.directory, 'data'));
    const found = findRetrievals(entries, { name: `${origin.url}/` });
    expect(found).toHaveLength(2);
    const bytesFrom = (source: 'origin' | 'peer' | 'hosted-cache'): number =>
      found.reduce((sum, { retrieval }) => sum + retrieval.explanation.bytes[source], 0);
    expect(bytesFrom('origin')).toBe(explanation?.bytes.origin);
    expect(bytesFrom(behind)).toBe(explanation?.bytes[behind]);
  });

  it('leaves an origin alone that takes long to fail', async () => {
    part = isSilent;
    await using reader = await startReader(order);
    const { counts } = await fetchAll(reader, { places, stallMs: 10_000 });
    expect(counts.fromOrigin).toBe(0);
    expect(ranges).toHaveLength(1);
  });

  it('has one error for what nobody has, which says so of each', async () => {
    part = refuses;
    await using reader = await startReader(order, false);
    const failing = fetchAll(reader, { places });
    await expect(failing).rejects.toMatchObject({ _tag: 'Unavailable', code: 'HTTP_503' });
    const message = await failing.then(String, String);
    expect(message).toMatch(/get: nobody who may be asked has the \d+ bytes from 0 on; the origin fails/);
    expect(message).toContain(reader.peer);
    expect(message).toContain(reader.cache);
  });

  it('has an origin asked again and again when it is the last that may have it', async () => {
    part = (request, response, answer) => (ranges.length <= 4 ? refuses : well)(request, response, answer);
    await using reader = await startReader(order, false);
    expect((await fetchAll(reader, { places })).counts.fromOrigin).toBe(CONTENT.length);
  });

  it('holds for the requests of programs, too', async () => {
    part = refuses;
    await using reader = await startReader(order);
    const { session, peer } = reader;
    const dispatcher = new Agent().compose(createPeerInterceptor({ session, peers: [peer], places }));
    const response = await undiciFetch(origin.url, { dispatcher });
    expect(Buffer.from(await response.arrayBuffer()).equals(CONTENT)).toBe(true);
    await dispatcher.destroy();
    expect(contentsIn(reader)).toBe(2);
  });
});

it.each<Order>([...ORDERS, { places: ['cache', 'origin', 'peers'], behind: 'peer' }])(
  'an origin that failed once has its turn again: $places',
  async (order) => {
    part = (request, response, answer) => (ranges.length === 1 ? refuses : well)(request, response, answer);
    // It rests ten times as long as it took to fail, which is no time by this clock.
    const clock = { ...HASTY, now: () => 0 };
    await using reader = await startReader(order, true, { content: { readAheadBlocks: 4 } }, clock);
    const { counts } = await fetchAll(reader, { places: order.places });
    // The others give what they are asked for at once, and what is fetched ahead then.
    expect(counts.fromOrigin).toBeGreaterThanOrEqual(CONTENT.length - 16 * 65_536);
    expect(counts.fromOrigin).toBeLessThan(CONTENT.length);
  },
);

describe('the contents of an order with the origin in the middle are closed once each, before the session', () => {
  /** The driver of a reader that tells of what it opens and closes, and when it calls what on a second content. */
  const watched = async (reader: Reader, onSecond: (operation: string) => void = () => undefined) => {
    const { distribution } = reader.driver;
    const log: string[] = [];
    const contents: unknown[] = [];
    const numberOf = (content: unknown): number => contents.indexOf(content) + 1;
    const openContent: DistributionDriver['openContent'] = async (...args) => {
      const opened = await distribution.openContent(...args);
      log.push(`open ${contents.push(opened)}`);
      if (contents.length === 2) onSecond('open');
      return opened;
    };
    const addContentInformation: DistributionDriver['addContentInformation'] = (
      session,
      content,
      ...rest
    ) => {
      if (numberOf(content) === 2) onSecond('add');
      return distribution.addContentInformation(session, content, ...rest);
    };
    const completeContentInformation: DistributionDriver['completeContentInformation'] = (
      session,
      content,
      ...rest
    ) => {
      if (numberOf(content) === 2) onSecond('complete');
      return distribution.completeContentInformation(session, content, ...rest);
    };
    const blockRead: DistributionDriver['blockRead'] = (session, content, ...rest) => {
      if (numberOf(content) === 2) onSecond('read');
      return distribution.blockRead(session, content, ...rest);
    };
    const closeContent: DistributionDriver['closeContent'] = (session, content) => {
      log.push(`close ${numberOf(content)}`);
      return distribution.closeContent(session, content);
    };
    const shutdown: DistributionDriver['shutdown'] = (session) => {
      log.push('shutdown');
      return distribution.shutdown(session);
    };
    const driver = {
      ...reader.driver,
      distribution: {
        ...distribution,
        ...{
          openContent,
          addContentInformation,
          completeContentInformation,
          blockRead,
          closeContent,
          shutdown,
        },
      },
    };
    const peers = createPeerweave({ driver, clock: HASTY });
    return { log, session: await peers.promise(peers.effects.openSession()) };
  };

  const [order] = ORDERS as readonly [Order];
  const { places } = order;
  const ALL = ['open 1', 'open 2', 'close 2', 'close 1', 'shutdown'];

  it('at the end', async () => {
    part = refuses;
    await using reader = await startReader(order);
    const { log, session } = await watched(reader);
    await fetchAll({ ...reader, session }, { places });
    await session.close();
    expect(log).toEqual(ALL);
  });

  it('after an error', async () => {
    part = refuses;
    await using reader = await startReader(order, false);
    const { log, session } = await watched(reader);
    await expect(fetchAll({ ...reader, session }, { places })).rejects.toMatchObject({ code: 'HTTP_503' });
    await session.close();
    expect(log).toEqual(ALL);
  });

  it('when they are not read to the end', async () => {
    part = refuses;
    await using reader = await startReader(order);
    const { log, session } = await watched(reader);
    for await (const piece of getIterable(origin.url, { session, peers: [reader.peer], places })) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    await session.close();
    expect(log).toEqual(ALL);
  });

  it.each(['open', 'add', 'complete', 'read'])(
    'when it is not wanted any more at the moment of "%s"',
    async (moment) => {
      part = refuses;
      await using reader = await startReader(order);
      const stop = new AbortController();
      const { log, session } = await watched(reader, (operation) => {
        if (operation === moment) stop.abort();
      });
      const pieces = getIterable(origin.url, { session, peers: [reader.peer], places, signal: stop.signal });
      await expect(collect(pieces)).rejects.toMatchObject({ _tag: 'Cancelled' });
      expect(stop.signal.aborted).toBe(true);
      expect([...log].sort()).toEqual([...ALL.slice(0, 4)].sort());
      await session.close();
      expect(log.at(-1)).toBe('shutdown');
    },
  );

  it('when the session is closed under the opening', async () => {
    part = refuses;
    await using reader = await startReader(order);
    let closing: Promise<void> | undefined;
    const { log, session } = await watched(reader, (operation) => {
      if (operation === 'add') closing = session.close();
    });
    await expect(fetchAll({ ...reader, session }, { places })).rejects.toThrow();
    await closing;
    expect(log).toEqual(ALL);
  });
});
