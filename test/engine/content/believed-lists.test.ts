import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { systemClock } from '../../../src/driver/index.js';
import { CrowdService } from '../../../src/engine/distribution/crowd/index.js';
import { FetchFailure, type RetrievalClient } from '../../../src/engine/distribution/ports.js';
import { openContent, publish } from '../driver/rig.js';
import { startRig } from '../driver/started-rigs.js';
import { transportOver } from '../crowd/rig.js';

const BLOCK = 65_536;
const PEER = '127.0.0.1:9';

/** A reader whose peers deliver nothing, and of which blocks it was told of them that lists are to be believed. */
const startReader = async () => {
  const publisher = await startRig({});
  const information = await publish(
    publisher.distribution,
    await publisher.distribution.startup(),
    'a',
    randomBytes(4 * BLOCK),
  );
  const believed = new Map<number, boolean | undefined>();
  const client: RetrievalClient = {
    peersPerBlock: 16,
    overtakeMs: 250,
    fetch: ({ block, believesLists }) => {
      believed.set(block, believesLists);
      return { block: Promise.reject(new FetchFailure([])), asked: () => [], cancel: () => undefined };
    },
    learn: () => undefined,
    isStruckOut: () => false,
    close: () => Promise.resolve(),
  };
  const { distribution } = await startRig({
    client,
    limits: { readAheadBlocks: 1 },
    createCrowd: (source) =>
      new CrowdService({
        source,
        clock: systemClock,
        random: randomBytes,
        transport: transportOver(new Map(), []),
      }),
  });
  const session = await distribution.startup();
  const content = await openContent(distribution, session, information, [PEER]);
  return { distribution, session, content, believed };
};

it('lists of peers are believed as soon as neighbours are asked what they fetch, and not before', async () => {
  const { distribution, session, content, believed } = await startReader();
  const readAt = (offset: number, fillsGapsAfterMs?: number) =>
    distribution.blockRead(session, content, offset, { maxBytes: BLOCK, timeoutMs: 5_000, fillsGapsAfterMs });
  expect(await readAt(0)).toMatchObject({ _tag: 'Missing' });
  expect(await readAt(BLOCK, 1)).toMatchObject({ _tag: 'Missing', isClaimed: true });
  expect(await readAt(2 * BLOCK, 1)).toMatchObject({ _tag: 'Missing', isClaimed: true });
  expect(believed).toEqual(
    new Map([
      [0, false],
      [1, false],
      [2, true],
    ]),
  );
});
