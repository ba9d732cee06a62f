import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import type { DistributionEvent } from '../../../src/driver/index.js';
import type { RetrievalClient } from '../../../src/engine/distribution/ports.js';
import { LIMITS, openContent, publish } from '../driver/rig.js';
import { startRig } from '../driver/started-rigs.js';
import { until } from '../retrieval/harness.js';

const BLOCK = 65_536;
const BLOCKS = 24;

const startPublisher = async (version: 1 | 2) => {
  const publisher = await startRig({});
  const session = await publisher.distribution.startup();
  const bytes = randomBytes(BLOCKS * BLOCK);
  return {
    bytes,
    peer: publisher.peer,
    information: await publish(publisher.distribution, session, 'a', bytes, { version }),
  };
};

it('goes ahead of the others, which do not wait for it', async () => {
  const { information } = await startPublisher(1);
  const asked: number[] = [];
  const client: RetrievalClient = {
    peersPerBlock: 16,
    overtakeMs: 250,
    fetch: ({ block }) => {
      asked.push(block);
      return { block: new Promise(() => undefined), asked: () => [], cancel: () => undefined };
    },
    learn: () => undefined,
    isStruckOut: () => false,
    close: () => Promise.resolve(),
  };
  const { distribution } = await startRig({ client });
  const session = await distribution.startup();
  const content = await openContent(distribution, session, information, ['127.0.0.1:9']);
  const ending = new AbortController();
  const read = distribution.streamRead(session, content, { maxBytes: BLOCK }, { signal: ending.signal });
  await Promise.resolve();
  expect(asked).toEqual([0]);
  await until(() => asked.length === LIMITS.readAheadBlocks);
  expect(asked).toEqual(Array.from({ length: LIMITS.readAheadBlocks }, (_, index) => index));
  ending.abort();
  await expect(read).rejects.toBeDefined();
});

it.each([1, 2] as const)('of version %d is asked for before any list is', async (version) => {
  const { information, bytes, peer } = await startPublisher(version);
  const { distribution } = await startRig({});
  const session = await distribution.startup();
  const events: DistributionEvent[] = [];
  distribution.observe(session, (event) => events.push(event));
  const content = await openContent(distribution, session, information, [peer()]);
  const read = await distribution.streamRead(session, content, { maxBytes: 1 });
  expect(read).toEqual({ _tag: 'Data', offset: 0, bytes: bytes.subarray(0, 1) });
  const requests = events.flatMap(({ _tag }) =>
    _tag === 'BlockRequestSent' || _tag === 'BlockListReceived' || _tag === 'SegmentListReceived'
      ? [_tag]
      : [],
  );
  expect(requests[0]).toBe('BlockRequestSent');
  // The rest is asked for as always.
  await until(() =>
    events.some(({ _tag }) => _tag === 'BlockListReceived' || _tag === 'SegmentListReceived'),
  );
});
