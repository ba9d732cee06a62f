import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { ReadResult } from '../../../src/driver/index.js';
import type { RetrievalClient } from '../../../src/engine/distribution/ports.js';
import { nodeDisk } from '../../../src/engine/distribution/store/disk/disk.js';
import { openContentStore } from '../../../src/engine/distribution/store/index.js';
import { LIMITS, openContent, publish, TAG } from '../driver/rig.js';
import { describeSmall, SMALL, SMALL_SEGMENTS } from '../driver/small-segments.js';
import { startRig } from '../driver/started-rigs.js';
import { until } from '../retrieval/harness.js';

const BLOCK = 65_536;
const BLOCKS = 200;
const PIECE = 4 * BLOCK;

it.each([1, 2] as const)(
  'a disk that is slower than the peers is waited for, also longer than peers are, version %d',
  async (version) => {
    const publisher = await startRig({});
    const publishing = await publisher.distribution.startup();
    const bytes = randomBytes(BLOCKS * BLOCK);
    const information = await publish(publisher.distribution, publishing, 'a', bytes, { version });
    const { store } = publisher.service.require('test');

    let delivered = 0;
    /** A peer that has everything at once. */
    const client: RetrievalClient = {
      peersPerBlock: 16,
      overtakeMs: 250,
      fetch: ({ segment, block }) => ({
        block: (async () => {
          const found = await store.find(segment.id)?.read(block);
          if (found === undefined) throw new Error('it is published');
          delivered += found.length;
          return { peer: '127.0.0.1:9', bytes: found };
        })(),
        asked: () => [],
        cancel: () => undefined,
      }),
      learn: () => undefined,
      isStruckOut: () => false,
      close: () => Promise.resolve(),
    };

    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const { distribution } = await startRig({
      client,
      openStore: (directory) =>
        openContentStore({
          directory,
          serverSecret: Buffer.from('a secret'),
          disk: { ...nodeDisk, write: (...all) => gate.then(() => nodeDisk.write(...all)) },
        }),
    });
    const session = await distribution.startup();
    const content = await openContent(distribution, session, information, ['127.0.0.1:9']);
    const read: Buffer[] = [];
    const reading = (async () => {
      for (;;) {
        const piece = await distribution.streamRead(session, content, { maxBytes: PIECE, timeoutMs: 50 });
        if (piece._tag === 'End') return;
        if (piece._tag !== 'Data') throw new Error(piece._tag);
        read.push(Buffer.from(piece.bytes));
      }
    })();

    await until(() => delivered >= LIMITS.readAheadBlocks * BLOCK);
    await sleep(300);
    // What is fetched ahead, what is being written, and what waits for company to be.
    expect(delivered).toBeLessThanOrEqual((2 * LIMITS.readAheadBlocks + 16) * 2 * BLOCK);
    expect(delivered).toBeLessThan(bytes.length / 2);
    open();
    await reading;
    expect(Buffer.concat(read).equals(bytes)).toBe(true);
  },
);

it('what cannot be known of a block any more is an error for its reader, and for nobody else', async () => {
  const first = Buffer.alloc(SMALL, 'first');
  const information = describeSmall((index) => (index === 0 ? first : Buffer.from(String(index))));
  let isBroken = false;
  const broken = Object.assign(new Error('a bad disk'), { code: 'EIO' });
  const { distribution } = await startRig({
    openStore: (directory) =>
      openContentStore({
        directory,
        serverSecret: Buffer.from('a secret'),
        disk: {
          ...nodeDisk,
          readNow: (fd, target, position) => {
            if (isBroken && target.length > 4_096) throw broken;
            return nodeDisk.readNow(fd, target, position);
          },
        },
      }),
  });
  const session = await distribution.startup();
  const content = await distribution.openContent(session, { tag: TAG, peers: ['127.0.0.1:9'] });
  await distribution.addContentInformation(session, content, information);
  await distribution.completeContentInformation(session, content);
  await distribution.addData(session, content, 0, first);
  const readAt = (segment: number): Promise<ReadResult> =>
    distribution.blockRead(session, content, SMALL * segment, { maxBytes: 10 });
  // Where a page of 64 KiB of what describes them ends; what is fetched ahead is described on the next one.
  const last = Math.floor((8 * 65_536 - 36) / 68) - 1;
  expect(await readAt(last - LIMITS.readAheadBlocks - 2)).toMatchObject({ _tag: 'Missing' });
  isBroken = true;
  await expect(readAt(SMALL_SEGMENTS / 4)).rejects.toMatchObject({ cause: { code: 'EIO' } });
  expect(await readAt(last - 2)).toMatchObject({ _tag: 'Missing' });
  isBroken = false;
  const read = await distribution.blockRead(session, content, 0, { maxBytes: 10 });
  expect(read._tag === 'Data' && first.subarray(0, 10).equals(read.bytes)).toBe(true);
  isBroken = true;
  await distribution.closeContent(session, content);
  await distribution.shutdown(session);
});
