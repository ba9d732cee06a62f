import { createServer, type RequestListener } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { systemClock, type DistributionEvent } from '../../../src/driver/index.js';
import {
  LONGEST_STAY_MS,
  OfferSender,
  RETRY_MS,
  TICK_MS,
  TRIES,
  type OfferSenderOptions,
} from '../../../src/engine/distribution/hosted-cache/offer-sender.js';
import { ANSWER_MS } from '../../../src/engine/distribution/hosted-cache/post-offer.js';
import { contentInformationOf } from '../../../src/engine/distribution/wire/index.js';
import { createVirtualClock } from '../../../src/testing/index.js';
import { afterwards, memorySource, segmentOf, startServer, type Segment } from '../retrieval/harness.js';
import { segmentsV2 } from '../wire/vectors.js';
import { batch, eventsOf, post, startCache, TAG, untilHeld, V2_PATH } from './harness.js';
import { selfSigned } from './self-signed.js';

const placed = ({ info }: Segment) => contentInformationOf([info]).segments[0]!;

const startSender = (options: Pick<OfferSenderOptions, 'server'> & Partial<OfferSenderOptions>) => {
  const clock = createVirtualClock();
  const events: DistributionEvent[] = [];
  const sender = new OfferSender({
    servingPort: undefined,
    clock,
    emit: (event) => events.push(event),
    ...options,
  });
  afterwards(() => sender.close());
  return { sender, clock, events };
};

/** A server that takes down what is posted to it and answers as told. */
const listener = async (answer: string, status = 200) => {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(`${request.method} ${request.url} ${Buffer.concat(chunks).toString('hex')}`);
      response.writeHead(status).end(Buffer.from(answer, 'hex'));
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  afterwards(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, bodies };
};

describe('offering to a hosted cache', () => {
  it('tells it after five seconds of segments of which a fifth is new, and it fetches them', async () => {
    const [much, little] = [segmentOf(10 * 65_536, 'much'), segmentOf(10 * 65_536, 'little')];
    const { cache, peer } = await startCache();
    const { port } = await startServer({ source: memorySource([much, little]) });
    const { sender, clock, events } = startSender({ server: { address: peer }, servingPort: port });
    sender.kept(placed(much), TAG);
    sender.kept(placed(little), TAG);
    sender.kept(placed(much), TAG);
    await clock.advance(4_999);
    expect(events).toEqual([]);
    await clock.advance(1);
    await vi.waitFor(() => expect(eventsOf(events, 'OfferAccepted')).toHaveLength(1));
    expect(eventsOf(events, 'OfferSent').flatMap(({ segments }) => segments)).toEqual([
      Buffer.from(much.info.id).toString('hex'),
    ]);
    await untilHeld(cache, 1);
    await sender.flush();
    await untilHeld(cache, 2);
    expect(clock.pending).toBe(0);
  });

  it('sends what the specification says, as an independent server sees it', async () => {
    const { address, bodies } = await listener('0000000100');
    const segment = segmentOf(61_440);
    const { sender } = startSender({ server: { address }, servingPort: 8_282 });
    sender.kept(placed(segment), TAG);
    await sender.flush();
    const id = Buffer.from(segment.info.id).toString('hex');
    const tag = TAG.toString('hex');
    expect(bodies).toEqual([
      `POST ${V2_PATH} 0002000300000000205a000000000000000100000000f0000010${tag}01${id}`,
    ]);
  });

  it('speaks version 1 by HTTPS to a cache that needs it', async () => {
    const segment = segmentOf(100_000);
    const secure = await selfSigned();
    const { cache } = await startCache({ secure: { ...secure, listen: { host: '127.0.0.1', port: 0 } } });
    const { port } = await startServer({ source: memorySource([segment]) });
    const address = `127.0.0.1:${cache.secureEndpoint?.port}`;
    const { sender, events } = startSender({
      server: { address: 'unused:1', secure: { address, ca: secure.cert } },
      servingPort: port,
    });
    sender.kept(placed(segment), TAG);
    await sender.flush();
    expect(eventsOf(events, 'OfferAccepted')).toHaveLength(1);
    await untilHeld(cache, 1);
  });

  it('tells of version 1 what the cache wants, and offers it nothing else', async () => {
    const [known, unknown] = [segmentOf(100_000, 'known'), segmentOf(70_000, 'unknown')];
    const secure = await selfSigned();
    const { cache, peer } = await startCache({
      secure: { ...secure, listen: { host: '127.0.0.1', port: 0 } },
    });
    const { port } = await startServer({ source: memorySource([known, unknown]) });
    await post(peer, V2_PATH, batch(port, [known.info]));
    await untilHeld(cache, 1);
    const address = `127.0.0.1:${cache.secureEndpoint?.port}`;
    const { sender, events } = startSender({
      server: { address: 'unused:1', secure: { address, ca: secure.cert } },
      servingPort: port,
    });
    const ofVersion2 = placed({ ...unknown, info: segmentsV2([unknown.blocks[0]!])[0]! });
    for (const segment of [placed(known), placed(unknown), ofVersion2]) sender.kept(segment, TAG);
    await sender.flush();
    const names = [known, unknown].map(({ info }) => Buffer.from(info.id).toString('hex'));
    expect(eventsOf(events, 'OfferSent')).toMatchObject([{ segments: names }]);
    expect(eventsOf(events, 'OfferAccepted')).toMatchObject([{ segments: names.slice(1) }]);
  });

  it.each([
    ['denied', '', 403, 'denied'],
    ['missing', '', 404, 'malformed'],
    ['nonsense', 'ffffffffff', 200, 'malformed'],
    ['too long', '00'.repeat(100_000), 200, 'malformed'],
  ] as const)('tells why nothing came of it: %s', async (_, answer, status, reason) => {
    const { address } = await listener(answer, status);
    const { sender, events } = startSender({ server: { address }, servingPort: 1 });
    sender.kept(placed(segmentOf(10)), TAG);
    await sender.flush();
    expect(eventsOf(events, 'OfferRefused')).toEqual([{ _tag: 'OfferRefused', peer: address, reason }]);
  });

  it('tells that the cache is not there, and offers nothing while this machine serves nobody', async () => {
    const { sender, events } = startSender({ server: { address: '127.0.0.1:1' }, servingPort: 1 });
    sender.kept(placed(segmentOf(10)), TAG);
    await sender.flush();
    expect(eventsOf(events, 'OfferRefused')).toMatchObject([{ reason: 'unreachable' }]);
    const mute = startSender({ server: { address: '127.0.0.1:1' } });
    mute.sender.kept(placed(segmentOf(10)), TAG);
    await mute.sender.flush();
    expect(mute.events).toEqual([]);
  });

  it.each<[string, RequestListener]>([
    ['says nothing', () => undefined],
    [
      'stops in the middle',
      (_request, response) => void response.writeHead(200, { 'content-length': 5 }).write('\0'),
    ],
  ])('tells that a cache has not answered in time: it %s', async (_name, behave) => {
    const silent = createServer(behave);
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    afterwards(async () => {
      silent.closeAllConnections();
      silent.close();
    });
    const peer = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const { sender, clock, events } = startSender({ server: { address: peer }, servingPort: 1 });
    sender.kept(placed(segmentOf(10)), TAG);
    const flushed = sender.flush();
    await once(silent, 'request');
    await clock.advance(ANSWER_MS - 1);
    expect(eventsOf(events, 'OfferRefused')).toEqual([]);
    await clock.advance(1);
    await flushed;
    const refusal = { _tag: 'OfferRefused', peer, reason: 'no-answer-in-time' };
    expect(eventsOf(events, 'OfferRefused')).toEqual([refusal]);
    await sender.close();
    expect(clock.pending).toBe(0);
  });

  it('goes on at the pace of the cache, which gets all of it though its line is short', async () => {
    const segments = Array.from({ length: 400 }, (_, index) => segmentOf(1_000, `segment ${index}`));
    const limits = { segmentsPerClient: 130 };
    const { cache, peer, events: ofCache } = await startCache({ limits });
    const { port } = await startServer({ source: memorySource(segments) });
    const { sender, events } = startSender({
      server: { address: peer },
      servingPort: port,
      clock: systemClock,
    });
    for (const segment of segments) sender.kept(placed(segment), TAG);
    await sender.flush();
    await untilHeld(cache, segments.length);
    for (const told of [events, ofCache]) expect(eventsOf(told, 'OfferRefused')).toEqual([]);
    expect(eventsOf(events, 'OfferAccepted')).toHaveLength(4);
  });

  it('offers less at a time to a cache that takes less', async () => {
    const segments = Array.from({ length: 12 }, (_, index) => segmentOf(1_000, `segment ${index}`));
    const { cache, peer } = await startCache({ limits: { segmentsPerClient: 4 } });
    const { port } = await startServer({ source: memorySource(segments) });
    const server = { address: peer };
    const { sender } = startSender({ server, servingPort: port, clock: systemClock });
    for (const segment of segments) sender.kept(placed(segment), TAG);
    await sender.settle();
    expect(cache.contents().segments).toBe(segments.length);
  });

  it('offers again what the cache had no room for, and gives up in the end', async () => {
    let refusals = 2;
    const busy = createServer((request, response) => {
      request.resume().on('end', () => {
        refusals -= 1;
        response.writeHead(refusals < 0 ? 200 : 503).end(Buffer.from('0000000100', 'hex'));
      });
    });
    await once(busy.listen(0, '127.0.0.1'), 'listening');
    afterwards(async () => void busy.close());
    const address = `127.0.0.1:${(busy.address() as AddressInfo).port}`;
    const { sender, clock, events } = startSender({ server: { address }, servingPort: 1 });
    const untilRefused = async (times: number): Promise<void> => {
      for (let told = 1; told <= times; told += 1) {
        await vi.waitFor(() => expect(eventsOf(events, 'OfferRefused')).toHaveLength(told));
        await clock.advance(RETRY_MS);
      }
    };
    sender.kept(placed(segmentOf(10)), TAG);
    let flushed = sender.flush();
    await untilRefused(2);
    await flushed;
    await clock.advance(TICK_MS);
    expect(eventsOf(events, 'OfferRefused').map(({ reason }) => reason)).toEqual(['limit', 'limit']);
    expect(eventsOf(events, 'OfferAccepted')).toHaveLength(1);

    refusals = Infinity;
    events.length = 0;
    sender.kept(placed(segmentOf(10)), TAG);
    flushed = sender.flush();
    await untilRefused(TRIES + 1);
    await flushed;
    expect(clock.pending).toBe(0);
  });

  it('stays while the cache is fetching, longer while it lacks something, and not for ever', async () => {
    const { address } = await listener('0000000100');
    const staying = async (blocks: number) => {
      const { sender, clock, events } = startSender({ server: { address }, servingPort: 1 });
      for (let block = 0; block < blocks; block += 1) sender.kept(placed(segmentOf(4 * 65_536)), TAG);
      let isOver = false;
      void sender.settle().then(() => (isOver = true));
      await vi.waitFor(() => expect(eventsOf(events, 'OfferAccepted')).toHaveLength(1));
      return { sender, clock, isOver: () => isOver };
    };
    const slow = await staying(2);
    await slow.clock.advance(1_900);
    slow.sender.served();
    await slow.clock.advance(1_900);
    expect(slow.isOver()).toBe(false);
    slow.sender.served();
    await slow.clock.advance(500);
    expect(slow.isOver()).toBe(true);

    const unwanted = await staying(2);
    await unwanted.clock.advance(2_000);
    expect(unwanted.isOver()).toBe(true);

    const endless = await staying(1_000);
    for (let second = 1; second < LONGEST_STAY_MS / 1_000; second += 1) {
      await endless.clock.advance(1_000);
      endless.sender.served();
    }
    expect(endless.isOver()).toBe(false);
    await endless.clock.advance(1_000);
    expect(endless.isOver()).toBe(true);
  });

  it('stays no longer for a cache that does not answer', async () => {
    const silent = createServer(() => undefined);
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    afterwards(async () => {
      silent.closeAllConnections();
      silent.close();
    });
    const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const { sender, clock } = startSender({ server: { address }, servingPort: 1 });
    sender.kept(placed(segmentOf(10)), TAG);
    const settled = sender.settle();
    await once(silent, 'request');
    await clock.advance(ANSWER_MS);
    await settled;
    await sender.close();
    expect(clock.pending).toBe(0);
  });

  it('leaves nothing behind when it is closed', async () => {
    const { sender, clock, events } = startSender({
      server: { address: '127.0.0.1:1' },
      servingPort: 1,
    });
    sender.kept(placed(segmentOf(10)), TAG);
    await sender.close();
    expect(clock.pending).toBe(0);
    sender.kept(placed(segmentOf(10)), TAG);
    await sender.flush();
    expect(events).toEqual([]);
  });
});
