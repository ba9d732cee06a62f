import { expect, it } from 'vitest';
import type { DistributionStatus, Driver } from '../../src/driver/index.js';
import { expectBytes } from './bytes.js';
import {
  BLOCK,
  CONTENT,
  CONTENT_ID,
  informationOf,
  openContent,
  publish,
  readAll,
  startBoth,
  TAG,
  type Endpoint,
} from './contents.js';
import { eventually } from './eventually.js';
import { aborted, expectFault, faultFrom } from './faults.js';
import type { Setup } from './setup.js';
import { describeWithDriver } from './world.js';

/** How handles and calls end other than by being closed or answered. */
export const describeInvalidation = (name: string, setup: Setup): void =>
  describeWithDriver(`${name}: ends of handles and calls`, setup, (here) => {
    const untilStatus = (
      { distribution, session }: Endpoint,
      status: DistributionStatus,
    ): Promise<DistributionStatus> =>
      eventually(async () => ((await distribution.getStatus(session)) === status ? status : undefined));
    const disable = async (driver: Driver, endpoint: Endpoint): Promise<void> => {
      await here().switchService(driver, false);
      await untilStatus(endpoint, 'disabled');
    };
    const enable = async (driver: Driver, endpoint: Endpoint): Promise<void> => {
      await here().switchService(driver, true);
      await untilStatus(endpoint, 'available');
    };

    it('makes all handles void when the service is disabled, to be closed once', async () => {
      const { publisher, end } = await startBoth(here());
      await publish(publisher);
      const information = await informationOf(publisher);
      const { distribution, session } = publisher;
      const other = { contentId: Uint8Array.of(9) };
      const stream = await distribution.publishStream(session, other);
      const cursor = await distribution.openContentInformation(session, { contentId: CONTENT_ID });
      const content = await openContent(publisher, information, []);
      const fresh = await distribution.openContent(session, { tag: TAG });

      await disable(here().driver, publisher);
      const calls = [
        () => distribution.addToStream(session, stream, CONTENT),
        () => distribution.completeStream(session, stream),
        () => distribution.retrieveContentInformation(session, cursor, 10),
        () => distribution.streamRead(session, content, { maxBytes: 1 }),
        () => distribution.blockRead(session, content, 0, { maxBytes: 1 }),
        () => distribution.addData(session, content, 0, Uint8Array.of(1)),
        () => distribution.addContentInformation(session, fresh, Uint8Array.of(1)),
        () => distribution.completeContentInformation(session, fresh),
      ];
      for (const call of calls) await expectFault(call(), 'PEERDIST_ERROR_INVALIDATED');
      await enable(here().driver, publisher);
      for (const call of calls) await expectFault(call(), 'PEERDIST_ERROR_INVALIDATED');

      for (const close of [
        () => distribution.closeStream(session, stream),
        () => distribution.closeContentInformation(session, cursor),
        () => distribution.closeContent(session, content),
        () => distribution.closeContent(session, fresh),
      ]) {
        await close();
        await expectFault(close(), 'ERROR_INVALID_HANDLE');
      }
      const again = await openContent(publisher, information, []);
      await distribution.closeContent(session, again);
      await end();
    });

    it('closes void handles while the service is still disabled', async () => {
      const { publisher, end } = await startBoth(here());
      await publish(publisher);
      const { distribution, session } = publisher;
      const stream = await distribution.publishStream(session, { contentId: Uint8Array.of(9) });
      const cursor = await distribution.openContentInformation(session, { contentId: CONTENT_ID });
      const content = await distribution.openContent(session, { tag: TAG });
      await disable(here().driver, publisher);
      await distribution.closeStream(session, stream);
      await distribution.closeContentInformation(session, cursor);
      await distribution.closeContent(session, content);
      await enable(here().driver, publisher);
      await end();
    });

    it('works again after the service is back', async () => {
      const { publisher, reader, end } = await startBoth(here());
      await disable(here().consumer, reader);
      await enable(here().consumer, reader);
      await publish(publisher);
      const content = await openContent(reader, await informationOf(publisher), await here().peers());
      expectBytes(await readAll(reader, content), CONTENT);
      await reader.distribution.closeContent(reader.session, content);
      await end();
    });

    it('shuts a session down with everything that is open in it', async () => {
      const { publisher, end } = await startBoth(here());
      const { distribution } = publisher;
      await publish(publisher);
      const information = await informationOf(publisher);
      const doomed = await distribution.startup();
      const inDoomed = { distribution, session: doomed };
      const stream = await distribution.publishStream(doomed, { contentId: Uint8Array.of(9) });
      const cursor = await distribution.openContentInformation(doomed, { contentId: CONTENT_ID });
      const content = await openContent(inDoomed, information, []);
      await distribution.shutdown(doomed);
      for (const call of [
        () => distribution.addToStream(doomed, stream, CONTENT),
        () => distribution.retrieveContentInformation(doomed, cursor, 1),
        () => distribution.streamRead(doomed, content, { maxBytes: 1 }),
        () => distribution.closeContent(doomed, content),
      ])
        await expectFault(call(), 'ERROR_INVALID_HANDLE');
      await publish(publisher, Uint8Array.of(9));
      await end();
    });

    it('does nothing for a call that was aborted before it began', async () => {
      const { publisher, reader, end } = await startBoth(here());
      await publish(publisher);
      const information = await informationOf(publisher);
      const call = { signal: aborted() };
      const server = publisher.distribution;
      const client = reader.distribution;
      const contentId = Uint8Array.of(9);
      const stream = await server.publishStream(publisher.session, { contentId });
      const cursor = await server.openContentInformation(publisher.session, { contentId: CONTENT_ID });
      const content = await openContent(reader, information, await here().peers());
      const fresh = await client.openContent(reader.session, { tag: TAG });
      for (const ended of [
        () => server.publishStream(publisher.session, { contentId: Uint8Array.of(8) }, call),
        () => server.addToStream(publisher.session, stream, CONTENT, call),
        () => server.completeStream(publisher.session, stream, call),
        () => server.openContentInformation(publisher.session, { contentId: CONTENT_ID }, call),
        () => server.retrieveContentInformation(publisher.session, cursor, 1, call),
        () => client.openContent(reader.session, { tag: TAG }, call),
        () => client.addContentInformation(reader.session, fresh, information, call),
        () => client.completeContentInformation(reader.session, fresh, call),
        () => client.streamRead(reader.session, content, { maxBytes: 1 }, call),
        () => client.blockRead(reader.session, content, 0, { maxBytes: 1 }, call),
        () => client.addData(reader.session, content, 0, CONTENT.slice(0, BLOCK), call),
        () => client.flush(reader.session, TAG, call),
      ])
        await expectFault(ended(), 'ERROR_OPERATION_ABORTED');

      expectBytes(await readAll(reader, content), CONTENT);
      await client.addContentInformation(reader.session, fresh, information);
      await client.completeContentInformation(reader.session, fresh);
      await expectFault(server.openContentInformation(publisher.session, { contentId }), 'ERROR_NOT_FOUND');
      await client.closeContent(reader.session, content);
      await client.closeContent(reader.session, fresh);
      await server.closeStream(publisher.session, stream);
      await server.closeContentInformation(publisher.session, cursor);
      await end();
    });

    it('ends a read under way by its signal, or answers it', async () => {
      const { publisher, reader, end } = await startBoth(here());
      const { distribution, session } = reader;
      await publish(publisher);
      const content = await openContent(reader, await informationOf(publisher), await here().peers());
      const abort = new AbortController();
      const reading = distribution.blockRead(session, content, 0, { maxBytes: 10 }, { signal: abort.signal });
      abort.abort();
      await reading.then(
        (result) => expect(result).toMatchObject({ offset: 0 }),
        () => expectFault(reading, 'ERROR_OPERATION_ABORTED'),
      );
      expectBytes(await readAll(reader, content), CONTENT);
      await distribution.closeContent(session, content);
      await end();
    });

    it('ends or answers what is pending on a content that is closed', async () => {
      const { publisher, reader, end } = await startBoth(here());
      const { distribution, session } = reader;
      await publish(publisher);
      const content = await openContent(reader, await informationOf(publisher), await here().peers());
      const reads = Array.from({ length: 4 }, () =>
        distribution.streamRead(session, content, { maxBytes: BLOCK }),
      );
      const answers = Promise.allSettled(reads);
      await distribution.closeContent(session, content);
      for (const [index, answer] of (await answers).entries())
        if (answer.status === 'rejected')
          expect((await faultFrom(reads[index]!)).symbol).toBe('ERROR_OPERATION_ABORTED');
      await end();
    });
  });
