import { describe, expect, it } from 'vitest';
import type { DistributionEvent } from '../../../src/driver/index.js';
import {
  FetchFailure,
  type RetrievalClient,
  type SegmentInfo,
  type SegmentNeighbours,
} from '../../../src/engine/distribution/ports.js';
import {
  deriveServerKey,
  describeSegment,
  encodeResponse,
  encodeSegmentAges,
  hashBlock,
  type RetrievalRequest,
  type SegmentListRequest,
} from '../../../src/engine/distribution/wire/index.js';
import { generateContent } from '../wire/content.js';
import {
  fakePeer,
  honestAnswer,
  http,
  memorySource,
  never,
  startClient,
  startServer,
  type FakePeer,
  type Segment,
} from './harness.js';

const COUNT = 20;

/** Segments of version 2, of different lengths. */
const segments: readonly Segment[] = Array.from({ length: COUNT }, (_, index) => {
  const bytes = generateContent(70_000 + index);
  const hash = 'truncated-sha512';
  const serverKey = deriveServerKey(hash, Buffer.from('secret'));
  const blockHashes = [hashBlock(hash, bytes)];
  return { info: describeSegment({ hash, serverKey, length: bytes.length, blockHashes }), blocks: [bytes] };
});
const infos: readonly SegmentInfo[] = segments.map(({ info }) => info);

const neighbours = (index: number): SegmentNeighbours => ({ name: 'all of them', segments: infos, index });

/** Fetches all segments at once, as a reader does. */
const fetchAll = async (
  client: RetrievalClient,
  peers: readonly string[],
): Promise<(string | undefined)[]> => {
  const signal = never();
  const fetched = infos.map(
    (segment, index) =>
      client.fetch({
        segment,
        block: 0,
        peers,
        wanted: COUNT - index,
        neighbours: neighbours(index),
        signal,
      }).block,
  );
  return Promise.all(
    fetched.map((block, index) =>
      block.then(
        ({ peer, bytes }) => {
          expect(bytes.equals(segments[index]!.blocks[0]!)).toBe(true);
          return peer;
        },
        (error: unknown) => {
          expect(error).toBeInstanceOf(FetchFailure);
          return undefined;
        },
      ),
    ),
  );
};

/** What a peer with the segments that `has` lets pass answers; one of version 1 only does not know segment lists. */
const answerOf = (
  request: RetrievalRequest,
  has: (index: number) => boolean,
  onList: (request: SegmentListRequest) => Buffer,
): Buffer => {
  if (request._tag === 'GetSegmentList') return onList(request);
  if (request._tag !== 'GetBlocks') throw new Error(request._tag);
  const index = infos.findIndex(({ id }) => Buffer.compare(id, request.segmentId) === 0);
  return honestAnswer(segments[index]!, request, has(index) ? {} : { data: [], iv: Buffer.alloc(0) });
};

const listOf =
  (indexes: readonly number[], extensibleBlob: Uint8Array = Buffer.alloc(0)) =>
  ({ cipher, requestId }: SegmentListRequest): Buffer =>
    encodeResponse({
      _tag: 'SegmentList',
      cipher,
      requestId,
      ranges: indexes.map((index) => ({ index, count: 1 })),
      extensibleBlob,
    });

const negotiation = (least: number, most: number): Buffer =>
  encodeResponse({
    _tag: 'Negotiation',
    minVersion: { major: least, minor: 0 },
    maxVersion: { major: most, minor: 0 },
  });

const kinds = ({ requests }: FakePeer): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { _tag } of requests) counts[_tag] = (counts[_tag] ?? 0) + 1;
  return counts;
};

describe('segments of version 2', () => {
  it('are asked for one by one after one list of all', async () => {
    const has = (index: number): boolean => index % 4 === 1;
    const here = infos.map((_, index) => index).filter(has);
    const peer = await fakePeer((socket, request) => {
      // Ages of segments may come along, and whatever a later version puts there.
      socket.write(
        http(answerOf(request, has, listOf(here, encodeSegmentAges([{ segment: 1, milliseconds: 5 }])))),
      );
    });
    const events: DistributionEvent[] = [];
    const client = startClient({ emit: (event) => events.push(event) });
    const got = await fetchAll(client, [peer.peer]);
    expect(got).toEqual(infos.map((_, index) => (has(index) ? peer.peer : undefined)));
    // Without a list there would have been a question for each segment. The last few are not worth one.
    expect(kinds(peer)['GetSegmentList']).toBe(1);
    expect(peer.requests.length).toBeLessThanOrEqual(1 + here.length + 3);
    const [first] = peer.requests;
    expect(first?._tag === 'GetSegmentList' && first.segmentIds.length).toBe(COUNT);
    const lists = events.filter(({ _tag }) => _tag === 'SegmentListReceived');
    expect(lists).toEqual([
      {
        _tag: 'SegmentListReceived',
        peer: peer.peer,
        asked: COUNT,
        segments: here.map((index) => Buffer.from(infos[index]!.id).toString('hex')),
      },
    ]);
  });

  it('come from each of two peers that have a part of them', async () => {
    const even = await startServer({ source: memorySource(segments.filter((_, index) => index % 2 === 0)) });
    const odd = await startServer({ source: memorySource(segments.filter((_, index) => index % 2 === 1)) });
    const got = await fetchAll(startClient(), [even.peer, odd.peer]);
    expect(got).toEqual(infos.map((_, index) => (index % 2 === 0 ? even.peer : odd.peer)));
  });

  it.each([
    ['that tells the versions it speaks', (): Buffer => http(negotiation(1, 1))],
    [
      'that drops what it does not know',
      () => Buffer.from('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'),
    ],
    ['that answers nonsense', () => http(Buffer.from('nonsense'))],
  ])('come from a peer of version 1 %s, without a strike', async (_how, refusal) => {
    const peer = await fakePeer((socket, request) => {
      socket.write(
        request._tag === ('GetSegmentList' as string)
          ? refusal()
          : http(
              answerOf(
                request,
                () => true,
                () => Buffer.alloc(0),
              ),
            ),
      );
    });
    const events: DistributionEvent[] = [];
    const client = startClient({ emit: (event) => events.push(event) });
    expect(await fetchAll(client, [peer.peer])).toEqual(infos.map(() => peer.peer));
    expect(kinds(peer)).toEqual({ GetSegmentList: 1, GetBlocks: COUNT });
    expect(events.filter(({ _tag }) => _tag === 'PeerFailed')).toEqual([]);
  });

  it('come from another one than a peer that speaks version 2 only', async () => {
    const foreign = await fakePeer((socket, request) => {
      socket.write(http(answerOf(request, () => true, listOf(infos.map((_, index) => index)))));
    });
    const onlyTwo = await fakePeer((socket, request) => {
      const all = listOf(infos.map((_, index) => index));
      socket.write(
        http(
          request._tag === ('GetSegmentList' as string)
            ? answerOf(request, () => true, all)
            : negotiation(2, 2),
        ),
      );
    });
    const got = await fetchAll(startClient(), [onlyTwo.peer, foreign.peer]);
    expect(new Set(got)).toEqual(new Set([foreign.peer]));

    const alone = startClient();
    const failure = await alone
      .fetch({ segment: infos[0]!, block: 0, peers: [onlyTwo.peer], wanted: 1, signal: never() })
      .block.catch((error: unknown) => error);
    expect((failure as FetchFailure).attempts.map(({ reason }) => reason)).toContain('version-mismatch');
  });

  it.each([
    ['of other segments', { ranges: [{ index: 0, count: COUNT + 1 }] }],
    ['to another question', { requestId: Buffer.alloc(16, 7) }],
  ])('are asked for one by one where a list is one %s', async (_what, changes) => {
    const peer = await fakePeer((socket, request) => {
      const lie = ({ cipher, requestId }: SegmentListRequest): Buffer =>
        encodeResponse({
          _tag: 'SegmentList',
          cipher,
          requestId,
          ranges: [],
          extensibleBlob: Buffer.alloc(0),
          ...changes,
        });
      socket.write(http(answerOf(request, () => true, lie)));
    });
    expect(await fetchAll(startClient(), [peer.peer])).toEqual(infos.map(() => peer.peer));
    expect(kinds(peer)['GetSegmentList']).toBe(1);
  });

  it('that a peer lists and does not have cost few questions, and are got elsewhere', async () => {
    const liar = await fakePeer((socket, request) => {
      socket.write(http(answerOf(request, () => false, listOf(infos.map((_, index) => index)))));
    });
    const honest = await startServer({ source: memorySource(segments) });
    expect(await fetchAll(startClient(), [liar.peer, honest.peer])).toEqual(infos.map(() => honest.peer));
    expect(kinds(liar)['GetBlocks'] ?? 0).toBeLessThanOrEqual(4);
  });
});
