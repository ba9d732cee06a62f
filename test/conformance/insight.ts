import { expect, it } from 'vitest';
import type { DistributionEvent, ReadResult } from '../../src/driver/index.js';
import {
  BLOCK,
  bytesOf,
  CONTENT,
  informationOf,
  openContent,
  publish,
  readAll,
  startBoth,
  TAG,
  type Endpoint,
} from './contents.js';
import { expectFault, expectUnsupported } from './faults.js';
import type { Capabilities, Setup } from './setup.js';
import { describeWithDriver } from './world.js';

const chosen = (events: readonly DistributionEvent[]) =>
  events.flatMap((event) => (event._tag === 'SourceChosen' ? [event] : []));

/** Everything that is told in a session, as it comes. */
const listen = ({ distribution, session }: Endpoint): readonly DistributionEvent[] => {
  const events: DistributionEvent[] = [];
  distribution.observe(session, (event) => events.push(event));
  return events;
};

/** Events, counters and explanations. */
export const describeInsight = (name: string, setup: Setup, { insight }: Capabilities): void =>
  describeWithDriver(`${name}: insight`, setup, (here) => {
    if (!insight) {
      it('answers Unsupported for what happens inside the service', async () => {
        const { publisher, reader, end } = await startBoth(here());
        await publish(publisher);
        const { distribution, session } = reader;
        const content = await openContent(reader, await informationOf(publisher), []);
        await expectUnsupported(distribution.getCounters(session));
        await expectUnsupported(distribution.explainContent(session, content));
        await distribution.closeContent(session, content);
        await end();
      });
      return;
    }

    it('tells and counts every byte that is read, with its source', async () => {
      const { publisher, reader, end } = await startBoth(here());
      const { distribution, session } = reader;
      const [told, served] = [listen(reader), listen(publisher)];
      await publish(publisher);
      const content = await openContent(reader, await informationOf(publisher), await here().peers());
      await readAll(reader, content, BLOCK);
      const fromPeers = chosen(told);
      expect(fromPeers.every((event) => event.source === 'peer' && event.content === content)).toBe(true);
      expect(fromPeers.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(CONTENT.length);

      await distribution.closeContent(session, content);
      const again = await openContent(reader, await informationOf(publisher), []);
      await distribution.blockRead(session, again, 0, { maxBytes: 100 });
      await distribution.closeContent(session, again);
      const counters = await distribution.getCounters(session);
      expect(counters).toMatchObject({
        bytesFromPeers: CONTENT.length,
        bytesFromLocalCache: 100,
        bytesFromOrigin: 0,
        bytesFromHostedCache: 0,
      });
      const count = (tag: DistributionEvent['_tag']): number =>
        told.filter(({ _tag }) => _tag === tag).length;
      expect(counters.blocksVerified).toBe(count('BlockVerified'));
      expect(counters.blockRequestsSent).toBe(count('BlockRequestSent'));
      expect(Object.values(counters.peers).map(({ bytesReceived }) => bytesReceived)).toEqual([
        CONTENT.length,
      ]);

      const sent = served.flatMap((event) => (event._tag === 'BlockResponseSent' ? [event.bytes] : []));
      expect(sent.reduce((sum, bytes) => sum + bytes, 0)).toBe(CONTENT.length);
      expect((await publisher.distribution.getCounters(publisher.session)).bytesServed).toBe(CONTENT.length);
      await end();
    });

    it('keeps contents that are read at the same time apart', async () => {
      const { publisher, reader, end } = await startBoth(here());
      const { distribution, session } = reader;
      const other = { id: Uint8Array.of(7), bytes: bytesOf('other', 2 * BLOCK) };
      await publish(publisher);
      await publish(publisher, other.id, other.bytes);
      const peers = await here().peers();
      const contents = await Promise.all([
        openContent(reader, await informationOf(publisher), peers),
        openContent(reader, await informationOf(publisher, { contentId: other.id }), peers),
      ]);
      await Promise.all(contents.map((content) => readAll(reader, content, BLOCK)));
      const explained = await Promise.all(
        contents.map((content) => distribution.explainContent(session, content)),
      );
      expect(explained.map(({ bytes }) => bytes.peer)).toEqual([CONTENT.length, other.bytes.length]);
      for (const { bytes, bytesByPeer } of explained) {
        expect(Object.values(bytesByPeer)).toEqual([bytes.peer]);
      }
      for (const content of contents) await distribution.closeContent(session, content);
      await end();
    });

    it('tells a session nothing of what another one reads', async () => {
      const { publisher, reader, end } = await startBoth(here());
      const { distribution } = reader;
      const other = { distribution, session: await distribution.startup() };
      await publish(publisher);
      const told = listen(other);
      const content = await openContent(reader, await informationOf(publisher), await here().peers());
      await readAll(reader, content);
      await distribution.closeContent(reader.session, content);
      expect(told).toEqual([]);
      expect(await distribution.getCounters(other.session)).toMatchObject({ blocksVerified: 0, peers: {} });
      await distribution.shutdown(other.session);
      await end();
    });

    it('explains what nobody had', async () => {
      const { publisher, reader, end } = await startBoth(here());
      const { distribution, session } = reader;
      const told = listen(reader);
      await publish(publisher);
      const content = await openContent(reader, await informationOf(publisher), []);
      const cached: ReadResult = await distribution.streamRead(session, content, {
        maxBytes: BLOCK,
        timeoutMs: 0,
      });
      expect(cached).toMatchObject({ _tag: 'Missing' });
      expect(told.some(({ _tag }) => _tag === 'CacheMiss')).toBe(true);
      await distribution.addData(session, content, 0, CONTENT);
      const { bytes, segments } = await distribution.explainContent(session, content);
      expect(bytes).toEqual({ cache: 0, peer: 0, 'hosted-cache': 0, origin: CONTENT.length });
      expect(segments).toEqual([
        { from: 0, to: 1, sources: [{ source: 'origin' }], reasons: [{ _tag: 'CacheOnly' }] },
      ]);
      expect(await distribution.getCounters(session)).toMatchObject({ bytesFromOrigin: CONTENT.length });
      await distribution.closeContent(session, content);
      await expectFault(distribution.explainContent(session, content), 'ERROR_INVALID_HANDLE');
      await end();
    });

    it('keeps what was counted elsewhere, and tells nothing of it', async () => {
      const { publisher, reader, end } = await startBoth(here());
      const { distribution, session } = reader;
      await publish(publisher);
      const told = listen(reader);
      const information = await informationOf(publisher);
      const kept = await distribution.openContent(session, { tag: TAG, isCounted: false });
      await distribution.addContentInformation(session, kept, information);
      await distribution.completeContentInformation(session, kept);
      await distribution.addData(session, kept, 0, CONTENT);
      expect(await distribution.explainContent(session, kept)).toMatchObject({
        bytes: { cache: 0, peer: 0, 'hosted-cache': 0, origin: 0 },
        segments: [],
      });
      await distribution.closeContent(session, kept);
      expect(chosen(told)).toEqual([]);
      expect(await distribution.getCounters(session)).toMatchObject({ bytesFromOrigin: 0 });
      const content = await openContent(reader, information, []);
      expect(await readAll(reader, content)).toEqual(CONTENT);
      expect(await distribution.getCounters(session)).toMatchObject({
        bytesFromOrigin: 0,
        bytesFromLocalCache: CONTENT.length,
      });
      await distribution.closeContent(session, content);
      await end();
    });

    it('takes in what a layer above reports, in its own session', async () => {
      const { distribution } = here().driver;
      const [one, other] = [await distribution.startup(), await distribution.startup()];
      const told = listen({ distribution, session: one });
      const toldOther = listen({ distribution, session: other });
      const reason = { _tag: 'NoContentInformation', detail: 'not ready yet' } as const;
      const event = { _tag: 'OriginUsed', name: 'http://example.com/', bytes: 12, reason } as const;
      distribution.report(one, event);
      expect(told).toEqual([event]);
      expect(toldOther).toEqual([]);
      expect(await distribution.getCounters(one)).toMatchObject({ bytesFromOrigin: 12 });
      expect(await distribution.getCounters(other)).toMatchObject({ bytesFromOrigin: 0 });
      await distribution.shutdown(one);
      distribution.report(one, event);
      expect(told).toHaveLength(1);
      await expectFault(distribution.getCounters(one), 'ERROR_INVALID_HANDLE');
      await distribution.shutdown(other);
    });
  });
