import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { lastValueFrom, tap, toArray } from 'rxjs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { DistributionEvent } from '../../src/driver/index.js';
import { observeDistribution } from '../../src/effects/index.js';
import { createEngineDriver, type EngineOptions } from '../../src/engine/index.js';
import { createContentServer, get, type GetOptions, sendContent } from '../../src/http/index.js';
import { createPeerweave } from '../../src/index.js';
import { createVirtualClock, type VirtualClock } from '../../src/testing/index.js';
import { contentOf, listen, type Machine, startMachine, temporaryDirectory } from './support.js';

const CONTENT = contentOf(3_000_000);
const PAGE = { bytes: CONTENT };
/** Virtual milliseconds at a time, for each of which the sockets get some real ones. */
const STEP_MS = 20;
const REAL_MS = 4;
const A_SECOND = 1_000;
/** Within the patience of whoever waits for it, with most of that over. */
const LATE_MS = 600;
/** Three real seconds: before anything that goes by real time, such as a connection without a request, comes to help. */
const MOST_TURNS = 750;

let publisher: Machine;
let origin: Awaited<ReturnType<typeof listen>>;
/** Ranges that the origin was asked for. */
let ranges: string[];
/** Of the content information that it gives. */
let version: 1 | 2;

beforeEach(async () => {
  publisher = await startMachine();
  ranges = [];
  const content = createContentServer({ session: publisher.session });
  await content.prepare(PAGE);
  origin = await listen((request, response) => {
    if (request.headers.range !== undefined) ranges.push(request.headers.range);
    // As if the client read no other.
    if (version === 1) delete request.headers['x-p2p-peerdistex'];
    void sendContent(content, request, response, PAGE);
  });
});

afterEach(async () => {
  await origin[Symbol.asyncDispose]();
  await publisher[Symbol.asyncDispose]();
});

/** A peer that answers as `who` does, as far as `passes` says so; told of all bytes that were to be passed so far. */
const peerThat = async (passes: (near: Socket, bytes: number, data: Buffer) => boolean, who = publisher) => {
  const sockets = new Set<Socket>();
  let bytes = 0;
  const server = createServer((near) => {
    const far = connect(who.driver.endpoint()?.port ?? 0, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket.on('error', () => undefined));
      socket.on('close', () => {
        near.destroy();
        far.destroy();
      });
    }
    near.on('data', (data) => far.write(data));
    far.on('data', (data: Buffer) => {
      bytes += data.length;
      if (passes(near, bytes, data)) near.write(data);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    peer: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
};

const FAILURES: readonly (readonly [string, (near: Socket, bytes: number) => boolean])[] = [
  ['says nothing from the start', () => false],
  ['says what it has, and sends nothing of that', (_, bytes) => bytes < 2_000],
  ['stops in the middle', (_, bytes) => bytes < 1_000_000],
  [
    'goes away in the middle',
    (near, bytes) => {
      if (bytes >= 1_000_000) near.destroy();
      return true;
    },
  ],
];

interface Fetcher {
  readonly clock?: VirtualClock;
  readonly told: DistributionEvent[];
  readonly engine?: EngineOptions;
  readonly options: Omit<GetOptions, 'session'>;
  readonly random?: () => number;
}

/** Fetches it all with a virtual clock, which stands still a second after the last bytes until the origin is asked. */
const fetchByTheSecond = async ({
  clock = createVirtualClock(),
  told,
  engine,
  options,
  random = Math.random,
}: Fetcher) => {
  await using directory = await temporaryDirectory();
  const driver = createEngineDriver({ dataDir: join(directory.path, 'data'), clock, ...engine });
  const peers = createPeerweave({ driver, clock, random });
  const session = await peers.promise(peers.effects.openSession());
  observeDistribution(session, (event) => told.push(event));
  const state = { isDone: false };
  let lastAt = clock.now();
  const done = lastValueFrom(
    get(origin.url, { session, ...options }).pipe(
      tap(() => (lastAt = clock.now())),
      toArray(),
    ),
  ).finally(() => (state.isDone = true));
  for (let turn = 0; turn < MOST_TURNS && ranges.length === 0 && !state.isDone; turn += 1) {
    await pause(REAL_MS);
    if (clock.now() + STEP_MS <= lastAt + A_SECOND) await clock.advance(STEP_MS);
  }
  expect(ranges).not.toEqual([]);
  while (!state.isDone) {
    await pause(REAL_MS);
    await clock.advance(STEP_MS);
  }
  const pieces = (await done).flatMap((one) => (one._tag === 'Received' ? [one.bytes] : []));
  expect(Buffer.concat(pieces).equals(CONTENT)).toBe(true);
  await session.close();
  await driver.dispose();
};

it.each(FAILURES.flatMap(([name, passes]) => ([1, 2] as const).map((each) => [name, each, passes] as const)))(
  'the origin is asked within a second of time when the only peer %s, version %d',
  async (_name, each, passes) => {
    version = each;
    using only = await peerThat(passes);
    const told: DistributionEvent[] = [];
    await fetchByTheSecond({ told, options: { peers: [only.peer] } });
    expect(told[0]).toMatchObject({ _tag: 'ContentInformationAdded', version });
  },
);

it.each([1, 2] as const)(
  'the origin is asked within a second of time when a hosted cache is late to say that it lacks it, version %d',
  async (each) => {
    version = each;
    await using empty = await startMachine();
    const clock = createVirtualClock();
    using cache = await peerThat((near, _, data) => {
      clock.schedule(LATE_MS, () => near.write(data));
      return false;
    }, empty);
    const told: DistributionEvent[] = [];
    await fetchByTheSecond({
      clock,
      told,
      engine: { hostedCache: { address: cache.peer }, listen: false },
      options: { places: ['cache', 'hosted-cache', 'origin'] },
      // The longest that it lets pass before it asks again.
      random: () => 0.999,
    });
    expect(told[0]).toMatchObject({ _tag: 'ContentInformationAdded', version });
    const unavailable = told.find((event) => event._tag === 'BlockUnavailable');
    expect(unavailable?.attempts).toMatchObject([{ peer: cache.peer, reason: 'lacks-block' }]);
  },
);

it.each([1, 2] as const)(
  'the origin is asked within a second of time when one peer says nothing and the other sends wrong bytes, version %d',
  async (each) => {
    version = each;
    using silent = await peerThat(() => false);
    using wrong = await peerThat((_near, _bytes, data) => {
      // Blocks are long, what it says of what it has is not.
      if (data.length > 500) data[400] = ~(data[400] ?? 0);
      return true;
    });
    const told: DistributionEvent[] = [];
    await fetchByTheSecond({ told, options: { peers: [silent.peer, wrong.peer] } });
    expect(told.some((event) => event._tag === 'BlockRejected')).toBe(true);
  },
);
