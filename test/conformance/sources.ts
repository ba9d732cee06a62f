import { statSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { PublicationOptions, SourceFile } from '../../src/driver/index.js';
import { BLOCK, CONTENT, CONTENT_ID, informationOf, publish, type Endpoint } from './contents.js';
import { expectFault, expectUnsupported } from './faults.js';
import type { Capabilities, Setup } from './setup.js';
import { describeWithDriver } from './world.js';

const describeFile = (path: string): SourceFile => {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  return { path, version: { device: dev, inode: ino, size, modifiedNs: mtimeNs, changedNs: ctimeNs } };
};

/** Files that a driver is asked to read itself. */
export const describeSources = (name: string, setup: Setup, { sources }: Capabilities): void =>
  describeWithDriver(`${name}: sources`, setup, (here) => {
    const start = async (): Promise<Endpoint & { readonly source: SourceFile }> => {
      const { driver, path } = here();
      writeFileSync(path('source'), CONTENT);
      const session = await driver.distribution.startup();
      return { distribution: driver.distribution, session, source: describeFile(path('source')) };
    };

    if (!sources) {
      it('wants to be given the bytes, and the stream is as before', async () => {
        const { distribution } = here().driver;
        const session = await distribution.startup();
        const publisher = { distribution, session };
        // Nobody opens it, so it need not exist.
        const version = {
          device: 1n,
          inode: 1n,
          size: BigInt(CONTENT.length),
          modifiedNs: 1n,
          changedNs: 1n,
        };
        const source = { path: here().path('source'), version };
        const stream = await distribution.publishStream(session, { contentId: CONTENT_ID, source });
        await expectUnsupported(distribution.addFromSource(session, stream, BLOCK));
        await distribution.addToStream(session, stream, CONTENT);
        await distribution.completeStream(session, stream);
        await distribution.closeStream(session, stream);
        const published = await informationOf(publisher);
        await publish(publisher, Uint8Array.of(1));
        expect(published).toEqual(await informationOf(publisher, { contentId: Uint8Array.of(1) }));
        await distribution.shutdown(session);
      });
      return;
    }

    const publishFile = async (
      { distribution, session, source }: Endpoint & { readonly source: SourceFile },
      steps: readonly number[],
      options: Partial<PublicationOptions> = {},
    ): Promise<void> => {
      const stream = await distribution.publishStream(session, {
        contentId: CONTENT_ID,
        source,
        ...options,
      });
      for (const length of steps) await distribution.addFromSource(session, stream, length);
      await distribution.completeStream(session, stream);
      await distribution.closeStream(session, stream);
    };

    it.each([
      ['at once', [CONTENT.length], {}],
      ['in steps', [BLOCK, 0, 2 * BLOCK, CONTENT.length - 3 * BLOCK], {}],
      ['as a copy', [CONTENT.length], { keepCopy: true }],
    ])('describes the bytes of a file that it reads %s as if they were added', async (_, steps, options) => {
      const publisher = await start();
      await publishFile(publisher, steps, options);
      await publish(publisher, Uint8Array.of(1));
      expect(await informationOf(publisher)).toEqual(
        await informationOf(publisher, { contentId: Uint8Array.of(1) }),
      );
      await publisher.distribution.shutdown(publisher.session);
    });

    it('goes on with a file where added bytes end', async () => {
      const publisher = await start();
      const { distribution, session, source } = publisher;
      const stream = await distribution.publishStream(session, { contentId: CONTENT_ID, source });
      await distribution.addToStream(session, stream, CONTENT.subarray(0, BLOCK));
      await distribution.addFromSource(session, stream, CONTENT.length - BLOCK);
      await distribution.completeStream(session, stream);
      await distribution.closeStream(session, stream);
      await publish(publisher, Uint8Array.of(1));
      expect(await informationOf(publisher)).toEqual(
        await informationOf(publisher, { contentId: Uint8Array.of(1) }),
      );
      await distribution.shutdown(session);
    });

    it.each([
      ['part of a block', {}, 100],
      ['more than there is', {}, CONTENT.length + 1],
      ['more than was announced', { length: BLOCK }, 2 * BLOCK],
      ['a broken number of bytes', {}, 1.5],
      ['bytes of no file', { source: undefined }, BLOCK],
    ])('does not add %s', async (_what, options, length) => {
      const { distribution, session, source } = await start();
      const stream = await distribution.publishStream(session, {
        contentId: CONTENT_ID,
        source,
        ...options,
      });
      await expectFault(distribution.addFromSource(session, stream, length), 'ERROR_INVALID_PARAMETER');
      await distribution.closeStream(session, stream);
      await distribution.shutdown(session);
    });

    it.each([
      ['longer', (path: string) => writeFileSync(path, 'more', { flag: 'a' })],
      ['shorter', (path: string) => writeFileSync(path, CONTENT.subarray(0, BLOCK))],
      ['another one', (path: string) => writeFileSync(path, new Uint8Array(CONTENT.length))],
    ])('fails with a file that has become %s', async (_what, change) => {
      const publisher = await start();
      change(here().path('source'));
      await expectFault(publishFile(publisher, [CONTENT.length]), 'ERROR_INVALID_DATA');
      await publisher.distribution.shutdown(publisher.session);
    });
  });
