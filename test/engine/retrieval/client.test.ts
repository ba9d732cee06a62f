import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { systemClock, type Clock, type DistributionEvent } from '../../../src/driver/index.js';
import { FetchFailure, type RetrievalClient } from '../../../src/engine/distribution/ports.js';
import {
  decodeRequest,
  encodeResponse,
  type BlockRequest,
} from '../../../src/engine/distribution/wire/index.js';
import { vectors } from '../wire/vectors.js';
import {
  afterwards,
  fakePeer,
  honestAnswer,
  http,
  memorySource,
  never,
  segmentOf,
  startClient,
  startServer,
  until,
  type FakePeer,
} from './harness.js';

const segment = segmentOf(8 * 65_536 + 1_000);

type Fetch = Parameters<RetrievalClient['fetch']>[0];

const ask = (block: number, peers: readonly string[], changes: Partial<Fetch> = {}): Fetch => ({
  segment: segment.info,
  block,
  peers,
  wanted: 1,
  signal: never(),
  ...changes,
});

const failureOf = async (fetched: Promise<unknown>): Promise<FetchFailure> => {
  const failure = await fetched.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(FetchFailure);
  return failure as FetchFailure;
};

const kinds = (peer: FakePeer): string[] => peer.requests.map(({ _tag }) => _tag);

const emptyList = (request: BlockRequest): Buffer =>
  encodeResponse({ ...request, _tag: 'BlockList', ranges: [], nextBlockIndex: 0 });

const emptyBlock = (request: BlockRequest): Buffer =>
  encodeResponse({
    _tag: 'Block',
    cipher: request.cipher,
    segmentId: request.segmentId,
    blockIndex: request.ranges[0]!.index,
    nextBlockIndex: 0,
    data: [],
    iv: Buffer.alloc(0),
  });

const honest = (socket: Socket, request: BlockRequest): void => {
  socket.write(http(honestAnswer(segment, request)));
};

/** Real timers, but a time of day that the test sets. */
const settableClock = (): Clock & { advance(ms: number): void } => {
  let now = 1_000_000;
  return { now: () => now, schedule: systemClock.schedule, advance: (ms) => void (now += ms) };
};

describe('fetching', () => {
  it('a whole segment from several servers, each block whole and told of', async () => {
    const events: DistributionEvent[] = [];
    const servers = await Promise.all([0, 1, 2].map(() => startServer({ source: memorySource([segment]) })));
    const peers = servers.map(({ peer }) => peer);
    const client = startClient({ emit: (event) => events.push(event) });
    const fetched = await Promise.all(
      segment.blocks.map(
        (_, block) => client.fetch(ask(block, peers, { wanted: segment.blocks.length })).block,
      ),
    );
    fetched.forEach(({ bytes }, block) => expect(bytes.equals(segment.blocks[block]!)).toBe(true));
    expect(new Set(fetched.map(({ peer }) => peer))).toEqual(new Set(peers));
    const received = events.flatMap((event) => (event._tag === 'BlockVerified' ? [event] : []));
    expect(received.map(({ block }) => block).sort((a, b) => a - b)).toEqual(segment.blocks.map((_, i) => i));
    expect(received.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(segment.info.length);
  });

  it('from a node:http server that answers in chunks and closes', async () => {
    const message = Buffer.from(vectors.pccrr.wire['MSG_BLK block1 aes256']!.hex!, 'hex');
    const server = createServer((request, response) => {
      request.resume().on('end', () => {
        response.setHeader('connection', 'close');
        for (const byte of message) response.write(Buffer.from([byte]));
        response.end();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    afterwards(async () => void server.close());
    const { publishedSegments, generateContent } = await import('../wire/vectors.js');
    const content = generateContent(65_537);
    const [info] = publishedSegments('sha256', content);
    const { port } = server.address() as AddressInfo;
    const { bytes } = await startClient().fetch(ask(1, [`127.0.0.1:${port}`], { segment: info! })).block;
    expect(bytes).toEqual(content.subarray(65_536));
  });

  it('a block in plain text, if the peer insists, since its hash proves it', async () => {
    const peer = await fakePeer((socket, request) => {
      const data = [segment.blocks[3]!];
      socket.write(http(honestAnswer(segment, request, { cipher: 'none', data, iv: Buffer.alloc(0) })));
    });
    const { bytes } = await startClient().fetch(ask(3, [peer.peer])).block;
    expect(bytes.equals(segment.blocks[3]!)).toBe(true);
  });

  it('over IPv6', async () => {
    const server = await startServer({ source: memorySource([segment]), host: '::1' });
    const { bytes } = await startClient().fetch(ask(0, [`[::1]:${server.port}`])).block;
    expect(bytes.equals(segment.blocks[0]!)).toBe(true);
  });

  it.each(['', 'nowhere', '127.0.0.1:0', '127.0.0.1:65536', 'a\r\nb:80', 'http://127.0.0.1:80'])(
    'from %j fails with a reason',
    async (peer) => {
      const failure = await failureOf(startClient().fetch(ask(0, [peer])).block);
      expect(failure.attempts[0]).toEqual({ peer, reason: 'other', detail: 'is not host:port' });
    },
  );

  it('from nobody fails, and from a port where nobody listens fails with the reason', async () => {
    const client = startClient();
    expect((await failureOf(client.fetch(ask(0, [])).block)).attempts).toEqual([]);
    const gone = await startServer({ source: memorySource([]) });
    await gone.close();
    expect((await failureOf(client.fetch(ask(0, [gone.peer])).block)).attempts[0]).toEqual({
      peer: gone.peer,
      reason: 'unreachable',
      detail: expect.stringContaining('ECONNREFUSED'),
    });
  });
});

describe('block lists', () => {
  it('are asked for only by who wants more than three blocks, and once', async () => {
    const peer = await fakePeer(honest);
    const client = startClient();
    await client.fetch(ask(0, [peer.peer], { wanted: 3 })).block;
    expect(kinds(peer)).toEqual(['GetBlocks']);
    for (const block of [1, 2, 3]) await client.fetch(ask(block, [peer.peer], { wanted: 4 })).block;
    expect(kinds(peer)).toEqual(['GetBlocks', 'GetBlockList', 'GetBlocks', 'GetBlocks', 'GetBlocks']);
  });

  it('are asked for of who lacks a block that was asked for without one, as it may have others', async () => {
    const peer = await fakePeer((socket, request) => {
      const isFirst = request._tag === 'GetBlocks' && request.ranges[0]!.index === 0;
      socket.write(http(isFirst ? emptyBlock(request) : honestAnswer(segment, request)));
    });
    const client = startClient();
    const failure = await failureOf(client.fetch(ask(0, [peer.peer], { wanted: 1 })).block);
    expect(failure.attempts).toMatchObject([{ peer: peer.peer, reason: 'lacks-block' }]);
    await client.fetch(ask(1, [peer.peer], { wanted: 9 })).block;
    expect(kinds(peer)).toEqual(['GetBlocks', 'GetBlockList', 'GetBlocks']);
  });

  it('keep a peer from being asked for what it lacks, for fifteen seconds and without a strike', async () => {
    const clock = settableClock();
    const peer = await fakePeer((socket, request) => void socket.write(http(emptyList(request))));
    const events: DistributionEvent[] = [];
    const client = startClient({ clock, emit: (event) => events.push(event) });
    const lacking = async (): Promise<void> => {
      const failure = await failureOf(client.fetch(ask(0, [peer.peer], { wanted: 9 })).block);
      expect(failure.attempts).toMatchObject([{ peer: peer.peer, reason: 'lacks-block' }]);
    };
    for (let time = 0; time < 5; time += 1) await lacking();
    expect(kinds(peer)).toEqual(['GetBlockList']);
    clock.advance(14_999);
    await lacking();
    expect(kinds(peer)).toHaveLength(1);
    clock.advance(1);
    await lacking();
    expect(kinds(peer)).toHaveLength(2);
    expect(events.every(({ _tag }) => _tag === 'BlockListReceived')).toBe(true);
    expect(events).toHaveLength(2);
  });

  it('that promise what is not delivered are not believed again for a while', async () => {
    const peer = await fakePeer((socket, request) => {
      const list = request._tag === 'GetBlockList';
      socket.write(http(list ? honestAnswer(segment, request) : emptyBlock(request)));
    });
    const client = startClient();
    for (const block of [0, 1, 2, 3])
      await failureOf(client.fetch(ask(block, [peer.peer], { wanted: 9 })).block);
    expect(kinds(peer)).toEqual(['GetBlockList', 'GetBlocks']);
  });

  describe('of who learns in another way what peers get', () => {
    const FIRST_THREE = [{ index: 0, count: 3 }];
    const startListed = async () => {
      const peer = await fakePeer((socket, request) => {
        const list = { ...request, _tag: 'BlockList', ranges: FIRST_THREE, nextBlockIndex: 0 } as const;
        const isList = request._tag === 'GetBlockList';
        socket.write(http(isList ? encodeResponse(list) : honestAnswer(segment, request)));
      });
      const client = startClient();
      await client.fetch(ask(0, [peer.peer], { wanted: 9 })).block;
      expect(kinds(peer)).toEqual(['GetBlockList', 'GetBlocks']);
      const fetchOne = (block: number, believesLists?: boolean): Promise<{ readonly bytes: Buffer }> =>
        client.fetch(ask(block, [peer.peer], { wanted: 1, believesLists })).block;
      return { peer, client, fetchOne };
    };

    it('hold for one block alone as well, which others ask for at once', async () => {
      const { peer, fetchOne } = await startListed();
      const failure = await failureOf(fetchOne(5, true));
      expect(failure.attempts).toMatchObject([{ peer: peer.peer, reason: 'lacks-block' }]);
      expect(kinds(peer)).toHaveLength(2);
      expect((await fetchOne(2, true)).bytes.equals(segment.blocks[2]!)).toBe(true);
      expect((await fetchOne(5)).bytes.equals(segment.blocks[5]!)).toBe(true);
      expect(kinds(peer).slice(2)).toEqual(['GetBlocks', 'GetBlocks']);
    });

    it('grow by what he has learnt, and by nothing else', async () => {
      const { peer, client, fetchOne } = await startListed();
      client.learn(peer.peer, { segment: segment.info, block: 5 }, 2);
      for (const block of [5, 6]) {
        expect((await fetchOne(block, true)).bytes.equals(segment.blocks[block]!)).toBe(true);
      }
      for (const block of [4, 7]) await failureOf(fetchOne(block, true));
      expect(kinds(peer)).toHaveLength(4);
    });

    it('are not asked for on his account', async () => {
      const peer = await fakePeer(honest);
      const client = startClient();
      client.learn(peer.peer, { segment: segment.info, block: 5 }, 2);
      await client.fetch(ask(4, [peer.peer], { wanted: 1, believesLists: true })).block;
      expect(kinds(peer)).toEqual(['GetBlocks']);
    });
  });
});

describe('peers', () => {
  it('that fail three times stay out for ten minutes, across fetches', async () => {
    const clock = settableClock();
    const liar = await fakePeer((socket, request) => {
      socket.write(http(honestAnswer(segment, request, { segmentId: Buffer.alloc(32) })));
    });
    const client = startClient({ clock });
    expect((await failureOf(client.fetch(ask(0, [liar.peer])).block)).attempts).toHaveLength(3);
    clock.advance(599_999);
    expect((await failureOf(client.fetch(ask(1, [liar.peer])).block)).attempts).toMatchObject([
      { peer: liar.peer, reason: 'struck-out' },
    ]);
    expect(liar.requests).toHaveLength(3);
    clock.advance(1);
    expect((await failureOf(client.fetch(ask(1, [liar.peer])).block)).attempts).toHaveLength(3);
  });

  it('that are silent have faults, too, when whoever asked has less patience than that', async () => {
    const silent = await fakePeer(() => undefined);
    const events: DistributionEvent[] = [];
    const client = startClient({
      limits: { requestTimeoutMs: 150 },
      emit: (event) => events.push(event),
    });
    const failures = (): number => events.filter(({ _tag }) => _tag === 'PeerFailed').length;
    for (const count of [1, 2, 3]) {
      const pending = client.fetch(ask(0, [silent.peer]));
      await until(() => silent.requests.length === count);
      pending.cancel(new Error('no patience'));
      await expect(pending.block).rejects.toThrow('no patience');
      // Nor is it asked anew before its time is over.
      const other = client.fetch(ask(1, [silent.peer]));
      other.cancel(new Error('no patience either'));
      await expect(other.block).rejects.toThrow('no patience either');
      await until(() => failures() === count);
    }
    expect(silent.requests).toHaveLength(3);
    expect(events.at(-1)).toMatchObject({ _tag: 'PeerStruckOut', peer: silent.peer });
    await expect(client.fetch(ask(0, [silent.peer])).block).rejects.toThrow(/failed too often/);
  });

  it('get one request at a time until they have delivered, then as many as the limit', async () => {
    const held: (() => void)[] = [];
    const peer = await fakePeer((socket, request) => void held.push(() => honest(socket, request)));
    const client = startClient({ limits: { requestsPerPeer: 3, requestTimeoutMs: 20_000 } });
    const fetched = Promise.all(
      segment.blocks.map((_, block) => client.fetch(ask(block, [peer.peer])).block),
    );
    await until(() => held.length === 1);
    held.shift()!();
    await until(() => held.length === 3);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(held).toHaveLength(3);
    while (peer.requests.length < segment.blocks.length || held.length > 0) {
      await until(() => held.length > 0);
      held.shift()!();
    }
    expect(await fetched).toHaveLength(segment.blocks.length);
    expect(peer.sockets.size).toBe(3);
  });

  it('have thirty-two requests under way at a time, all together', async () => {
    const long = segmentOf(64 * 65_536);
    const held: (() => void)[] = [];
    let isHolding = false;
    const peers = await Promise.all(
      Array.from({ length: 5 }, () =>
        fakePeer((socket, request) => {
          const answer = (): void => void socket.write(http(honestAnswer(long, request)));
          if (isHolding) held.push(answer);
          else answer();
        }),
      ),
    );
    // All are equally fast as long as no time passes.
    const client = startClient({ clock: settableClock() });
    const askOf = (block: number, from: readonly FakePeer[]) =>
      client.fetch({
        ...ask(
          block,
          from.map(({ peer }) => peer),
        ),
        segment: long.info,
      }).block;
    // Each proves itself, and may be asked for eight at a time from then on.
    for (const [block, peer] of peers.entries()) await askOf(block, [peer]);
    isHolding = true;
    const rest = Array.from({ length: 64 - peers.length }, (_, index) => peers.length + index);
    const fetched = Promise.all(rest.map((block) => askOf(block, peers)));
    await until(() => held.length === 32);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(held).toHaveLength(32);
    isHolding = false;
    for (const answer of held) answer();
    for (const [index, { bytes }] of (await fetched).entries())
      expect(long.blocks[rest[index]!]!.equals(bytes)).toBe(true);
  });

  it('beyond the sixteenth are not asked', async () => {
    const peers = await Promise.all(
      Array.from({ length: 18 }, () =>
        fakePeer((socket, request) => void socket.write(http(emptyBlock(request)))),
      ),
    );
    await failureOf(
      startClient().fetch(
        ask(
          0,
          peers.map(({ peer }) => peer),
        ),
      ).block,
    );
    expect(peers.map(({ requests }) => requests.length)).toEqual([...Array<number>(16).fill(1), 0, 0]);
  });

  it('that went away with several requests under way have one fault, not several', async () => {
    let away = true;
    const pending: Socket[] = [];
    const peer = await fakePeer((socket, request, index) => {
      if (index === 0 || !away) honest(socket, request);
      else pending.push(socket);
      if (pending.length === 4) {
        away = false;
        for (const each of pending.splice(0)) each.resetAndDestroy();
      }
    });
    const client = startClient({ limits: { requestsPerPeer: 4, requestTimeoutMs: 20_000 } });
    await client.fetch(ask(0, [peer.peer])).block;
    const fetched = await Promise.all(
      [1, 2, 3, 4].map((block) => client.fetch(ask(block, [peer.peer])).block),
    );
    expect(fetched.map(({ bytes }) => bytes.equals(segment.blocks[0]!))).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });

  it('that have a block and no time for it are asked again, without a strike', async () => {
    const events: DistributionEvent[] = [];
    let empties = 0;
    const peer = await fakePeer((socket, request) => {
      const isWanted = request._tag === 'GetBlocks' && request.ranges[0]!.index === 1;
      empties += isWanted ? 1 : 0;
      if (isWanted && empties <= 3) socket.write(http(emptyBlock(request)));
      else honest(socket, request);
    });
    const client = startClient({ emit: (event) => events.push(event) });
    await client.fetch(ask(0, [peer.peer], { wanted: 9 })).block;
    const attempts: unknown[] = [];
    const { bytes } = await client.fetch(
      ask(1, [peer.peer], { wanted: 8, onAttempt: (attempt) => attempts.push(attempt) }),
    ).block;
    expect(bytes.equals(segment.blocks[1]!)).toBe(true);
    expect(attempts).toEqual([{ peer: peer.peer, reason: 'busy', detail: 'is busy' }]);
    expect(events.filter(({ _tag }) => _tag === 'PeerFailed')).toEqual([]);

    empties = -1;
    expect((await failureOf(client.fetch(ask(1, [peer.peer], { wanted: 8 })).block)).attempts).toEqual([
      { peer: peer.peer, reason: 'busy', detail: 'is busy' },
    ]);
  });

  it('that are busy leave a block to others meanwhile', async () => {
    const [busy, other] = [
      await fakePeer((socket, request) => {
        const isFirst = request._tag === 'GetBlockList' || request.ranges[0]!.index === 0;
        if (isFirst) honest(socket, request);
        else socket.write(http(emptyBlock(request)));
      }),
      await fakePeer(honest),
    ];
    const client = startClient();
    await client.fetch(ask(0, [busy.peer], { wanted: 9 })).block;
    const { peer } = await client.fetch(ask(1, [busy.peer, other.peer], { wanted: 8 })).block;
    expect(peer).toBe(other.peer);
  });

  it('that take fewer connections than they are offered are busy, not bad', async () => {
    const events: DistributionEvent[] = [];
    const waiting: (() => void)[] = [];
    const peer = await fakePeer((socket, request) => void waiting.push(() => honest(socket, request)));
    let refused = 0;
    peer.server.prependListener('connection', (socket: Socket) => {
      if (peer.sockets.size < 2) return;
      refused += 1;
      socket.resetAndDestroy();
    });
    const client = startClient({
      emit: (event) => events.push(event),
      limits: { requestTimeoutMs: 20_000 },
    });
    const fetched = Promise.all(
      segment.blocks.map((_, block) => client.fetch(ask(block, [peer.peer])).block),
    );
    for (const _ of segment.blocks) {
      await until(() => waiting.length > 0);
      waiting.shift()!();
    }
    (await fetched).forEach(({ bytes }, block) => {
      expect(bytes.equals(segment.blocks[block]!)).toBe(true);
    });
    expect(refused).toBeGreaterThan(0);
    expect(events.filter(({ _tag }) => _tag === 'PeerFailed')).toEqual([]);
  });

  it('that go away while they are asked for many blocks are named as the reason for each', async () => {
    let blocks = 0;
    const peer = await fakePeer((socket, request) => {
      if (request._tag === 'GetBlocks') blocks += 1;
      if (blocks < 2) honest(socket, request);
    });
    const client = startClient();
    await client.fetch(ask(0, [peer.peer], { wanted: 9 })).block;
    const failures = segment.blocks.slice(1).map((_, at) => {
      return failureOf(client.fetch(ask(at + 1, [peer.peer], { wanted: 8 - at })).block);
    });
    await until(() => blocks > 4);
    peer.server.close();
    for (const socket of peer.sockets) socket.resetAndDestroy();
    for (const { attempts } of await Promise.all(failures)) {
      expect(attempts).toContainEqual(expect.objectContaining({ peer: peer.peer }));
    }
  });

  it('that close an idle connection just when it is used again are not to blame', async () => {
    const events: DistributionEvent[] = [];
    let fresh = true;
    const peer = await fakePeer((socket, request) => {
      if (fresh) honest(socket, request);
      else socket.resetAndDestroy();
      fresh = !fresh;
    });
    const client = startClient({ emit: (event) => events.push(event) });
    for (const block of [0, 1, 2]) await client.fetch(ask(block, [peer.peer])).block;
    expect(events.filter(({ _tag }) => _tag === 'PeerFailed')).toEqual([]);
    expect(peer.requests).toHaveLength(5);
  });

  it('one honest among fifteen liars is enough for every block', async () => {
    const clock = settableClock();
    const liars = await Promise.all(
      Array.from({ length: 15 }, (_, kind) =>
        fakePeer((socket, request) => {
          if (kind % 3 === 0)
            socket.write(http(honestAnswer(segment, request, { segmentId: Buffer.alloc(32) })));
          else if (kind % 3 === 1) socket.resetAndDestroy();
          else if (request._tag === 'GetBlockList') honest(socket, request);
          else socket.write(http(emptyBlock(request)));
        }),
      ),
    );
    const server = await startServer({ source: memorySource([segment]) });
    const client = startClient({ clock });
    const peers = [...liars.map(({ peer }) => peer), server.peer];
    const fetched = await Promise.all(
      segment.blocks.map((_, block) => client.fetch(ask(block, peers, { wanted: 9 })).block),
    );
    fetched.forEach(({ peer, bytes }, block) => {
      expect(peer).toBe(server.peer);
      expect(bytes.equals(segment.blocks[block]!)).toBe(true);
    });
    for (const { requests } of liars) expect(requests.length).toBeLessThanOrEqual(4);
  });
});

describe('of several requests', () => {
  /** A peer that proves itself, then keeps what it is asked for until it is told to answer. */
  const holdingPeer = async () => {
    const held: (() => void)[] = [];
    const peer = await fakePeer((socket, request, index) => {
      if (index === 0) honest(socket, request);
      else held.push(() => honest(socket, request));
    });
    return { ...peer, held };
  };
  const aWhile = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));

  it('half are answered before more go to the same peer', async () => {
    const { peer, held } = await holdingPeer();
    const client = startClient({ limits: { requestsPerPeer: 4 } });
    await client.fetch(ask(0, [peer])).block;
    const blocks = [1, 2, 3, 4, 5, 6].map((block) => client.fetch(ask(block, [peer])).block);
    await until(() => held.length === 4);
    held[0]!();
    await Promise.race(blocks);
    await aWhile();
    expect(held).toHaveLength(4);
    held[1]!();
    await until(() => held.length === 6);
    for (const answer of held.slice(2)) answer();
    await Promise.all(blocks);
  });

  it('one may be to another peer, which is asked as soon as there is room for it', async () => {
    const [busy, other] = [await holdingPeer(), await holdingPeer()];
    const client = startClient({ limits: { requests: 4, requestsPerPeer: 4 } });
    for (const { peer } of [busy, other]) await client.fetch(ask(0, [peer])).block;
    const blocks = [1, 2, 3, 4].map((block) => client.fetch(ask(block, [busy.peer])).block);
    await until(() => busy.held.length === 4);
    blocks.push(client.fetch(ask(5, [other.peer])).block);
    await aWhile();
    expect(other.held).toHaveLength(0);
    busy.held[0]!();
    await until(() => other.held.length === 1);
    for (const answer of [...busy.held.slice(1), ...other.held]) answer();
    await Promise.all(blocks);
  });
});

describe('ending', () => {
  it('an abort rejects with its reason, closes the connection and blames nobody', async () => {
    const events: DistributionEvent[] = [];
    const peer = await fakePeer(() => undefined);
    const client = startClient({ emit: (event) => events.push(event) });
    const ending = new AbortController();
    const asked = client.fetch(ask(0, [peer.peer], { signal: ending.signal })).block;
    const waiting = client.fetch(ask(1, [peer.peer], { signal: ending.signal })).block;
    await until(() => peer.requests.length === 1);
    const reason = new Error('enough');
    ending.abort(reason);
    await expect(asked).rejects.toBe(reason);
    await expect(waiting).rejects.toBe(reason);
    await until(() => peer.sockets.size === 0);
    expect(peer.requests).toHaveLength(1);
    expect(events.filter(({ _tag }) => _tag === 'PeerFailed')).toEqual([]);
    await expect(client.fetch(ask(0, [peer.peer], { signal: ending.signal })).block).rejects.toBe(reason);
  });

  it('a close fails what is under way or waiting and leaves no connection', async () => {
    const silent = await fakePeer(() => undefined);
    const idle = await fakePeer(honest);
    const client = startClient();
    await client.fetch(ask(0, [idle.peer])).block;
    expect(idle.sockets.size).toBe(1);
    const failures = [0, 1].map((block) => failureOf(client.fetch(ask(block, [silent.peer])).block));
    await until(() => silent.requests.length === 1);
    await client.close();
    await Promise.all(failures);
    await until(() => silent.sockets.size === 0 && idle.sockets.size === 0);
    await failureOf(client.fetch(ask(0, [idle.peer])).block);
  });

  it('requests are of the protocol, to the path of the protocol', async () => {
    const seen: { method?: string; url?: string; body: Buffer }[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        seen.push({ method: request.method!, url: request.url!, body: Buffer.concat(chunks) });
        response.end(emptyBlock(decodeRequest(Buffer.concat(chunks)) as BlockRequest));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    afterwards(async () => void server.close());
    const id = Buffer.from(vectors.pccrr.segment_id, 'hex');
    const client = startClient();
    const { port } = server.address() as AddressInfo;
    await failureOf(client.fetch(ask(1, [`127.0.0.1:${port}`], { segment: { ...segment.info, id } })).block);
    expect(seen).toEqual([
      {
        method: 'POST',
        url: '/116B50EB-ECE2-41ac-8429-9F9E963361B7/',
        body: Buffer.from(vectors.pccrr.wire['MSG_GETBLKS block1']!.hex!, 'hex'),
      },
    ]);
    await client.close();
  });
});
