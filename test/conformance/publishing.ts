import { expect, it } from 'vitest';
import { bytesOf, CONTENT, CONTENT_ID, drain, informationOf, publish, type Endpoint } from './contents.js';
import { expectFault } from './faults.js';
import type { Setup } from './setup.js';
import { describeWithDriver } from './world.js';

/** Streams, publications and content information. */
export const describePublishing = (name: string, setup: Setup): void =>
  describeWithDriver(`${name}: publishing`, setup, (here) => {
    const start = async (): Promise<Endpoint> => {
      const { distribution } = here().driver;
      return { distribution, session: await distribution.startup() };
    };

    it('makes a publication that has content information', async () => {
      const publisher = await start();
      await publish(publisher);
      expect((await informationOf(publisher)).length).toBeGreaterThan(0);
      await publisher.distribution.shutdown(publisher.session);
    });

    it('describes the same bytes alike, however they are cut', async () => {
      const publisher = await start();
      await publish(publisher, Uint8Array.of(1), CONTENT, 1_234);
      await publish(publisher, Uint8Array.of(2), CONTENT, CONTENT.length);
      await publish(publisher, Uint8Array.of(3), bytesOf('others', CONTENT.length));
      const of = (id: number) => informationOf(publisher, { contentId: Uint8Array.of(id) });
      const first = await of(1);
      expect(await of(2)).toEqual(first);
      expect(await of(3)).not.toEqual(first);
      await publisher.distribution.shutdown(publisher.session);
    });

    /** All of a content information, and the first seven bytes of it behind a handle. */
    const beginHandingOut = async () => {
      const publisher = await start();
      const { distribution, session } = publisher;
      await publish(publisher);
      const whole = await informationOf(publisher);
      const handle = await distribution.openContentInformation(session, { contentId: CONTENT_ID });
      const first = await distribution.retrieveContentInformation(session, handle, 7);
      return { publisher, distribution, session, whole, handle, first };
    };

    it('hands content information out in portions, then nothing more', async () => {
      const { publisher, distribution, session, whole, handle, first } = await beginHandingOut();
      expect(first.length).toBeGreaterThan(0);
      expect(first.length).toBeLessThanOrEqual(7);
      const rest = await drain(publisher, handle, 7);
      expect(Buffer.concat([first, rest])).toEqual(Buffer.from(whole));
      expect(await distribution.retrieveContentInformation(session, handle, 7)).toHaveLength(0);
      await distribution.closeContentInformation(session, handle);
      await distribution.shutdown(session);
    });

    it('never hands a part of content information out as the whole when the content is taken back', async () => {
      const { publisher, distribution, session, whole, handle, first } = await beginHandingOut();
      await distribution.unpublish(session, CONTENT_ID);
      const rest = await drain(publisher, handle).catch((fault: unknown) => fault);
      if (rest instanceof Uint8Array) {
        expect(Buffer.concat([first, rest])).toEqual(Buffer.from(whole));
      } else {
        expect(rest).toMatchObject({ symbol: 'ERROR_NOT_FOUND' });
        const again = distribution.retrieveContentInformation(session, handle, 7);
        await expectFault(again, 'ERROR_NOT_FOUND');
      }
      await distribution.closeContentInformation(session, handle);
      await distribution.shutdown(session);
    });

    it('keeps the cursors of two handles apart', async () => {
      const publisher = await start();
      const { distribution, session } = publisher;
      await publish(publisher);
      const query = { contentId: CONTENT_ID };
      const first = await distribution.openContentInformation(session, query);
      const second = await distribution.openContentInformation(session, query);
      await drain(publisher, first);
      expect(await drain(publisher, second)).toEqual(await informationOf(publisher));
      await distribution.closeContentInformation(session, first);
      await distribution.closeContentInformation(session, second);
      await distribution.shutdown(session);
    });

    it.each([0, -1, 1.5, Number.NaN])('refuses to retrieve %s bytes', async (maxBytes) => {
      const publisher = await start();
      const { distribution, session } = publisher;
      await publish(publisher);
      const handle = await distribution.openContentInformation(session, { contentId: CONTENT_ID });
      await expectFault(
        distribution.retrieveContentInformation(session, handle, maxBytes),
        'ERROR_INVALID_PARAMETER',
      );
      expect(await drain(publisher, handle)).toEqual(await informationOf(publisher));
      await distribution.closeContentInformation(session, handle);
      await distribution.shutdown(session);
    });

    it('is not there before completion, and not when it is given up', async () => {
      const publisher = await start();
      const { distribution, session } = publisher;
      const stream = await distribution.publishStream(session, { contentId: CONTENT_ID });
      await distribution.addToStream(session, stream, CONTENT);
      await expectFault(
        distribution.openContentInformation(session, { contentId: CONTENT_ID }),
        'ERROR_NOT_FOUND',
      );
      await distribution.closeStream(session, stream);
      await expectFault(
        distribution.openContentInformation(session, { contentId: CONTENT_ID }),
        'ERROR_NOT_FOUND',
      );
      await publish(publisher);
      expect((await informationOf(publisher)).length).toBeGreaterThan(0);
      await distribution.shutdown(session);
    });

    it('exists once, until it is unpublished', async () => {
      const publisher = await start();
      const { distribution, session } = publisher;
      await publish(publisher);
      const contentId = CONTENT_ID;
      await expectFault(distribution.publishStream(session, { contentId }), 'PEERDIST_ERROR_ALREADY_EXISTS');
      await distribution.unpublish(session, contentId);
      await expectFault(distribution.openContentInformation(session, { contentId }), 'ERROR_NOT_FOUND');
      await expectFault(distribution.unpublish(session, contentId), 'ERROR_NOT_FOUND');
      await publish(publisher);
      await distribution.shutdown(session);
    });

    it('ends with the session that made it, and only then', async () => {
      const publisher = await start();
      const { distribution } = publisher;
      const other = await distribution.startup();
      await publish(publisher);
      expect((await informationOf({ distribution, session: other })).length).toBeGreaterThan(0);
      await distribution.shutdown(publisher.session);
      await expectFault(
        distribution.openContentInformation(other, { contentId: CONTENT_ID }),
        'ERROR_NOT_FOUND',
      );
      await distribution.shutdown(other);
    });

    it('has the length that was announced, or fails', async () => {
      const publisher = await start();
      const { distribution, session } = publisher;
      const options = { contentId: CONTENT_ID, length: 10 };
      const short = await distribution.publishStream(session, options);
      await distribution.addToStream(session, short, new Uint8Array(9));
      await expectFault(distribution.completeStream(session, short), 'ERROR_INVALID_PARAMETER');
      await distribution.closeStream(session, short);
      const right = await distribution.publishStream(session, options);
      await distribution.addToStream(session, right, new Uint8Array(10));
      await distribution.completeStream(session, right);
      await distribution.closeStream(session, right);
      expect((await informationOf(publisher)).length).toBeGreaterThan(0);
      await distribution.shutdown(session);
    });

    it.each([
      ['no content id', { contentId: new Uint8Array() }],
      ['a negative length', { contentId: CONTENT_ID, length: -1 }],
      ['a broken length', { contentId: CONTENT_ID, length: 1.5 }],
    ])('is refused with %s', async (_what, options) => {
      const { distribution, session } = await start();
      await expectFault(distribution.publishStream(session, options), 'ERROR_INVALID_PARAMETER');
      await distribution.shutdown(session);
    });

    it('offers the versions that the status tells, and no other', async () => {
      const publisher = await start();
      const { distribution, session } = publisher;
      const { minVersion, maxVersion } = await distribution.getStatusInfo(session);
      for (const version of [1, 2] as const) {
        const contentId = Uint8Array.of(version);
        const publishing = distribution.publishStream(session, { contentId, version });
        if (version >= minVersion && version <= maxVersion) {
          const stream = await publishing;
          await distribution.addToStream(session, stream, CONTENT);
          await distribution.completeStream(session, stream);
          await distribution.closeStream(session, stream);
          const query = { contentId, minVersion: version, maxVersion: version };
          expect((await informationOf(publisher, query)).length).toBeGreaterThan(0);
        } else
          await expectFault(
            publishing,
            'ERROR_INVALID_PARAMETER',
            'ERROR_NOT_SUPPORTED',
            'PEERDIST_ERROR_VERSION_UNSUPPORTED',
          );
      }
      await distribution.shutdown(session);
    });

    it.each([
      ['a negative offset', { offset: -1 }],
      ['an offset behind the end', { offset: CONTENT.length + 1 }],
      ['an end behind the end', { offset: 1, length: CONTENT.length }],
      ['a broken length', { length: 1.5 }],
    ])('describes no range with %s', async (_what, range) => {
      const publisher = await start();
      const { distribution, session } = publisher;
      await publish(publisher);
      await expectFault(
        distribution.openContentInformation(session, { contentId: CONTENT_ID, ...range }),
        'ERROR_INVALID_PARAMETER',
        'PEERDIST_ERROR_OUT_OF_BOUNDS',
      );
      await distribution.shutdown(session);
    });

    it('does not take back a handle twice', async () => {
      const publisher = await start();
      const { distribution, session } = publisher;
      const stream = await distribution.publishStream(session, { contentId: CONTENT_ID });
      await distribution.addToStream(session, stream, CONTENT);
      await distribution.completeStream(session, stream);
      await distribution.closeStream(session, stream);
      await expectFault(distribution.closeStream(session, stream), 'ERROR_INVALID_HANDLE');
      await expectFault(distribution.addToStream(session, stream, CONTENT), 'ERROR_INVALID_HANDLE');
      await expectFault(distribution.completeStream(session, stream), 'ERROR_INVALID_HANDLE');

      const information = await distribution.openContentInformation(session, { contentId: CONTENT_ID });
      await distribution.closeContentInformation(session, information);
      await expectFault(distribution.closeContentInformation(session, information), 'ERROR_INVALID_HANDLE');
      await expectFault(
        distribution.retrieveContentInformation(session, information, 1),
        'ERROR_INVALID_HANDLE',
      );
      await distribution.shutdown(session);
    });

    it("does not take another session's handles", async () => {
      const publisher = await start();
      const { distribution, session } = publisher;
      const other = await distribution.startup();
      const stream = await distribution.publishStream(session, { contentId: CONTENT_ID });
      await expectFault(distribution.addToStream(other, stream, CONTENT), 'ERROR_INVALID_HANDLE');
      await expectFault(distribution.closeStream(other, stream), 'ERROR_INVALID_HANDLE');
      await distribution.addToStream(session, stream, CONTENT);
      await distribution.closeStream(session, stream);
      await distribution.shutdown(other);
      await distribution.shutdown(session);
    });
  });
