import { createHash, randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import type { ContentSupplier, SegmentReason } from '../../../src/driver/index.js';
import { fakePeer } from '../retrieval/harness.js';
import { eventsOf, startCache, TAG } from './harness.js';
import { publish as publishBytes, retrieve, startMachine, type Machine } from './machine.js';

const CONTENT = randomBytes(5 * 1024 * 1024 + 123);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const publish = (machine: Machine, version: 1 | 2 = 1): Promise<Buffer> =>
  publishBytes(machine, CONTENT, version);

/** As a busy processor or a slow disk makes a process do. */
const standStill = (ms: number): void => {
  const until = Date.now() + ms;
  while (Date.now() < until);
};

it.each([1, 2] as const)(
  'passes on what a machine fetched by version %i, when all are gone',
  async (version) => {
    const { cache, peer, events } = await startCache();
    const hostedCache = { address: peer };
    const publisher = await startMachine();
    const information = await publish(publisher, version);
    const { port } = publisher.engine.endpoint() ?? { port: 0 };

    const first = await startMachine({ hostedCache });
    expect(sha256(await retrieve(first, information, [`127.0.0.1:${port}`]))).toBe(sha256(CONTENT));
    expect(eventsOf(first.events, 'SourceChosen').every(({ source }) => source === 'peer')).toBe(true);
    // The last session ends: it offers what it has, and stays until that was fetched.
    await first.engine.distribution.shutdown(first.session);
    await publisher.engine.dispose();
    expect(cache.contents().bytes).toBeGreaterThan(CONTENT.length);

    const second = await startMachine({ hostedCache, listen: false });
    expect(sha256(await retrieve(second, information, []))).toBe(sha256(CONTENT));
    const sources = eventsOf(second.events, 'SourceChosen');
    expect(new Set(sources.map(({ source, peer: from }) => `${source} ${from}`))).toEqual(
      new Set([`hosted-cache ${peer}`]),
    );
    // It was fetched and served segment by segment: in version 2 nothing is longer than 128 KiB.
    const longest = Math.max(...eventsOf(events, 'BlockResponseSent').map(({ bytes }) => bytes));
    if (version === 2) expect(longest).toBeGreaterThan(65_536 + 16);
    else expect(longest).toBeLessThanOrEqual(65_536 + 16);
    // What came from there is not offered to it.
    expect(eventsOf(second.events, 'OfferSent')).toEqual([]);
  },
);

/** A publisher, and a hosted cache that has its content from a machine that is gone. */
const startWithBoth = async (turn: { readonly turn?: 'before-peers' | 'after-peers' }) => {
  const { peer, events } = await startCache();
  const hostedCache = { address: peer, ...turn };
  const publisher = await startMachine();
  const information = await publish(publisher);
  const peers = [`127.0.0.1:${publisher.engine.endpoint()?.port}`];
  const first = await startMachine({ hostedCache });
  await retrieve(first, information, peers);
  await first.engine.distribution.shutdown(first.session);
  return { hostedCache, events, publisher, information, peers };
};

it.each([
  ['after the peers', {}, 'peer'],
  ['before them', { turn: 'before-peers' }, 'hosted-cache'],
] as const)('is asked %s, and each for what the others lack', async (_when, turn, source) => {
  const { hostedCache, information, peers } = await startWithBoth(turn);

  const sourcesOf = async (from: readonly string[]): Promise<ReadonlySet<string>> => {
    const machine = await startMachine({ hostedCache, listen: false });
    expect(sha256(await retrieve(machine, information, from))).toBe(sha256(CONTENT));
    return new Set(eventsOf(machine.events, 'SourceChosen').map((chosen) => chosen.source));
  };
  expect(await sourcesOf(peers)).toEqual(new Set([source]));
  // A peer that has nothing, then a hosted cache that has nothing.
  const empty = await startMachine();
  expect(await sourcesOf([`127.0.0.1:${empty.engine.endpoint()?.port}`])).toEqual(new Set(['hosted-cache']));
  const other = await startCache();
  const machine = await startMachine({ hostedCache: { address: other.peer, ...turn }, listen: false });
  expect(sha256(await retrieve(machine, information, peers))).toBe(sha256(CONTENT));
  expect(new Set(eventsOf(machine.events, 'SourceChosen').map((chosen) => chosen.source))).toEqual(
    new Set(['peer']),
  );
});

it.each<[string, ContentSupplier[], 'an empty peer' | 'nobody', SegmentReason['_tag'][]]>([
  ['after peers', ['peers', 'hosted-cache'], 'nobody', ['NoPeerKnown']],
  ['after peers', ['peers', 'hosted-cache'], 'an empty peer', ['PeerFailed']],
  ['before peers', ['hosted-cache', 'peers'], 'nobody', []],
  ['alone', ['hosted-cache'], 'nobody', []],
])('asked %s, there is a reason why not from them: %j, %s', async (_when, suppliers, known, expected) => {
  const { hostedCache, information } = await startWithBoth({});
  const empty = await startMachine();
  const peer = `127.0.0.1:${empty.engine.endpoint()?.port}`;
  const { engine, session } = await startMachine({ hostedCache, listen: false });
  const { distribution } = engine;
  const content = await distribution.openContent(session, {
    tag: TAG,
    peers: known === 'nobody' ? [] : [peer],
    suppliers,
  });
  await distribution.addContentInformation(session, content, information);
  await distribution.completeContentInformation(session, content);
  for (let offset = 0; offset < CONTENT.length;) {
    const read = await distribution.blockRead(session, content, offset, { maxBytes: 1_000_000 });
    if (read._tag !== 'Data') expect.fail(`${read._tag} at ${offset}`);
    offset += read.bytes.length;
  }
  const { bytes, segments } = await distribution.explainContent(session, content);
  await distribution.closeContent(session, content);
  expect(bytes).toMatchObject({ 'hosted-cache': CONTENT.length });
  expect(segments.length).toBeGreaterThan(0);
  for (const { reasons } of segments) expect(reasons.map(({ _tag }) => _tag)).toEqual(expected);
});

it.each<[ContentSupplier[], 'before-peers' | 'after-peers', string]>([
  [['peers', 'hosted-cache'], 'before-peers', 'peer'],
  [['hosted-cache', 'peers'], 'after-peers', 'hosted-cache'],
  [['peers'], 'before-peers', 'peer'],
  [['hosted-cache'], 'after-peers', 'hosted-cache'],
])('is asked as a content says, %j, whatever the engine is used to', async (suppliers, turn, source) => {
  const { hostedCache, events, publisher, information, peers } = await startWithBoth({ turn });

  const machine = await startMachine({ hostedCache, listen: false });
  const before = [events, publisher.events].map((told) => eventsOf(told, 'BlockResponseSent').length);
  const copy = await retrieve(machine, information, peers, undefined, suppliers);
  expect(sha256(copy)).toBe(sha256(CONTENT));
  expect(new Set(eventsOf(machine.events, 'SourceChosen').map((chosen) => chosen.source))).toEqual(
    new Set([source]),
  );
  const after = [events, publisher.events].map((told) => eventsOf(told, 'BlockResponseSent').length);
  const [cacheWasAsked, publisherWasAsked] = after.map((count, index) => count > before[index]!);
  expect({ cacheWasAsked, publisherWasAsked }).toEqual({
    cacheWasAsked: source === 'hosted-cache',
    publisherWasAsked: source === 'peer',
  });
});

it('is asked for what the peers lack and the other way round, in the order of a content', async () => {
  const away = '127.0.0.1:1';
  const publisher = await startMachine();
  const information = await publish(publisher);
  const peers = [`127.0.0.1:${publisher.engine.endpoint()?.port}`];
  const machine = await startMachine({ hostedCache: { address: away }, listen: false });
  const all = await retrieve(machine, information, peers, undefined, ['hosted-cache', 'peers']);
  expect(sha256(all)).toBe(sha256(CONTENT));
  const other = await startMachine({ hostedCache: { address: away }, listen: false });
  await expect(retrieve(other, information, peers, undefined, ['hosted-cache'])).rejects.toThrow(
    'Missing at 0',
  );
});

it.each([1, 2] as const)(
  'passes on what one machine had to fetch from the origin by version %i',
  async (version) => {
    const { peer } = await startCache();
    const publisher = await startMachine();
    const information = await publish(publisher, version);
    await publisher.engine.dispose();
    const first = await startMachine({ hostedCache: { address: peer } });
    expect(sha256(await retrieve(first, information, [], CONTENT))).toBe(sha256(CONTENT));
    await first.engine.dispose();
    const second = await startMachine({ hostedCache: { address: peer }, listen: false });
    expect(sha256(await retrieve(second, information, []))).toBe(sha256(CONTENT));
  },
);

it('passes on all of it, though everything stood still for a moment while the cache fetched', async () => {
  const publisher = await startMachine();
  const information = await publish(publisher, 2);
  await publisher.engine.dispose();
  let fetched = 0;
  const { peer } = await startCache({
    onEvent: ({ _tag }) => {
      if (_tag === 'BlockResponseReceived' && ++fetched === 20) standStill(600);
    },
  });
  const first = await startMachine({ hostedCache: { address: peer } });
  await retrieve(first, information, [], CONTENT);
  await first.engine.dispose();
  const second = await startMachine({ hostedCache: { address: peer }, listen: false });
  expect(sha256(await retrieve(second, information, []))).toBe(sha256(CONTENT));
});

it('does without a hosted cache that is away', async () => {
  const publisher = await startMachine();
  const information = await publish(publisher);
  const { port } = publisher.engine.endpoint() ?? { port: 0 };
  const machine = await startMachine({ hostedCache: { address: '127.0.0.1:1' } });
  expect(sha256(await retrieve(machine, information, [`127.0.0.1:${port}`]))).toBe(sha256(CONTENT));
  await machine.engine.dispose();
});

it.each(['before-peers', 'after-peers'] as const)(
  'is asked although a peer is silent, and does not keep peers from being asked if it is (%s)',
  async (turn) => {
    const { hostedCache, information, peers } = await startWithBoth({ turn });
    const silent = await fakePeer(() => undefined);
    const options =
      turn === 'before-peers'
        ? { hostedCache: { ...hostedCache, address: silent.peer }, listen: false as const }
        : { hostedCache, listen: false as const };
    const machine = await startMachine(options);
    const named = turn === 'before-peers' ? peers : [silent.peer];
    expect(sha256(await retrieve(machine, information, named))).toBe(sha256(CONTENT));
    expect(silent.requests.length).toBeGreaterThan(0);
  },
);
