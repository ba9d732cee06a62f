import { expect, it } from 'vitest';
import { expectBytes } from './bytes.js';
import {
  BLOCK,
  bytesOf,
  CONTENT,
  CONTENT_ID,
  dataOf,
  informationOf,
  openContent,
  publish,
  readAll,
  startBoth,
  TAG,
} from './contents.js';
import { expectFault, faultFrom } from './faults.js';
import type { Setup } from './setup.js';
import { describeWithDriver } from './world.js';

const block = (index: number): Uint8Array => CONTENT.slice(index * BLOCK, (index + 1) * BLOCK);

/** Reading content from peers, from the cache and from the origin. */
export const describeReading = (name: string, setup: Setup): void =>
  describeWithDriver(`${name}: reading`, setup, (here) => {
    it('streams what another driver has published', async () => {
      const { publisher, reader, end } = await startBoth(here());
      await publish(publisher);
      const content = await openContent(reader, await informationOf(publisher), await here().peers());
      expectBytes(await readAll(reader, content), CONTENT);
      expect(await reader.distribution.streamRead(reader.session, content, { maxBytes: 1 })).toEqual({
        _tag: 'End',
      });
      await reader.distribution.closeContent(reader.session, content);
      await end();
    });

    it('answers no more than was asked for', async () => {
      const { publisher, reader, end } = await startBoth(here());
      const { distribution, session } = reader;
      await publish(publisher);
      const content = await openContent(reader, await informationOf(publisher), await here().peers());
      const first = dataOf(await distribution.streamRead(session, content, { maxBytes: 10 }));
      expect(first.offset).toBe(0);
      expect(first.bytes.length).toBeLessThanOrEqual(10);
      const second = dataOf(await distribution.streamRead(session, content, { maxBytes: 10 }));
      expect(second.offset).toBe(first.bytes.length);
      const rest = await readAll(reader, content, 7_777);
      expectBytes(Buffer.concat([first.bytes, second.bytes, rest]), CONTENT);
      await distribution.closeContent(session, content);
      await end();
    });

    it('answers several reads at once in their order', async () => {
      const { publisher, reader, end } = await startBoth(here());
      const { distribution, session } = reader;
      await publish(publisher);
      const content = await openContent(reader, await informationOf(publisher), await here().peers());
      const reads = Array.from({ length: 5 }, () =>
        distribution.streamRead(session, content, { maxBytes: 9_999 }),
      );
      let expected = 0;
      for (const read of reads) {
        const { offset, bytes } = dataOf(await read);
        expect(offset).toBe(expected);
        expectBytes(bytes, CONTENT.slice(offset, offset + bytes.length));
        expected += bytes.length;
      }
      await distribution.closeContent(session, content);
      await end();
    });

    it('reads at any place without moving the stream', async () => {
      const { publisher, reader, end } = await startBoth(here());
      const { distribution, session } = reader;
      await publish(publisher);
      const content = await openContent(reader, await informationOf(publisher), await here().peers());
      for (const at of [BLOCK * 2 + 5, 0, CONTENT.length - 3, BLOCK - 1]) {
        const { offset, bytes } = dataOf(
          await distribution.blockRead(session, content, at, { maxBytes: 1_000 }),
        );
        expect(offset).toBe(at);
        expect(bytes.length).toBeGreaterThan(0);
        expectBytes(bytes, CONTENT.slice(at, at + bytes.length));
      }
      for (const at of [CONTENT.length, CONTENT.length + BLOCK])
        expect(await distribution.blockRead(session, content, at, { maxBytes: 1 })).toEqual({ _tag: 'End' });
      expectBytes(await readAll(reader, content), CONTENT);
      await distribution.closeContent(session, content);
      await end();
    });

    it('keeps to the range of the content information', async () => {
      const { publisher, reader, end } = await startBoth(here());
      const { distribution, session } = reader;
      await publish(publisher);
      const range = { offset: BLOCK + 100, length: BLOCK + 50 };
      const information = await informationOf(publisher, range);
      const content = await openContent(reader, information, await here().peers());
      const first = dataOf(await distribution.streamRead(session, content, { maxBytes: 10 }));
      expect(first.offset).toBe(range.offset);
      const bytes = Buffer.concat([first.bytes, await readAll(reader, content)]);
      expectBytes(bytes, CONTENT.slice(range.offset, range.offset + range.length));
      for (const outside of [range.offset + range.length, CONTENT.length - 1])
        expect(await distribution.blockRead(session, content, outside, { maxBytes: 10 })).toEqual({
          _tag: 'End',
        });
      await distribution.closeContent(session, content);
      await end();
    });

    it('tells what is missing, takes it from the origin and goes on', async () => {
      const { publisher, reader, end } = await startBoth(here());
      const { distribution, session } = reader;
      await publish(publisher);
      const information = await informationOf(publisher);
      const content = await openContent(reader, information, []);
      await distribution.addData(session, content, BLOCK, block(1));
      const local = { maxBytes: CONTENT.length, timeoutMs: 0 };

      const gap = await distribution.streamRead(session, content, local);
      expect(gap).toMatchObject({ _tag: 'Missing', offset: 0, length: BLOCK });
      const held = dataOf(await distribution.streamRead(session, content, local));
      expect(held.offset).toBe(BLOCK);
      expectBytes(held.bytes, block(1).slice(0, held.bytes.length));
      await distribution.addData(session, content, 0, block(0));
      await distribution.addData(session, content, 2 * BLOCK, CONTENT.slice(2 * BLOCK));
      await distribution.closeContent(session, content);

      const again = await openContent(reader, information, []);
      expectBytes(await readAll(reader, again), CONTENT);
      await distribution.closeContent(session, again);
      await end();
    });

    it('looks no further than the local cache with a timeout of 0', async () => {
      const { publisher, reader, end } = await startBoth(here());
      const { distribution, session } = reader;
      await publish(publisher);
      const content = await openContent(reader, await informationOf(publisher), await here().peers());
      const local = { maxBytes: 10, timeoutMs: 0 };
      expect(await distribution.blockRead(session, content, 0, local)).toMatchObject({
        _tag: 'Missing',
        offset: 0,
      });
      dataOf(await distribution.blockRead(session, content, 0, { maxBytes: BLOCK }));
      const { bytes } = dataOf(await distribution.blockRead(session, content, 0, local));
      expectBytes(bytes, CONTENT.slice(0, 10));
      await distribution.closeContent(session, content);
      await end();
    });

    it('finds nothing where nobody has it', async () => {
      const { publisher, reader, end } = await startBoth(here());
      const { distribution, session } = reader;
      await publish(publisher);
      const content = await openContent(reader, await informationOf(publisher), await here().peers());
      await publisher.distribution.unpublish(publisher.session, CONTENT_ID);
      expect(
        await distribution.blockRead(session, content, 0, { maxBytes: 10, timeoutMs: 1_000 }),
      ).toMatchObject({ _tag: 'Missing', offset: 0 });
      await distribution.closeContent(session, content);
      await end();
    });

    it('counts what is held for a read of 0 bytes', async () => {
      const { publisher, reader, end } = await startBoth(here());
      const { distribution, session } = reader;
      await publish(publisher);
      const content = await openContent(reader, await informationOf(publisher), await here().peers());
      const held = (offset: number) => distribution.blockRead(session, content, offset, { maxBytes: 0 });
      expect(await held(0)).toEqual({ _tag: 'Available', offset: 0, length: 0 });
      await distribution.addData(session, content, BLOCK, CONTENT.slice(BLOCK, 3 * BLOCK));
      expect(await held(0)).toEqual({ _tag: 'Available', offset: 0, length: 0 });
      expect(await held(BLOCK)).toEqual({ _tag: 'Available', offset: BLOCK, length: 2 * BLOCK });
      expect(await held(BLOCK + 10)).toEqual({
        _tag: 'Available',
        offset: BLOCK + 10,
        length: 2 * BLOCK - 10,
      });
      await distribution.closeContent(session, content);
      await end();
    });

    it('never hands out bytes that are not of the content', async () => {
      const { publisher, reader, end } = await startBoth(here());
      const { distribution, session } = reader;
      await publish(publisher);
      const content = await openContent(reader, await informationOf(publisher), []);
      await faultFrom(distribution.addData(session, content, 0, bytesOf('forged', BLOCK)));
      expect(
        await distribution.blockRead(session, content, 0, { maxBytes: BLOCK, timeoutMs: 0 }),
      ).toMatchObject({ _tag: 'Missing', offset: 0 });
      await distribution.closeContent(session, content);
      await end();
    });

    it('takes no data behind the end', async () => {
      const { publisher, reader, end } = await startBoth(here());
      const { distribution, session } = reader;
      await publish(publisher);
      const content = await openContent(reader, await informationOf(publisher), []);
      await expectFault(
        distribution.addData(session, content, CONTENT.length - 1, new Uint8Array(2)),
        'PEERDIST_ERROR_OUT_OF_BOUNDS',
      );
      await distribution.closeContent(session, content);
      await end();
    });

    it('forgets by tag', async () => {
      const { publisher, reader, end } = await startBoth(here());
      const { distribution, session } = reader;
      await publish(publisher);
      const content = await openContent(reader, await informationOf(publisher), []);
      await distribution.addData(session, content, 0, CONTENT);
      const look = () => distribution.blockRead(session, content, 0, { maxBytes: 10, timeoutMs: 0 });
      await distribution.flush(session, bytesOf('another tag', 16));
      dataOf(await look());
      await distribution.flush(session, TAG);
      expect(await look()).toMatchObject({ _tag: 'Missing', offset: 0 });
      await distribution.closeContent(session, content);
      await end();
    });

    it('wants the content information whole and in order before reading', async () => {
      const { publisher, reader, end } = await startBoth(here());
      const { distribution, session } = reader;
      await publish(publisher);
      const information = await informationOf(publisher);
      const content = await distribution.openContent(session, { tag: TAG });
      await faultFrom(distribution.streamRead(session, content, { maxBytes: 1 }));
      await faultFrom(distribution.blockRead(session, content, 0, { maxBytes: 1 }));
      await distribution.addContentInformation(session, content, information);
      await faultFrom(distribution.streamRead(session, content, { maxBytes: 1 }));
      await distribution.completeContentInformation(session, content);
      await faultFrom(distribution.addContentInformation(session, content, information));
      await distribution.closeContent(session, content);
      await end();
    });

    it.each([
      ['takes a copy of content information', false],
      ['may keep content information that does not change any more', true],
    ])('%s', async (_, isConstant) => {
      const { publisher, reader, end } = await startBoth(here());
      const { distribution, session } = reader;
      await publish(publisher);
      const information = await informationOf(publisher);
      const content = await distribution.openContent(session, { tag: TAG, peers: await here().peers() });
      await distribution.addContentInformation(session, content, information, { isConstant });
      if (!isConstant) information.fill(0);
      await distribution.completeContentInformation(session, content);
      expectBytes(await readAll(reader, content), CONTENT);
      await distribution.closeContent(session, content);
      await end();
    });

    it.each([
      ['is cut short', (bytes: Uint8Array) => bytes.slice(0, -1)],
      ['is too long', (bytes: Uint8Array) => Uint8Array.from([...bytes, 0])],
      ['is empty', () => new Uint8Array()],
      ['is something else', () => new TextEncoder().encode('<html>not found</html>')],
    ])('refuses content information that %s', async (_what, spoil) => {
      const { publisher, reader, end } = await startBoth(here());
      const { distribution, session } = reader;
      await publish(publisher);
      const information = spoil(await informationOf(publisher));
      const content = await distribution.openContent(session, { tag: TAG });
      const feed = async (): Promise<void> => {
        await distribution.addContentInformation(session, content, information);
        await distribution.completeContentInformation(session, content);
      };
      await expectFault(
        feed(),
        'PEERDIST_ERROR_CANNOT_PARSE_CONTENTINFO',
        'PEERDIST_ERROR_CONTENTINFO_VERSION_UNSUPPORTED',
        'ERROR_INVALID_PARAMETER',
      );
      await distribution.closeContent(session, content);
      await end();
    });

    it.each([
      ['fewer bytes than none', { maxBytes: -1 }],
      ['half a byte', { maxBytes: 0.5 }],
      ['a negative time', { maxBytes: 1, timeoutMs: -1 }],
    ])('does not read %s', async (_what, request) => {
      const { publisher, reader, end } = await startBoth(here());
      const { distribution, session } = reader;
      await publish(publisher);
      const content = await openContent(reader, await informationOf(publisher), await here().peers());
      await expectFault(distribution.streamRead(session, content, request), 'ERROR_INVALID_PARAMETER');
      await expectFault(distribution.blockRead(session, content, 0, request), 'ERROR_INVALID_PARAMETER');
      expectBytes(await readAll(reader, content), CONTENT);
      await distribution.closeContent(session, content);
      await end();
    });

    it.each([0, 15, 17])('opens nothing under a tag of %d bytes', async (length) => {
      const { distribution } = here().consumer;
      const session = await distribution.startup();
      const tag = new Uint8Array(length);
      await expectFault(distribution.openContent(session, { tag }), 'ERROR_INVALID_PARAMETER');
      await expectFault(distribution.flush(session, tag), 'ERROR_INVALID_PARAMETER');
      await distribution.shutdown(session);
    });

    it('keeps what it has when its handle is closed and when the publication goes', async () => {
      const { publisher, reader, end } = await startBoth(here());
      const { distribution, session } = reader;
      await publish(publisher);
      const information = await informationOf(publisher);
      const content = await openContent(reader, information, await here().peers());
      await readAll(reader, content);
      await distribution.closeContent(session, content);
      await publisher.distribution.unpublish(publisher.session, CONTENT_ID);
      const again = await openContent(reader, information, []);
      expectBytes(await readAll(reader, again), CONTENT);
      await distribution.closeContent(session, again);
      await end();
    });

    it('answers ERROR_INVALID_HANDLE for a content that was closed', async () => {
      const { publisher, reader, end } = await startBoth(here());
      const { distribution, session } = reader;
      await publish(publisher);
      const content = await openContent(reader, await informationOf(publisher), []);
      await distribution.closeContent(session, content);
      for (const call of [
        () => distribution.addContentInformation(session, content, Uint8Array.of(1)),
        () => distribution.completeContentInformation(session, content),
        () => distribution.streamRead(session, content, { maxBytes: 1 }),
        () => distribution.blockRead(session, content, 0, { maxBytes: 1 }),
        () => distribution.addData(session, content, 0, Uint8Array.of(1)),
        () => distribution.cancelContent(session, content),
        () => distribution.getContentBasicInfo(session, content),
        () => distribution.closeContent(session, content),
      ])
        await expectFault(call(), 'ERROR_INVALID_HANDLE');
      await end();
    });

    it('cancels with nothing pending and reads on', async () => {
      const { publisher, reader, end } = await startBoth(here());
      const { distribution, session } = reader;
      await publish(publisher);
      const content = await openContent(reader, await informationOf(publisher), await here().peers());
      await distribution.cancelContent(session, content);
      expectBytes(await readAll(reader, content), CONTENT);
      expect(typeof (await distribution.getContentBasicInfo(session, content)).flashCrowd).toBe('boolean');
      await distribution.closeContent(session, content);
      await end();
    });
  });
