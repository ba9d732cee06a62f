import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { parseContentInformation } from '../../../src/engine/index.js';
import { encodeResponse, encryptedLength } from '../../../src/engine/distribution/wire/index.js';
import type { SegmentInfo } from '../../../src/engine/distribution/ports.js';
import { fakePeer, http } from '../retrieval/harness.js';
import { batch, eventsOf, post, startCache, untilHeld, V2_PATH } from './harness.js';
import { publish, retrieve, startMachine } from './machine.js';

/** Peers are not asked before the cache has answered, however slow the machine is. */
const PATIENT = { client: { overtakeMs: 30_000, requestTimeoutMs: 30_000 } };

/** Offers segments by their true ids, with bytes of its own. */
const startLiar = (segments: readonly SegmentInfo[]) =>
  fakePeer((socket, { _tag, segmentId, ranges: [range = { index: 0, count: 1 }] }) => {
    const length = segments.find(({ id }) => Buffer.compare(id, segmentId) === 0)?.length ?? 0;
    const isWhole = segments[0]?.hash === 'truncated-sha512';
    const bytes = isWhole ? length : Math.min(65_536, length - range.index * 65_536);
    const cipher = 'aes-128-cbc';
    const about = { cipher, segmentId, nextBlockIndex: 0 } as const;
    const data = [randomBytes(encryptedLength(cipher, bytes))];
    const block = { _tag: 'Block', ...about, blockIndex: range.index, data, iv: randomBytes(16) } as const;
    const list = { _tag: 'BlockList', ...about, ranges: [range] } as const;
    socket.write(http(encodeResponse(_tag === 'GetBlockList' ? list : block)));
  });

it.each([
  [1, 'wrong bytes'],
  [1, 'a wrong length'],
  [2, 'wrong bytes'],
  [2, 'a wrong length'],
] as const)(
  'a false offer of version %i with %s costs readers little, and is set right by the next who has the content',
  async (version, lie) => {
    const { cache, peer } = await startCache();
    const publisher = await startMachine();
    const peers = [`127.0.0.1:${publisher.engine.endpoint()?.port}`];
    const [content, other] = [randomBytes(600_000), randomBytes(600_000)];
    const information = await publish(publisher, content, version);
    const ofOther = await publish(publisher, other, version);

    const segments = parseContentInformation(information).segments.map(({ info }) => info);
    const shortest = version === 1 ? 3 * 65_536 : 1_000;
    const told = segments.map((info) =>
      lie === 'wrong bytes' ? info : { ...info, id: info.id, hash: info.hash, length: shortest },
    );
    const liar = await startLiar(told);
    await post(peer, V2_PATH, batch(Number(liar.peer.split(':')[1]), told));
    await untilHeld(cache, segments.length);

    const honest = await startMachine({
      hostedCache: { address: peer, turn: 'before-peers' },
      limits: PATIENT,
    });
    expect((await retrieve(honest, information, peers)).equals(content)).toBe(true);
    expect(eventsOf(honest.events, 'PeerStruckOut')).toEqual([]);
    expect((await retrieve(honest, ofOther, peers)).equals(other)).toBe(true);
    await honest.engine.distribution.shutdown(honest.session);
    await publisher.engine.dispose();

    const reader = await startMachine({ hostedCache: { address: peer }, listen: false });
    expect((await retrieve(reader, information, [])).equals(content)).toBe(true);
    expect((await retrieve(reader, ofOther, [])).equals(other)).toBe(true);
    expect(eventsOf(reader.events, 'PeerStruckOut')).toEqual([]);
  },
);

it('whoever lies after the truth does not take it away, nor the cache from those who read something else', async () => {
  const { cache, peer } = await startCache();
  const publisher = await startMachine();
  const peers = [`127.0.0.1:${publisher.engine.endpoint()?.port}`];
  const content = randomBytes(600_000);
  const information = await publish(publisher, content, 2);
  const honest = await startMachine({ hostedCache: { address: peer } });
  await retrieve(honest, information, peers);
  await honest.engine.distribution.shutdown(honest.session);
  await publisher.engine.dispose();
  const before = cache.contents().bytes;

  // It has read all of it before, and claims to know better.
  const liar = await startMachine({ hostedCache: { address: peer }, listen: false });
  await retrieve(liar, information, []);
  const segments = parseContentInformation(information).segments.map(({ info }) => info);
  const lying = await startLiar(segments);
  for (let round = 0; round < 3; round += 1) {
    await post(peer, V2_PATH, batch(Number(lying.peer.split(':')[1]), segments));
  }
  await expect.poll(() => cache.contents().bytes, { timeout: 20_000 }).toBeGreaterThan(1.5 * before);

  const reader = await startMachine({ hostedCache: { address: peer }, listen: false });
  expect((await retrieve(reader, information, [])).equals(content)).toBe(true);
  expect(eventsOf(reader.events, 'BlockRejected').length).toBeLessThanOrEqual(segments.length);
  expect(eventsOf(reader.events, 'PeerStruckOut')).toEqual([]);
});

it('a cache that has nothing but lies is not asked for every block of a content', async () => {
  const publisher = await startMachine();
  const content = randomBytes(160 * 65_536);
  const information = await publish(publisher, content, 1);
  const liar = await startLiar(parseContentInformation(information).segments.map(({ info }) => info));
  const hostedCache = { address: liar.peer, turn: 'before-peers' } as const;
  // Who serves nobody offers nothing, which the liar would not understand.
  const reader = await startMachine({ hostedCache, listen: false, limits: PATIENT });
  const peers = [`127.0.0.1:${publisher.engine.endpoint()?.port}`];
  expect((await retrieve(reader, information, peers)).equals(content)).toBe(true);
  expect(eventsOf(reader.events, 'PeerStruckOut')).toHaveLength(1);
  expect(eventsOf(reader.events, 'BlockRejected').length).toBeLessThanOrEqual(48);
});
