import { expect, it } from 'vitest';
import type { PublicationOptions } from '../../src/driver/index.js';
import { expectBytes } from './bytes.js';
import {
  bytesOf,
  CONTENT,
  CONTENT_ID,
  informationOf,
  openContent,
  readAll,
  startBoth,
  type Endpoint,
} from './contents.js';
import { expectFault } from './faults.js';
import type { Setup } from './setup.js';
import { describeWithDriver } from './world.js';

const publishAs = async (
  { distribution, session }: Endpoint,
  options: Partial<PublicationOptions>,
  bytes: Uint8Array = CONTENT,
): Promise<void> => {
  const stream = await distribution.publishStream(session, { contentId: CONTENT_ID, ...options });
  await distribution.addToStream(session, stream, bytes);
  await distribution.completeStream(session, stream);
  await distribution.closeStream(session, stream);
};

const ONLY_2 = { minVersion: 2, maxVersion: 2 } as const;

/** Content information of version 2 and what is read by it. Every driver here makes it. */
export const describeVersion2 = (name: string, setup: Setup): void =>
  describeWithDriver(`${name}: version 2`, setup, (here) => {
    it('is offered, and streamed by another driver', async () => {
      const { publisher, reader, end } = await startBoth(here());
      const status = await publisher.distribution.getStatusInfo(publisher.session);
      expect(status).toMatchObject({ minVersion: 1, maxVersion: 2 });
      const bytes = bytesOf('version 2', 1_000_000);
      await publishAs(publisher, { version: 2, length: bytes.length }, bytes);
      const information = await informationOf(publisher, ONLY_2);
      const content = await openContent(reader, information, await here().peers());
      expectBytes(await readAll(reader, content, 70_000), bytes);
      await reader.distribution.closeContent(reader.session, content);
      await end();
    });

    it('is not what version 1 says of the same bytes, nor given to those who cannot read it', async () => {
      const { publisher, end } = await startBoth(here());
      const { distribution, session } = publisher;
      await publishAs(publisher, { version: 2 });
      const version2 = await informationOf(publisher);
      await expectFault(
        distribution.openContentInformation(session, { contentId: CONTENT_ID, maxVersion: 1 }),
        'PEERDIST_ERROR_VERSION_UNSUPPORTED',
      );
      await distribution.unpublish(session, CONTENT_ID);
      await publishAs(publisher, { version: 1 });
      expect(await informationOf(publisher)).not.toEqual(version2);
      await expectFault(
        distribution.openContentInformation(session, { contentId: CONTENT_ID, ...ONLY_2 }),
        'PEERDIST_ERROR_VERSION_UNSUPPORTED',
      );
      await end();
    });

    it('keeps to the range of the content information', async () => {
      const { publisher, reader, end } = await startBoth(here());
      const { distribution, session } = reader;
      await publishAs(publisher, { version: 2 });
      for (const [offset, length] of [
        [70_000, 80_001],
        [0, 1],
        [CONTENT.length - 1, 1],
      ] as const) {
        const information = await informationOf(publisher, { ...ONLY_2, offset, length });
        const content = await openContent(reader, information, await here().peers());
        expectBytes(await readAll(reader, content), CONTENT.slice(offset, offset + length));
        expect(await distribution.blockRead(session, content, offset + length, { maxBytes: 10 })).toEqual({
          _tag: 'End',
        });
        await distribution.closeContent(session, content);
      }
      await end();
    });

    it('is cut as was asked, or the asking is refused', async () => {
      const { publisher, end } = await startBoth(here());
      const { distribution, session } = publisher;
      const publishing = (options: Partial<PublicationOptions>) =>
        distribution.publishStream(session, { contentId: CONTENT_ID, ...options });
      await expectFault(
        publishing({ version: 1, segmentation: 'fixed' }),
        'ERROR_INVALID_PARAMETER',
        'ERROR_NOT_SUPPORTED',
      );
      for (const segmentation of ['fastcdc', 'fixed'] as const) {
        const stream = await publishing({ version: 2, segmentation }).catch((fault: unknown) => fault);
        if (typeof stream !== 'bigint') {
          expect(stream).toMatchObject({ symbol: 'ERROR_NOT_SUPPORTED' });
          continue;
        }
        await distribution.closeStream(session, stream as Awaited<ReturnType<typeof publishing>>);
      }
      await end();
    });
  });
