import { createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { lastValueFrom } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { retrieve, type effects, type PeerError } from 'peerweave';
import { contentOf, inDirectory, openNode, publishOn, type Node } from '../../robustness/support/node.js';

const CONTENT = contentOf(300_000);
/** A port that nobody listens at. */
const NOBODY = '127.0.0.1:9';
const SEGMENTS = 240;

describe('the reasons of a retrieval', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  /** A peer that answers whatever it is asked with the same. */
  const liar = async (answer: string): Promise<string> => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', () => socket.end(answer));
    });
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  };

  const withNodes = (use: (publisher: Node, reader: Node) => Promise<void>): Promise<void> =>
    inDirectory(async (directory) => {
      await using publisher = await openNode(join(directory, 'publisher'));
      await using reader = await openNode(join(directory, 'reader'));
      await use(publisher, reader);
    });

  it('are in the result: who delivered, and why the others did not', () =>
    withNodes(async (publisher, reader) => {
      const information = await publishOn(publisher, CONTENT);
      const bad = await liar('HTTP/1.1 500 no\r\ncontent-length: 0\r\n\r\n');
      const done = await lastValueFrom(
        retrieve(information, { session: reader.session, peers: [bad, publisher.peer], tag: 'first' }),
      );
      if (done._tag !== 'Retrieved') expect.fail('interrupted');
      expect(done.fromPeers).toEqual({ [publisher.peer]: CONTENT.length });
      expect(done.explanation?.segments).toMatchObject([
        { from: 0, to: 1, sources: [{ source: 'peer', peer: publisher.peer }] },
      ]);
      expect(done.explanation?.segments[0]?.reasons).toContainEqual({
        _tag: 'PeerFailed',
        peer: bad,
        reason: 'malformed-answer',
      });
    }));

  it('tell of every segment that it has left the cache, not of the first one only', () =>
    withNodes(async (publisher, reader) => {
      const content = contentOf(10 * 131_072);
      const fixed = { version: 2, segmentation: 'fixed' } as const;
      const information = await publishOn(publisher, content, fixed);
      const { session, peers } = reader;
      await lastValueFrom(retrieve(information, { session, peers: [publisher.peer], tag: 'first' }));
      await peers.promise(peers.effects.flushContent(session, 'first'));
      const origin = async ({ offset, length }: { readonly offset: number; readonly length: number }) =>
        content.subarray(offset, offset + length);
      const done = await lastValueFrom(retrieve(information, { session, origin, tag: 'second' }));
      if (done._tag !== 'Retrieved') expect.fail('interrupted');
      expect(done.explanation?.segments).toEqual([
        {
          from: 0,
          to: 10,
          sources: [{ source: 'origin' }],
          reasons: [{ _tag: 'LeftCache', cause: expect.any(String) }, { _tag: 'NoPeerKnown' }],
        },
      ]);
    }));

  /** Many more segments than are asked for ahead, which nobody has, with one peer that is not there. */
  const withContent = (
    use: (node: Node, content: effects.Content, bytes: Buffer) => Promise<void>,
  ): Promise<void> =>
    withNodes(async (publisher, reader) => {
      const bytes = contentOf(SEGMENTS * 131_072);
      const information = await publishOn(publisher, bytes, { version: 2, segmentation: 'fixed' });
      const { promise, effects: of } = reader.peers;
      await using content = await promise(of.openContent(reader.session, { peers: [NOBODY] }));
      await promise(of.addContentInformation(content, information));
      await promise(of.completeContentInformation(content));
      await use(reader, content, bytes);
    });

  const expectAllFromOrigin = async ({ peers }: Node, content: effects.Content): Promise<void> => {
    const { segments } = await peers.promise(peers.effects.explainContent(content));
    const without = segments.filter(
      ({ sources, reasons }) =>
        sources[0]?.source !== 'origin' || !reasons.some(({ _tag }) => _tag === 'PeerFailed'),
    );
    expect(without).toEqual([]);
    expect(segments.reduce((sum, { from, to }) => sum + to - from, 0)).toBe(SEGMENTS);
  };

  it('are those of its gap for each segment, also if other gaps were met before that one was filled', () =>
    withContent(async (reader, content, bytes) => {
      const { promise, effects: of } = reader.peers;
      for (const offset of [0, (bytes.length / 3) * 2]) {
        const request = { maxBytes: 1, fillsGapsAfterMs: 1_000 };
        expect(await promise(of.readContentAt(content, offset, request))).toMatchObject({
          _tag: 'Missing',
          offset,
          length: bytes.length - offset,
        });
      }
      await promise(of.addContentData(content, 0, bytes));
      await expectAllFromOrigin(reader, content);
    }));

  it('are in the error, each peer with its own', () =>
    withNodes(async (publisher, reader) => {
      const information = await publishOn(publisher, CONTENT);
      const { peer } = publisher;
      await publisher.session.close();
      const other = await liar('nonsense\r\n\r\n');
      const error = await lastValueFrom(
        retrieve(information, { session: reader.session, peers: [peer, other] }),
      ).then(
        () => expect.fail('nobody had it'),
        (thrown: unknown) => thrown as PeerError,
      );
      expect(error._tag).toBe('NotFound');
      expect(error.message).toContain(`${peer} connection failed: ECONNREFUSED`);
      // It may have been struck out by then, as other blocks were asked of it at the same time.
      expect(error.message).toMatch(
        new RegExp(`${other} (what it says is not HTTP|failed too often lately)`),
      );
    }));
});
