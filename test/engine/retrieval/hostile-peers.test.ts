import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { DistributionEvent } from '../../../src/driver/index.js';
import { FetchFailure } from '../../../src/engine/distribution/ports.js';
import { encodeResponse, type BlockRequest } from '../../../src/engine/distribution/wire/index.js';
import {
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

const segment = segmentOf(3 * 65_536 + 1_000);
const stranger = segmentOf(3 * 65_536 + 1_000, 'another secret');
const BLOCK = 1;

const withBit = (bytes: Buffer, offset: number): Buffer => {
  const changed = Buffer.from(bytes);
  changed.writeUInt8(changed.readUInt8(offset) ^ 1, offset);
  return changed;
};

const reply =
  (bytes: (request: BlockRequest) => Buffer) =>
  (socket: Socket, request: BlockRequest): void => {
    socket.write(bytes(request));
  };

const trickle = (socket: Socket, request: BlockRequest): void => {
  const bytes = http(honestAnswer(segment, request));
  let at = 0;
  const timer = setInterval(() => socket.write(bytes.subarray(at, (at += 1))), 10);
  socket.on('close', () => clearInterval(timer));
};

const LIES: readonly (readonly [string, RegExp, (socket: Socket, request: BlockRequest) => void])[] = [
  [
    'wrong bytes',
    /do not match their hash/,
    reply((request) => http(withBit(honestAnswer(segment, request), 1_000))),
  ],
  [
    'the bytes of another block',
    /do not match their hash/,
    reply((request) =>
      http(honestAnswer({ ...segment, blocks: segment.blocks.map(() => segment.blocks[0]!) }, request)),
    ),
  ],
  [
    'the right block encrypted for another segment',
    /wrong padding|do not match their hash/,
    reply((request) => http(honestAnswer(stranger, request))),
  ],
  [
    'another segment id',
    /another segment/,
    reply((request) => http(honestAnswer(segment, request, { segmentId: stranger.info.id }))),
  ],
  [
    'another block index',
    /another block/,
    reply((request) => http(honestAnswer(segment, request, { blockIndex: 2 }))),
  ],
  [
    'bad padding',
    /wrong padding/,
    reply((request) =>
      http(withBit(honestAnswer(segment, request), honestAnswer(segment, request).length - 4 - 4 - 16 - 17)),
    ),
  ],
  [
    'an initialisation vector of 8 bytes',
    /vector of 8 bytes/,
    reply((request) => http(honestAnswer(segment, request, { iv: Buffer.alloc(8) }))),
  ],
  [
    'too few bytes',
    /65536 bytes for a block of 65536/,
    reply((request) => http(honestAnswer(segment, request, { data: [Buffer.alloc(65_536)] }))),
  ],
  [
    'too many bytes',
    /131072 bytes for a block of 65536/,
    reply((request) => http(honestAnswer(segment, request, { data: [Buffer.alloc(131_072)] }))),
  ],
  [
    'a message cut short',
    /answered nonsense/,
    reply((request) => http(honestAnswer(segment, request).subarray(0, -1))),
  ],
  [
    'a list instead of a block',
    /another question/,
    reply((request) => http(honestAnswer(segment, { ...request, _tag: 'GetBlockList' }))),
  ],
  [
    'another version of the protocol',
    /versions 2 to 2/,
    reply(() =>
      http(
        encodeResponse({
          _tag: 'Negotiation',
          minVersion: { major: 2, minor: 0 },
          maxVersion: { major: 2, minor: 0 },
        }),
      ),
    ),
  ],
  [
    'an announcement of 2 GB',
    /more than 393220 bytes/,
    reply(() => Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2000000000\r\n\r\n')),
  ],
  [
    'a chunk of 4 GB',
    /more than 393220 bytes/,
    reply(() => Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n')),
  ],
  [
    'bytes without end',
    /more than 393220 bytes/,
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const pour = (): void => {
        while (socket.writable && socket.write(Buffer.alloc(16_384)));
      };
      socket.on('drain', pour);
      pour();
    },
  ],
  [
    'headers without end',
    /head of more than 16384 bytes/,
    reply(() => Buffer.from(`HTTP/1.1 200 OK\r\nA: ${'a'.repeat(20_000)}`)),
  ],
  ['junk instead of HTTP', /not HTTP/, reply(() => Buffer.from('SSH-2.0-OpenSSH_9.2p1\r\n\r\n'))],
  ['an HTTP error', /status 503/, reply(() => Buffer.from('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n'))],
  ['one byte at a time', /no answer within/, trickle],
  ['nothing', /no answer within/, () => undefined],
  ['a close before the answer', /before the end of its answer/, (socket) => void socket.end()],
  [
    'a close inside the answer',
    /before the end of its answer/,
    (socket, request) => void socket.end(http(honestAnswer(segment, request)).subarray(0, 40_000)),
  ],
  ['a reset', /ECONNRESET/, (socket) => void socket.resetAndDestroy()],
  [
    'a reset inside the answer',
    /ECONNRESET|before the end of its answer/,
    (socket, request) => {
      socket.write(http(honestAnswer(segment, request)).subarray(0, 40_000), () => socket.resetAndDestroy());
    },
  ],
];

describe.each(LIES)('a peer that answers with %s', (_name, reason, answer) => {
  it('is struck out after three tries, and nothing of it is left', async () => {
    const liar = await fakePeer(answer);
    const events: DistributionEvent[] = [];
    const client = startClient({ emit: (event) => events.push(event), limits: { requestTimeoutMs: 150 } });
    const fetched = client.fetch({
      segment: segment.info,
      block: BLOCK,
      peers: [liar.peer],
      wanted: 1,
      signal: never(),
    }).block;

    const failure = await fetched.then(
      () => undefined,
      (error: unknown) => error as FetchFailure,
    );
    expect(failure).toBeInstanceOf(FetchFailure);
    expect(failure!.attempts).toHaveLength(3);
    for (const attempt of failure!.attempts) {
      expect(attempt.peer).toBe(liar.peer);
      expect(attempt.detail).toMatch(reason);
    }
    expect(liar.requests).toHaveLength(3);
    const failures = events.filter(({ _tag }) => _tag === 'PeerFailed' || _tag === 'PeerStruckOut');
    expect(failures.map(({ _tag }) => _tag)).toEqual([...Array(3).fill('PeerFailed'), 'PeerStruckOut']);
    expect(events.some(({ _tag }) => _tag === 'BlockVerified')).toBe(false);
    await client.close();
    await until(() => liar.sockets.size === 0);
  });

  it('does not keep the block from coming from an honest one', async () => {
    const liar = await fakePeer(answer);
    const honest = await startServer({ source: memorySource([segment]) });
    const client = startClient({ limits: { requestTimeoutMs: 150 } });
    const { peer, bytes } = await client.fetch({
      segment: segment.info,
      block: BLOCK,
      peers: [liar.peer, honest.peer],
      wanted: 1,
      signal: never(),
    }).block;
    expect(liar.requests).toHaveLength(1);
    expect(peer).toBe(honest.peer);
    expect(bytes.equals(segment.blocks[BLOCK]!)).toBe(true);
  });
});

describe('a peer whose last block is not as long as the content information says', () => {
  const LAST = 3;
  const fetchLast = async (length: number, peer: string) => {
    const events: DistributionEvent[] = [];
    const client = startClient({ emit: (event) => events.push(event) });
    const fetched = (info: typeof segment.info, block: number) =>
      client.fetch({ segment: info, block, peers: [peer], wanted: 1, signal: never() }).block;
    const failure: unknown = await fetched({ ...segment.info, length }, LAST).catch(
      (error: unknown) => error,
    );
    const faults = events.filter(({ _tag }) => _tag === 'PeerFailed' || _tag === 'PeerStruckOut');
    return { failure, faults, fetched };
  };

  it.each([3 * 65_536 + 1, 3 * 65_536 + 1_001, 4 * 65_536])(
    'is not to blame, as its bytes match the hash: %i bytes are said',
    async (length) => {
      const honest = await startServer({ source: memorySource([segment]) });
      const { failure, faults, fetched } = await fetchLast(length, honest.peer);
      expect(failure).toBeInstanceOf(FetchFailure);
      const detail = `has a block with that hash, but of 1000 bytes, not of ${length - 3 * 65_536}`;
      expect((failure as FetchFailure).attempts).toEqual([
        { peer: honest.peer, reason: 'lacks-block', detail },
      ]);
      expect(faults).toEqual([]);
      const { bytes } = await fetched(segment.info, LAST);
      expect(bytes.equals(segment.blocks[LAST]!)).toBe(true);
    },
  );

  it('is to blame if they do not match it either', async () => {
    const liar = await fakePeer(reply((request) => http(withBit(honestAnswer(segment, request), 90))));
    const { failure, faults } = await fetchLast(4 * 65_536, liar.peer);
    expect((failure as FetchFailure).attempts[0]?.detail).toMatch(/bytes for a block of 65536|wrong padding/);
    expect(faults).toHaveLength(4);
  });
});
