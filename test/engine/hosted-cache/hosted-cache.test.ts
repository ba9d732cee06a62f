import { createCipheriv, randomBytes } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { DISTRIBUTION_CHANNEL, type DistributionEvent } from '../../../src/driver/index.js';
import { readJournal } from '../../../src/engine/index.js';
import {
  decodeResponse,
  encodeRequest,
  encodeResponse,
} from '../../../src/engine/distribution/wire/index.js';
import { RETRIEVAL_PATH } from '../../../src/engine/distribution/retrieval/retrieval-path.js';
import {
  afterwards,
  fakePeer,
  http,
  memorySource,
  never,
  segmentOf,
  startClient,
  startServer,
  type Segment,
} from '../retrieval/harness.js';
import { segmentsV2 } from '../wire/vectors.js';
import { batch, eventsOf, newDirectory, post, startCache, untilHeld, V1_PATH, V2_PATH } from './harness.js';

const OK = '0000000100';

/** All blocks of a segment, fetched from nobody but `peer`. */
const fetchAll = async (peer: string, { info }: Segment): Promise<Buffer> => {
  const client = startClient();
  const blocks: Buffer[] = [];
  for (let block = 0; block < info.blockHashes.length; block += 1) {
    const pending = client.fetch({ segment: info, block, peers: [peer], wanted: 1, signal: never() });
    const { bytes } = await pending.block;
    blocks.push(Buffer.from(bytes));
  }
  return Buffer.concat(blocks);
};

const ask = async (peer: string, request: Parameters<typeof encodeRequest>[0]) => {
  const { body } = await post(peer, RETRIEVAL_PATH, encodeRequest(request));
  return decodeResponse(Buffer.from(body, 'hex'));
};

const blockOf = (peer: string, segmentId: Uint8Array, index: number) =>
  ask(peer, { _tag: 'GetBlocks', cipher: 'aes-128-cbc', segmentId, ranges: [{ index, count: 1 }] });

describe('a hosted cache', () => {
  it('fetches what a client offers from that client, and serves it when the client is gone', async () => {
    const segments = [segmentOf(300_000, 'one'), segmentOf(65_536, 'two')];
    const { cache, peer, events } = await startCache();
    const offering = await startServer({ source: memorySource(segments) });
    const infos = segments.map(({ info }) => info);
    expect(await post(peer, V2_PATH, batch(offering.port, infos))).toEqual({ status: 200, body: OK });
    await vi.waitFor(() => expect(eventsOf(events, 'BlockResponseReceived')).toHaveLength(6), 20_000);
    await offering.close();
    for (const segment of segments) {
      expect(await fetchAll(peer, segment)).toEqual(Buffer.concat(segment.blocks));
    }
    const ids = infos.map(({ id }) => Buffer.from(id).toString('hex'));
    const client = `127.0.0.1:${offering.port}`;
    expect(eventsOf(events, 'OfferReceived')).toEqual([
      { _tag: 'OfferReceived', peer: client, segments: ids },
    ]);
    expect(eventsOf(events, 'BlockResponseSent')).toHaveLength(6);
    expect(cache.contents().segments).toBe(2);
    // Offered once more, by somebody who does not even listen: nothing is missing, so nothing is fetched.
    expect((await post(peer, V2_PATH, batch(9, infos))).body).toBe(OK);
    expect(eventsOf(events, 'PeerFailed')).toEqual([]);
  });

  it('tells every step in order, on the channel as well, and sums them up', async () => {
    const heard: DistributionEvent[] = [];
    const listener = (event: unknown): void => void heard.push(event as DistributionEvent);
    subscribe(DISTRIBUTION_CHANNEL, listener);
    afterwards(async () => void unsubscribe(DISTRIBUTION_CHANNEL, listener));
    const segment = segmentOf(65_536 + 1_000);
    const journal = await newDirectory();
    const { cache, peer, events } = await startCache({ journal });
    const offering = await startServer({ source: memorySource([segment]) });
    await post(peer, V2_PATH, batch(offering.port, [segment.info]));
    await vi.waitFor(() => expect(eventsOf(events, 'BlockResponseReceived')).toHaveLength(2), 20_000);
    await fetchAll(peer, segment);
    await vi.waitFor(() => expect(eventsOf(events, 'BlockResponseSent')).toHaveLength(2), 20_000);
    const tags = events.map(({ _tag }) => _tag);
    expect(tags.slice(0, 7)).toEqual([
      ...['OfferReceived', 'OfferAccepted', 'BlockListReceived'],
      ...['BlockRequestSent', 'BlockResponseReceived', 'BlockRequestSent', 'BlockResponseReceived'],
    ]);
    expect(tags.slice(7).sort()).toEqual([
      ...Array<string>(2).fill('BlockRequestReceived'),
      ...Array<string>(2).fill('BlockResponseSent'),
    ]);
    expect(heard.filter((event) => events.includes(event))).toEqual(events);
    const sums = { offersReceived: 1, offersAccepted: 1, blocksServed: 2, bytesServed: 65_536 + 1_000 };
    expect(cache.counters()).toMatchObject(sums);
    await vi.waitFor(async () => {
      const [entry] = await readJournal(journal);
      expect(entry).toMatchObject({ running: true, endpoint: cache.endpoint, counters: sums });
    }, 20_000);
    await cache.close();
    const [entry] = await readJournal(journal);
    expect(entry?.endpoint).toBeUndefined();
  });

  it('says that it accepts an offer of version 2 before it asks for anything, and counts what it has as no such', async () => {
    const bytes = Buffer.alloc(5_000, 1);
    const [info] = segmentsV2([bytes]);
    const { cache, peer, events } = await startCache();
    const offering = await startServer({ source: memorySource([{ info: info!, blocks: [bytes] }]) });
    await post(peer, V2_PATH, batch(offering.port, [info!]));
    await untilHeld(cache, 1);
    await vi.waitFor(() => expect(events.map(({ _tag }) => _tag)).toContain('BlockResponseReceived'));
    await post(peer, V2_PATH, batch(offering.port, [info!]));
    expect(events.map(({ _tag }) => _tag)).toEqual([
      ...['OfferReceived', 'OfferAccepted', 'BlockRequestSent', 'BlockResponseReceived'],
      ...['OfferReceived', 'OfferAccepted'],
    ]);
    expect(cache.counters()).toMatchObject({ offersReceived: 2, offersAccepted: 1, offersRefused: 0 });
  });

  it('answers block lists and segment lists', async () => {
    const [here, elsewhere] = [segmentOf(200_000, 'here'), segmentOf(1_000, 'elsewhere')];
    const { peer, events } = await startCache();
    const offering = await startServer({ source: memorySource([here], (index) => index !== 1) });
    await post(peer, `${V2_PATH}/`, batch(offering.port, [here.info]));
    await vi.waitFor(() => expect(eventsOf(events, 'BlockResponseReceived')).toHaveLength(3), 20_000);
    const list = { cipher: 'aes-128-cbc', segmentId: here.info.id } as const;
    expect(
      await ask(peer, { _tag: 'GetBlockList', ...list, ranges: [{ index: 0, count: 2 }] }),
    ).toMatchObject({
      ranges: [{ index: 0, count: 1 }],
      nextBlockIndex: 2,
    });
    expect(
      await ask(peer, { _tag: 'GetBlockList', ...list, ranges: [{ index: 0, count: 4 }] }),
    ).toMatchObject({
      ranges: [
        { index: 0, count: 1 },
        { index: 2, count: 2 },
      ],
    });
    const requestId = randomBytes(16);
    const segmentIds = [elsewhere.info.id, here.info.id, here.info.id];
    expect(
      await ask(peer, {
        _tag: 'GetSegmentList',
        cipher: 'aes-128-cbc',
        requestId,
        segmentIds,
        extensibleBlob: Buffer.from('00010301000a0000', 'hex'),
      }),
    ).toMatchObject({ _tag: 'SegmentList', requestId, ranges: [{ index: 1, count: 2 }] });
    expect(await blockOf(peer, elsewhere.info.id, 0)).toMatchObject({
      _tag: 'Block',
      data: [Buffer.alloc(0)],
    });
    expect(await blockOf(peer, here.info.id, 1)).toMatchObject({
      data: [Buffer.alloc(0)],
      nextBlockIndex: 2,
    });
  });

  it.each(['aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc', 'none'] as const)(
    'replays a block encrypted with %s as it came, of which it has no key',
    async (cipher) => {
      const id = randomBytes(32);
      const plain = randomBytes(65_536);
      const iv = cipher === 'none' ? Buffer.alloc(0) : randomBytes(16);
      const keyLength = cipher === 'none' ? 0 : Number(cipher.slice(4, 7)) / 8;
      const encryption = cipher === 'none' ? undefined : createCipheriv(cipher, randomBytes(keyLength), iv);
      const data =
        encryption === undefined ? plain : Buffer.concat([encryption.update(plain), encryption.final()]);
      const offering = await fakePeer((socket, request) => {
        const segmentId = request.segmentId;
        const ranges = [{ index: 0, count: 1 }];
        const answer = encodeResponse(
          request._tag === 'GetBlockList'
            ? { _tag: 'BlockList', cipher, segmentId, ranges, nextBlockIndex: 0 }
            : { _tag: 'Block', cipher, segmentId, blockIndex: 0, nextBlockIndex: 0, data: [data], iv },
        );
        socket.write(http(answer));
      });
      const { cache, peer } = await startCache();
      const info = { ...segmentOf(65_536).info, id };
      await post(peer, V2_PATH, batch(Number(offering.peer.split(':')[1]), [info]));
      await untilHeld(cache, 1);
      expect(await blockOf(peer, id, 0)).toMatchObject({ cipher, iv, data: [data] });
    },
  );

  it('survives a restart, and a file cut off or spoiled by a crash', async () => {
    const directory = await newDirectory();
    const segments = ['a', 'b', 'c', 'd'].map((secret) => segmentOf(65_536, secret));
    const infos = segments.map(({ info }) => info);
    const first = await startCache({ directory });
    const offering = await startServer({ source: memorySource(segments) });
    await post(first.peer, V2_PATH, batch(offering.port, infos));
    await untilHeld(first.cache, 4);
    await first.cache.close();

    const second = await startCache({ directory });
    expect(second.cache.contents().segments).toBe(4);
    for (const segment of segments) {
      expect(await fetchAll(second.peer, segment)).toEqual(Buffer.concat(segment.blocks));
    }
    await second.cache.close();

    const [name = ''] = (await readdir(directory)).filter((one) => one.endsWith('.blocks'));
    const path = join(directory, name);
    // As after a crash: no list at its end, and the last record only half there.
    await truncate(path, 3 * 66_000);
    const bytes = await readFile(path);
    bytes[1_000] = (bytes[1_000] ?? 0) ^ 1;
    await writeFile(path, bytes);
    const third = await startCache({ directory });
    const found = third.cache.contents().segments;
    expect(found).toBe(3);
    const [spoiled, ...rest] = infos;
    expect(await blockOf(third.peer, spoiled?.id ?? Buffer.alloc(32), 0)).toMatchObject({
      data: [Buffer.alloc(0)],
    });
    expect(third.cache.contents().segments).toBe(2);
    const answers = await Promise.all(rest.map(({ id }) => blockOf(third.peer, id, 0)));
    expect(
      answers.filter((answer) => answer._tag === 'Block' && (answer.data[0]?.length ?? 0) > 0),
    ).toHaveLength(2);
    // What is gone is taken in again.
    await post(third.peer, V2_PATH, batch(offering.port, infos));
    await untilHeld(third.cache, 4);
  });

  it('keeps to its quota and lets what was not used for longest go first', async () => {
    const quota = 4 * 1024 * 1024;
    const segments = Array.from({ length: 80 }, (_, index) => segmentOf(65_536, `segment ${index}`));
    const { cache, peer, events } = await startCache({ quota });
    const offering = await startServer({ source: memorySource(segments) });
    await post(peer, V2_PATH, batch(offering.port, [segments[0]!.info, segments[1]!.info]));
    await untilHeld(cache, 2);
    for (const { info } of segments.slice(2)) {
      await post(peer, V2_PATH, batch(offering.port, [info]));
      await vi.waitFor(async () => {
        const answer = await blockOf(peer, info.id, 0);
        expect(answer._tag === 'Block' && (answer.data[0]?.length ?? 0) > 0).toBe(true);
      }, 20_000);
      expect(cache.contents().bytes).toBeLessThanOrEqual(quota);
      // The first is in use all the time.
      await blockOf(peer, segments[0]!.info.id, 0);
    }
    const evicted = eventsOf(events, 'SegmentEvicted').map(({ segment }) => segment);
    const nameOf = ({ info }: Segment): string => Buffer.from(info.id).toString('hex');
    expect(evicted.length).toBeGreaterThan(15);
    expect(evicted).not.toContain(nameOf(segments[0]!));
    expect(await fetchAll(peer, segments[0]!)).toEqual(segments[0]!.blocks[0]);
  });

  it.each([
    ['another path', '/somewhere', batch(1, [segmentOf(1).info]), 404],
    ['the path of version 1, which is for HTTPS', V1_PATH, batch(1, [segmentOf(1).info]), 404],
    ['nothing', V2_PATH, Buffer.alloc(0), 400],
    ['an unknown type', V2_PATH, Buffer.from(batch(1, [segmentOf(1).info])).fill(9, 2, 4), 400],
    ['an unknown version', V2_PATH, Buffer.from(batch(1, [segmentOf(1).info])).fill(9, 0, 2), 400],
    ['no descriptor', V2_PATH, batch(1, [segmentOf(1).info]).subarray(0, 16), 400],
    [
      '129 descriptors',
      V2_PATH,
      batch(
        1,
        Array.from({ length: 129 }, () => segmentOf(1).info),
      ),
      400,
    ],
    ['a megabyte', V2_PATH, Buffer.alloc(1_048_576), 413],
  ])('gives no answer to an offer with %s', async (_, path, body, status) => {
    const { cache, peer } = await startCache();
    expect(await post(peer, path, body)).toEqual({ status, body: '' });
    expect(cache.contents()).toEqual({ segments: 0, bytes: 0 });
  });

  it('answers offers of impossible segments, and fetches nothing', async () => {
    const { cache, peer, events } = await startCache();
    const offering = await fakePeer(() => undefined);
    const port = Number(offering.peer.split(':')[1]);
    const { info } = segmentOf(65_536);
    const offers = [
      batch(port, [{ ...info, length: 0 }]),
      batch(port, [{ ...info, length: 33_554_433 }]),
      batch(port, [{ ...info, hash: 'truncated-sha512', length: 131_073 }]),
    ];
    const unknownHash = batch(port, [info]);
    unknownHash[16 + 10 + 16] = 77;
    for (const offer of [...offers, unknownHash]) {
      expect(await post(peer, V2_PATH, offer)).toEqual({ status: 200, body: OK });
    }
    expect(offering.requests).toEqual([]);
    expect(eventsOf(events, 'OfferAccepted')).toEqual([]);
    expect(cache.counters()).toMatchObject({ offersReceived: 4, offersAccepted: 0, offersRefused: 4 });
    // One good segment makes a good offer, but only that one is wanted.
    const other = segmentOf(1_000).info;
    await post(peer, V2_PATH, batch(port, [other, { ...info, id: info.id, hash: info.hash, length: 0 }]));
    expect(eventsOf(events, 'OfferAccepted')).toMatchObject([
      { segments: [Buffer.from(other.id).toString('hex')] },
    ]);
  });

  it('keeps nothing of a client that answers nonsense, and gives it up after three faults', async () => {
    const { info } = segmentOf(65_536);
    const wrong = (index: number): Buffer => {
      const block = {
        _tag: 'Block',
        cipher: 'aes-128-cbc',
        segmentId: info.id,
        blockIndex: 0,
        nextBlockIndex: 0,
        data: [Buffer.alloc(65_552)],
        iv: Buffer.alloc(16),
      } as const;
      const answers = [
        encodeResponse({ ...block, data: [Buffer.alloc(65_536)] }),
        encodeResponse({ ...block, iv: Buffer.alloc(8) }),
        encodeResponse({ ...block, blockIndex: 1 }),
        encodeResponse({ ...block, segmentId: Buffer.alloc(32) }),
        Buffer.from('0000000441424344', 'hex'),
      ];
      return answers[index % answers.length] ?? Buffer.alloc(0);
    };
    const { cache, peer, events } = await startCache();
    let answered = 0;
    const offering = await fakePeer((socket, request) => {
      const segmentId = request.segmentId;
      if (request._tag === 'GetBlockList') {
        const ranges = [{ index: 0, count: 1 }];
        const list = { _tag: 'BlockList', cipher: 'none', segmentId, ranges, nextBlockIndex: 0 } as const;
        socket.write(http(encodeResponse(list)));
        return;
      }
      const answer = wrong(answered);
      // The id of the segment that was really asked for, where the answer has the one of the test.
      const at = answer.indexOf(info.id);
      if (at >= 0) answer.set(segmentId, at);
      answered += 1;
      socket.write(http(answer));
    });
    const port = Number(offering.peer.split(':')[1]);
    for (let round = 0; round < 2; round += 1) {
      const infos = Array.from({ length: 10 }, () => ({ ...info, id: randomBytes(32) }));
      await post(peer, V2_PATH, batch(port, infos));
      await vi.waitFor(() => expect(eventsOf(events, 'PeerFailed')).toHaveLength(3 * (round + 1)), 20_000);
    }
    expect(answered).toBe(6);
    expect(cache.contents()).toMatchObject({ segments: 0 });
  });

  it('takes no more offers from a client than it can remember, and is not held up by one that is silent', async () => {
    const { cache, peer, events } = await startCache({
      limits: { segmentsPerClient: 2, clients: 2, requestTimeoutMs: 300 },
    });
    const silent = await fakePeer(() => undefined);
    const port = Number(silent.peer.split(':')[1]);
    const infos = ['a', 'b', 'c', 'd'].map((secret) => segmentOf(1_000, secret).info);
    await post(peer, V2_PATH, batch(port, infos));
    expect(eventsOf(events, 'OfferRefused')).toMatchObject([{ reason: 'limit' }]);
    await post(peer, V2_PATH, batch(port, infos.slice(0, 2)));
    const segment = segmentOf(1_000, 'honest');
    const offering = await startServer({ source: memorySource([segment]) });
    await post(peer, V2_PATH, batch(offering.port, [segment.info]));
    await untilHeld(cache, 1);
    await vi.waitFor(() => expect(eventsOf(events, 'PeerFailed')).toHaveLength(2), 20_000);
  });

  it('does not blame a client for a disk that takes nothing', async () => {
    const directory = await newDirectory();
    const { cache, peer, events } = await startCache({ directory });
    await rm(directory, { recursive: true });
    const segments = ['a', 'b', 'c', 'd'].map((secret) => segmentOf(1_000, secret));
    const offering = await startServer({ source: memorySource(segments) });
    const infos = segments.map(({ info }) => info);
    await post(peer, V2_PATH, batch(offering.port, infos));
    await vi.waitFor(() => expect(eventsOf(events, 'OfferRefused')).toMatchObject([{ reason: 'limit' }]));
    expect(eventsOf(events, 'PeerFailed')).toEqual([]);
    expect(cache.contents().segments).toBe(0);
  });

  it('leaves no connection behind when it is closed in the middle of things', async () => {
    const { cache, peer } = await startCache();
    const silent = await fakePeer(() => undefined);
    await post(peer, V2_PATH, batch(Number(silent.peer.split(':')[1]), [segmentOf(1_000).info]));
    await vi.waitFor(() => expect(silent.sockets.size).toBe(1));
    await Promise.all([cache.close(), cache.close()]);
    await vi.waitFor(() => expect(silent.sockets.size).toBe(0));
    await expect(post(peer, V2_PATH, Buffer.alloc(0))).rejects.toThrow();
  });
});
