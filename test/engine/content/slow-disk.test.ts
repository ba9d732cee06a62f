import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { RetrievalClient } from '../../../src/engine/distribution/ports.js';
import { nodeDisk } from '../../../src/engine/distribution/store/disk/disk.js';
import { openContentStore } from '../../../src/engine/distribution/store/index.js';
import { LIMITS, openContent, publish } from '../driver/rig.js';
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
      fetch: ({ segment, block }) => ({
        block: (async () => {
          const found = await store.find(segment.id)?.read(block);
          if (found === undefined) throw new Error('it is published');
          delivered += found.length;
          return { peer: '127.0.0.1:9', bytes: found };
        })(),
        cancel: () => undefined,
      }),
      learn: () => undefined,
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
