import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { DistributionEvent } from '../../../src/driver/index.js';
import type { FetchedBlock } from '../../../src/engine/distribution/ports.js';
import {
  decodeResponse,
  encodeRequest,
  type BlockRequest,
} from '../../../src/engine/distribution/wire/index.js';
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
} from './harness.js';

const segment = segmentOf(8 * 65_536 + 1_000);
const LAST = segment.blocks.length - 1;
const NOT_WANTED = new Error('not wanted');
const TAKES_FOUR = 'Peerweave-Requests-Together: 4\r\n';

describe('a client', () => {
  interface Asked {
    readonly socket: Socket;
    readonly request: BlockRequest;
  }

  /** A peer that keeps the requests behind the first one, and what is fetched from it all at once. */
  const fetchTogether = async (fields: string, events: DistributionEvent[] = []) => {
    const asked: Asked[] = [];
    const peer = await fakePeer((socket, request, index) => {
      if (index === 0) socket.write(http(honestAnswer(segment, request), fields));
      else asked.push({ socket, request });
    });
    const client = startClient({
      limits: { requestTimeoutMs: 20_000, overtakeMs: 20_000 },
      emit: (event) => void events.push(event),
    });
    const fetch = (block: number, signal = never()) =>
      client.fetch({ segment: segment.info, block, peers: [peer.peer], wanted: 1, signal });
    await fetch(0).block;
    return { asked, peer, fetch };
  };
  const answer = ({ socket, request }: Asked, fields = TAKES_FOUR): void => {
    socket.write(http(honestAnswer(segment, request), fields));
  };
  const checked = async (blocks: readonly Promise<FetchedBlock>[], from: number): Promise<void> => {
    const fetched = await Promise.all(blocks);
    expect(fetched.map(({ bytes }, at) => segment.blocks[from + at]!.equals(bytes))).not.toContain(false);
  };
  const connections = (asked: readonly Asked[]): number => new Set(asked.map(({ socket }) => socket)).size;

  it('sends several requests on one connection to a peer that says that it takes them', async () => {
    const { asked, fetch } = await fetchTogether(TAKES_FOUR);
    const blocks = [1, 2, 3, 4, 5, 6].map((block) => fetch(block).block);
    await until(() => asked.length === 6);
    expect(connections(asked)).toBe(2);
    for (const each of asked) answer(each);
    await checked(blocks, 1);
  });

  it.each(['', 'Peerweave-Requests-Together: many\r\n', 'Peerweave-Requests-Together: 0\r\n'])(
    'sends one request on each connection to others: %j',
    async (fields) => {
      const { asked, fetch } = await fetchTogether(fields);
      const blocks = [1, 2, 3].map((block) => fetch(block).block);
      await until(() => asked.length === 3);
      expect(connections(asked)).toBe(3);
      for (const each of asked) answer(each, fields);
      await checked(blocks, 1);
    },
  );

  it.each([
    ['closes', ''],
    ['says that it will close, and closes,', 'Connection: close\r\n'],
  ])('asks again what a peer has not answered that %s after the first answer', async (_, fields) => {
    const events: DistributionEvent[] = [];
    const { asked, fetch } = await fetchTogether(TAKES_FOUR, events);
    const blocks = [1, 2, 3, 4].map((block) => fetch(block).block);
    await until(() => asked.length === 4);
    const [first] = asked;
    answer(first!, TAKES_FOUR + fields);
    first!.socket.end();
    await until(() => asked.length === 7);
    for (const each of asked.slice(4)) answer(each);
    await checked(blocks, 1);
    expect(events.filter(({ _tag }) => _tag === 'PeerFailed')).toEqual([]);
  });

  it('blames a peer once that breaks off an answer, and asks for the others again', async () => {
    const events: DistributionEvent[] = [];
    const { asked, fetch } = await fetchTogether(TAKES_FOUR, events);
    const blocks = [1, 2, 3].map((block) => fetch(block).block);
    await until(() => asked.length === 3);
    asked[0]!.socket.end('HTTP/1.1 200 OK\r\nContent-Le');
    for (let at = 3; at < 6; at += 1) {
      await until(() => asked.length > at);
      answer(asked[at]!);
    }
    await checked(blocks, 1);
    expect(events.filter(({ _tag }) => _tag === 'PeerFailed')).toHaveLength(1);
  });

  it('leaves the connection to the others when one request is given up, and closes it when all are', async () => {
    const { asked, fetch, peer } = await fetchTogether(TAKES_FOUR);
    const pending = [1, 2, 3].map((block) => fetch(block));
    await until(() => asked.length === 3);
    const given = pending[0]!.block.catch((reason: unknown) => reason);
    pending[0]!.cancel(NOT_WANTED);
    expect(await given).toBe(NOT_WANTED);
    for (const each of asked.splice(0)) answer(each);
    await checked(
      pending.slice(1).map(({ block }) => block),
      2,
    );

    const all = [4, 5].map((block) => fetch(block));
    await until(() => asked.length === 2);
    expect(peer.sockets.size).toBe(1);
    for (const { block, cancel } of all) {
      cancel(NOT_WANTED);
      await expect(block).rejects.toBe(NOT_WANTED);
    }
    await until(() => peer.sockets.size === 0);
  });
});

describe('a server', () => {
  const PATH = '/116B50EB-ECE2-41ac-8429-9F9E963361B7/';
  const post = (block: number): Buffer => {
    const { id: segmentId } = segment.info;
    const ranges = [{ index: block, count: 1 }];
    const message = encodeRequest({ _tag: 'GetBlocks', cipher: 'aes-128-cbc', segmentId, ranges });
    const head = `POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: ${message.length}\r\n\r\n`;
    return Buffer.concat([Buffer.from(head), message]);
  };
  /** Status and, of blocks, their numbers, of all that the server says until it closes. */
  const talk = async (
    said: Buffer,
    limits: Parameters<typeof startServer>[0]['limits'] = {},
  ): Promise<readonly (string | number)[]> => {
    const { port } = await startServer({ source: memorySource([segment]), limits });
    const socket = connect(port, '127.0.0.1');
    afterwards(async () => void socket.destroy());
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.end(said);
    await once(socket, 'close');
    const heard: (string | number)[] = [];
    for (let rest = Buffer.concat(chunks); rest.length > 0;) {
      const end = rest.indexOf('\r\n\r\n');
      const head = rest.toString('latin1', 0, end);
      const length = Number(/content-length: (\d+)/i.exec(head)![1]);
      const body = rest.subarray(end + 4, end + 4 + length);
      rest = rest.subarray(end + 4 + length);
      const isBlock = head.startsWith('HTTP/1.1 200');
      const response = isBlock ? decodeResponse(body) : undefined;
      heard.push(response?._tag === 'Block' ? response.blockIndex : head.slice(9, 12));
    }
    return heard;
  };

  it('answers requests that come together in their order, all of them', async () => {
    const order = Array.from({ length: 40 }, (_, index) => (index * 5) % LAST);
    expect(await talk(Buffer.concat(order.map(post)))).toEqual(order);
  });

  it('answers those before a request that is none', async () => {
    expect(await talk(Buffer.concat([post(1), post(2), Buffer.from('nonsense\r\n\r\n'), post(3)]))).toEqual([
      1,
      2,
      '400',
    ]);
  });

  it('answers them also if it may have one upload at a time only', async () => {
    const order = [3, 1, 2, 0];
    expect(await talk(Buffer.concat(order.map(post)), { activeClients: 1, busyAfterMs: 20_000 })).toEqual(
      order,
    );
  });

  it('says how many it takes', async () => {
    const { peer } = await startServer({ source: memorySource([segment]) });
    const response = await fetch(`http://${peer}${PATH}`, {
      method: 'POST',
      body: new Uint8Array(post(0).subarray(post(0).indexOf('\r\n\r\n') + 4)),
    });
    await response.arrayBuffer();
    expect(Number(response.headers.get('Peerweave-Requests-Together'))).toBeGreaterThan(1);
  });
});
