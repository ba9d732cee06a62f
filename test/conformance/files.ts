import { readFile, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import {
  BLOCK,
  CONTENT,
  dataOf,
  informationOf,
  openContent,
  publish,
  readAll,
  startBoth,
  TAG,
} from './contents.js';
import { expectFault, expectUnsupported } from './faults.js';
import type { Capabilities, Setup } from './setup.js';
import { describeWithDriver } from './world.js';

/** Content that the driver itself puts into a file. */
export const describeFiles = (name: string, setup: Setup, { files }: Capabilities): void =>
  describeWithDriver(`${name}: files`, setup, (here) => {
    const start = async () => {
      const sides = await startBoth(here());
      await publish(sides.publisher);
      const peers = await here().peers();
      const path = here().path('filled');
      if (files) await writeFile(path, '');
      return { ...sides, ...sides.reader, peers, path };
    };

    if (!files) {
      it('leaves writing to the caller, and the content is as before', async () => {
        const { publisher, reader, distribution, session, peers, path, end } = await start();
        const content = await openContent(reader, await informationOf(publisher), peers);
        await expectUnsupported(distribution.fillFile(session, content, path));
        await expectUnsupported(distribution.finishFile(session, content));
        expect(await readAll(reader, content)).toEqual(CONTENT);
        await end();
      });
      return;
    }

    it('has what is read', async () => {
      const { publisher, reader, distribution, session, peers, path, end } = await start();
      const content = await openContent(reader, await informationOf(publisher), peers);
      await distribution.fillFile(session, content, path);
      expect(await readAll(reader, content)).toEqual(CONTENT);
      await distribution.finishFile(session, content);
      expect(Uint8Array.from(await readFile(path))).toEqual(CONTENT);
      await distribution.closeContent(session, content);
      await end();
    });

    it('begins where the range begins that is described', async () => {
      const { publisher, reader, distribution, session, peers, path, end } = await start();
      const range = { offset: BLOCK + 100, length: BLOCK };
      const content = await openContent(reader, await informationOf(publisher, range), peers);
      await distribution.fillFile(session, content, path);
      await readAll(reader, content);
      await distribution.finishFile(session, content);
      expect(Uint8Array.from(await readFile(path))).toEqual(CONTENT.slice(BLOCK + 100, 2 * BLOCK + 100));
      await end();
    });

    it('has what is added, also in pieces, and what the cache had', async () => {
      const { publisher, reader, distribution, session, path, end } = await start();
      const information = await informationOf(publisher);
      const before = await openContent(reader, information, []);
      await distribution.addData(session, before, BLOCK, CONTENT.slice(BLOCK, 2 * BLOCK));
      await distribution.closeContent(session, before);

      const content = await openContent(reader, information, []);
      await distribution.fillFile(session, content, path);
      await distribution.addData(session, content, 0, CONTENT.slice(0, 1_000));
      await distribution.addData(session, content, 1_000, CONTENT.slice(1_000, BLOCK));
      await distribution.addData(session, content, 2 * BLOCK, CONTENT.slice(2 * BLOCK));
      expect(await readAll(reader, content)).toEqual(CONTENT);
      await distribution.finishFile(session, content);
      expect(Uint8Array.from(await readFile(path))).toEqual(CONTENT);
      await end();
    });

    it('has what is added of blocks that are not whole in the range', async () => {
      const { publisher, reader, distribution, session, path, end } = await start();
      const [from, to] = [BLOCK + 100, 2 * BLOCK + 100];
      const information = await informationOf(publisher, { offset: from, length: to - from });
      const content = await openContent(reader, information, []);
      await distribution.fillFile(session, content, path);
      const read = () =>
        distribution.streamRead(session, content, { maxBytes: CONTENT.length, timeoutMs: 0 });
      for (let gap = await read(); gap._tag === 'Missing'; gap = await read()) {
        const { offset, length } = gap;
        await distribution.addData(session, content, offset, CONTENT.slice(offset, offset + length));
      }
      await distribution.finishFile(session, content);
      expect(Uint8Array.from(await readFile(path))).toEqual(CONTENT.slice(from, to));
      await end();
    });

    it('is served from, whatever its name is then, and not any more where it was changed', async () => {
      const { publisher, reader, distribution, session, peers, path, end } = await start();
      const information = await informationOf(publisher);
      const content = await openContent(reader, information, peers);
      await distribution.fillFile(session, content, path);
      await readAll(reader, content);
      await distribution.finishFile(session, content);
      await distribution.closeContent(session, content);
      const changed = CONTENT.slice();
      changed.fill(0, 2 * BLOCK, 2 * BLOCK + 10);
      await writeFile(path, changed);

      const again = await openContent(reader, information, []);
      const read = (offset: number) =>
        distribution.blockRead(session, again, offset, { maxBytes: BLOCK, timeoutMs: 0 });
      const bytesAt = async (offset: number) => Uint8Array.from(dataOf(await read(offset)).bytes);
      expect(await bytesAt(BLOCK)).toEqual(CONTENT.slice(BLOCK, 2 * BLOCK));
      expect((await read(2 * BLOCK))._tag).toBe('Missing');
      await distribution.addData(session, again, 2 * BLOCK, CONTENT.slice(2 * BLOCK, 3 * BLOCK));
      expect(await bytesAt(2 * BLOCK)).toEqual(CONTENT.slice(2 * BLOCK, 3 * BLOCK));
      expect(Uint8Array.from(await readFile(path))).toEqual(changed);
      await end();
    });

    it('is not finished before the end was read, nor begun after a read', async () => {
      const { publisher, reader, distribution, session, peers, path, end } = await start();
      const content = await openContent(reader, await informationOf(publisher), peers);
      await expectFault(distribution.finishFile(session, content), 'ERROR_INVALID_PARAMETER');
      await distribution.fillFile(session, content, path);
      await expectFault(distribution.fillFile(session, content, path), 'ERROR_INVALID_PARAMETER');
      await distribution.streamRead(session, content, { maxBytes: 10 });
      await expectFault(distribution.finishFile(session, content), 'PEERDIST_ERROR_MISSING_DATA');
      const other = await openContent(reader, await informationOf(publisher), peers);
      await distribution.streamRead(session, other, { maxBytes: 10 });
      await expectFault(distribution.fillFile(session, other, path), 'ERROR_INVALID_PARAMETER');
      await end();
    });

    it('has an absolute path, is there, and belongs to a content that is described', async () => {
      const { publisher, reader, distribution, session, path, end } = await start();
      const undescribed = await distribution.openContent(session, { tag: TAG });
      await expectFault(distribution.fillFile(session, undescribed, path), 'PEERDIST_ERROR_NOT_INITIALIZED');
      const content = await openContent(reader, await informationOf(publisher), []);
      await expectFault(distribution.fillFile(session, content, 'filled'), 'ERROR_INVALID_PARAMETER');
      await expectFault(
        distribution.fillFile(session, content, here().path('nowhere')),
        'ERROR_FILE_NOT_FOUND',
      );
      await distribution.fillFile(session, content, path);
      await end();
    });
  });
