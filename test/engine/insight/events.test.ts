import { join } from 'node:path';
import { toArray, lastValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { distributionEvents, publish, retrieve, type effects } from 'peerweave';
import { contentOf, inDirectory, openNode, publishOn, type Node } from '../../robustness/support/node.js';
import { encodeResponse } from '../../../src/engine/distribution/wire/index.js';
import { fakePeer, http } from '../retrieval/harness.js';

/** One block. */
const CONTENT = contentOf(40_000);

/** Everything that is told until the session is closed. */
const listen = ({ session }: Node): Promise<effects.DistributionEvent[]> =>
  lastValueFrom(distributionEvents(session).pipe(toArray()));

const tagsOf = (events: readonly effects.DistributionEvent[]): readonly string[] =>
  events.map(({ _tag }) => _tag);

describe('the events of a transfer', () => {
  it('are one for each step, in order, on both sides', () =>
    inDirectory(async (directory) => {
      await using publisher = await openNode(join(directory, 'publisher'));
      await using reader = await openNode(join(directory, 'reader'));
      const [told, served] = [listen(reader), listen(publisher)];
      const information = await publishOn(publisher, CONTENT);
      const { peer } = publisher;
      await lastValueFrom(retrieve(information, { session: reader.session, peers: [peer] }));
      await lastValueFrom(retrieve(information, { session: reader.session }));
      await reader.session.close();
      await publisher.session.close();

      const reading = await told;
      expect(tagsOf(reading)).toEqual([
        ...['ContentInformationAdded', 'StreamRead', 'CacheMiss', 'BlockRequestSent'],
        ...['BlockResponseReceived', 'BlockVerified', 'SourceChosen', 'StreamRead'],
        ...['ContentInformationAdded', 'StreamRead', 'CacheHit', 'SourceChosen', 'StreamRead'],
      ]);
      expect(reading.filter(({ _tag }) => _tag === 'SourceChosen')).toMatchObject([
        { source: 'peer', peer, bytes: CONTENT.length, block: 0 },
        { source: 'cache', bytes: CONTENT.length, block: 0 },
      ]);
      expect(tagsOf(await served)).toEqual(['SegmentPublished', 'BlockRequestReceived', 'BlockResponseSent']);
    }));

  it('tell of a peer that lies until it is struck out, and that nobody has the block', () =>
    inDirectory(async (directory) => {
      await using publisher = await openNode(join(directory, 'publisher'));
      await using reader = await openNode(join(directory, 'reader'));
      const information = await publishOn(publisher, CONTENT);
      const liar = await fakePeer((socket, request) => {
        const block = { cipher: 'none', iv: new Uint8Array(), data: [Buffer.alloc(CONTENT.length)] } as const;
        socket.write(
          http(
            encodeResponse({
              _tag: 'Block',
              segmentId: request.segmentId,
              blockIndex: 0,
              nextBlockIndex: 0,
              ...block,
            }),
          ),
        );
      });
      const told = listen(reader);
      const reading = { session: reader.session, peers: [liar.peer] };
      await expect(lastValueFrom(retrieve(information, reading))).rejects.toMatchObject({ _tag: 'NotFound' });
      await reader.session.close();
      const failing = ['BlockRequestSent', 'BlockResponseReceived', 'BlockRejected', 'PeerFailed'];
      const events = await told;
      const tags = tagsOf(events);
      expect(tags.slice(0, tags.indexOf('BlockUnavailable'))).toEqual([
        ...['ContentInformationAdded', 'StreamRead', 'CacheMiss'],
        ...[...failing, ...failing, ...failing, 'PeerStruckOut'],
      ]);
      expect(events.filter(({ _tag }) => _tag === 'BlockRejected')).toMatchObject(
        Array(3).fill({ peer: liar.peer, reason: 'wrong-bytes' }),
      );
      expect(events.find(({ _tag }) => _tag === 'BlockUnavailable')).toMatchObject({
        attempts: Array(3).fill({ peer: liar.peer, reason: 'wrong-bytes' }),
      });
    }));

  it('tell where the bytes came from that an origin gave', () =>
    inDirectory(async (directory) => {
      await using reader = await openNode(join(directory, 'reader'));
      await using publisher = await openNode(join(directory, 'publisher'));
      const last = await lastValueFrom(publish(CONTENT, { session: publisher.session }));
      if (last._tag !== 'Published') expect.fail('interrupted');
      const told = listen(reader);
      const done = await lastValueFrom(
        retrieve(last.contentInformation, {
          session: reader.session,
          origin: ({ offset, length }) => Promise.resolve(CONTENT.subarray(offset, offset + length)),
        }),
      );
      expect(done).toMatchObject({
        fromOrigin: CONTENT.length,
        explanation: {
          bytes: { origin: CONTENT.length, peer: 0 },
          segments: [{ sources: [{ source: 'origin' }], reasons: [{ _tag: 'NoPeerKnown' }] }],
        },
      });
      await reader.session.close();
      expect((await told).filter(({ _tag }) => _tag === 'SourceChosen')).toMatchObject([
        { source: 'origin', bytes: CONTENT.length },
      ]);
    }));
});
