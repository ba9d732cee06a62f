import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import type { RetrievalClient } from '../../../src/engine/distribution/ports.js';
import { nodeDisk } from '../../../src/engine/distribution/store/disk/disk.js';
import { openContentStore } from '../../../src/engine/distribution/store/index.js';
import { ManualClock } from './manual-clock.js';
import { createRig, LIMITS, openContent, publish, TAG, type Rig, type RigOptions } from './rig.js';

const BLOCK = 65_536;
const PEER = '127.0.0.1:9';

/** Never answers, but gives up when told to. Counts what is under way. */
const silentClient = (): RetrievalClient & { readonly underWay: Set<unknown> } => {
  const underWay = new Set<unknown>();
  return {
    underWay,
    peersPerBlock: 16,
    overtakeMs: 250,
    fetch: ({ signal }) => {
      const key = {};
      underWay.add(key);
      let end: (reason: Error) => void = () => undefined;
      const block = new Promise<never>((_, reject) => {
        end = (reason) => {
          underWay.delete(key);
          reject(reason);
        };
      });
      // One signal for all blocks of a content.
      setMaxListeners(0, signal);
      signal.addEventListener('abort', () => end(signal.reason as Error));
      return { block, asked: () => [], cancel: end };
    },
    learn: () => undefined,
    isStruckOut: () => false,
    close: () => Promise.resolve(),
  };
};

const full = (): Promise<never> =>
  Promise.reject(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }));

describe('the engine in trouble', () => {
  const rigs: Rig[] = [];
  const rig = async (options: RigOptions = {}): Promise<Rig> => {
    const created = await createRig(options);
    rigs.push(created);
    return created;
  };
  afterEach(() => Promise.all(rigs.splice(0).map((one) => one.remove())));

  const published = async (bytes: Uint8Array) => {
    const publisher = await rig();
    const session = await publisher.distribution.startup();
    return { publisher, information: await publish(publisher.distribution, session, 'a', bytes) };
  };

  /** Content with a peer that never answers. */
  const stuck = async (options: RigOptions = {}) => {
    const { information } = await published(randomBytes(100 * BLOCK));
    const client = silentClient();
    const { distribution } = await rig({ client, ...options });
    const session = await distribution.startup();
    const handle = await openContent(distribution, session, information, [PEER]);
    return { client, distribution, session, handle };
  };

  it('answers a read after its timeout with the gap, and waits five seconds by default', async () => {
    const clock = new ManualClock();
    const { distribution, session, handle } = await stuck({ clock });
    const before = clock.pending;
    const first = distribution.streamRead(session, handle, { maxBytes: 3 * BLOCK });
    await expect.poll(() => clock.pending).toBe(before + 1);
    clock.advance(5_000);
    const gap = { _tag: 'Missing', offset: 0, length: 3 * BLOCK, cause: 'timeout', attempts: [] };
    expect(await first).toEqual(gap);
    await expect.poll(() => clock.pending).toBe(before);
    const second = distribution.blockRead(session, handle, 10, { maxBytes: 1, timeoutMs: 7 });
    await expect.poll(() => clock.pending).toBe(before + 1);
    clock.advance(7);
    expect(await second).toEqual({ ...gap, offset: 10, length: 1 });
  });

  it('fetches no further than its window, and nothing once the last read is aborted', async () => {
    const { client, distribution, session, handle } = await stuck();
    const abort = new AbortController();
    const reading = distribution.streamRead(session, handle, { maxBytes: 1 }, { signal: abort.signal });
    reading.catch(() => undefined);
    await expect.poll(() => client.underWay.size).toBe(LIMITS.readAheadBlocks);
    abort.abort();
    await expect(reading).rejects.toMatchObject({ symbol: 'ERROR_OPERATION_ABORTED' });
    await expect.poll(() => client.underWay.size).toBe(0);
    // The cursor has not moved.
    expect(await distribution.streamRead(session, handle, { maxBytes: 1, timeoutMs: 0 })).toMatchObject({
      offset: 0,
    });
  });

  it('fetches no further than its window when a reader stops reading', async () => {
    const { publisher, information } = await published(randomBytes(100 * BLOCK));
    const { distribution } = await rig();
    const session = await distribution.startup();
    let received = 0;
    distribution.observe(session, ({ _tag }) => (received += _tag === 'BlockResponseReceived' ? 1 : 0));
    const handle = await openContent(distribution, session, information, [publisher.peer()]);
    await distribution.streamRead(session, handle, { maxBytes: BLOCK });
    await expect.poll(() => received).toBe(LIMITS.readAheadBlocks + 1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(received).toBe(LIMITS.readAheadBlocks + 1);
  });

  it.each(['closeContent', 'cancelContent', 'shutdown'] as const)('ends waiting reads by %s', async (how) => {
    const { client, distribution, session, handle } = await stuck();
    const reads = [1, 2, 3].map(() => distribution.streamRead(session, handle, { maxBytes: 1 }));
    reads.push(distribution.blockRead(session, handle, 50 * BLOCK, { maxBytes: 1 }));
    for (const read of reads) read.catch(() => undefined);
    await expect.poll(() => client.underWay.size).toBeGreaterThan(0);
    if (how === 'shutdown') await distribution.shutdown(session);
    else await distribution[how](session, handle);
    for (const read of reads) {
      await expect(read).rejects.toMatchObject({ symbol: 'ERROR_OPERATION_ABORTED' });
    }
    await expect.poll(() => client.underWay.size).toBe(0);
  });

  it('satisfies a waiting read with data from the origin', async () => {
    const bytes = randomBytes(2 * BLOCK);
    const { information } = await published(bytes);
    const { distribution } = await rig({ client: silentClient() });
    const session = await distribution.startup();
    const handle = await openContent(distribution, session, information, [PEER]);
    const reading = distribution.streamRead(session, handle, { maxBytes: BLOCK, timeoutMs: 60_000 });
    await distribution.addData(session, handle, 0, bytes);
    const read = await reading;
    expect(read._tag === 'Data' && bytes.subarray(0, BLOCK).equals(read.bytes)).toBe(true);
  });

  it('does nothing for a call that is aborted beforehand', async () => {
    const { distribution, session, handle } = await stuck();
    const call = { signal: AbortSignal.abort() };
    const aborted = { symbol: 'ERROR_OPERATION_ABORTED' };
    const contentId = Buffer.from('b');
    await expect(distribution.publishStream(session, { contentId }, call)).rejects.toMatchObject(aborted);
    await expect(distribution.openContent(session, { tag: TAG }, call)).rejects.toMatchObject(aborted);
    await expect(distribution.addData(session, handle, 0, contentId, call)).rejects.toMatchObject(aborted);
    await expect(distribution.flush(session, TAG, call)).rejects.toMatchObject(aborted);
    await distribution.publishStream(session, { contentId });
  });

  it('reports a full disk while publishing, and stays available', async () => {
    const { distribution } = await rig({
      openStore: (directory) =>
        openContentStore({
          directory,
          serverSecret: Buffer.alloc(32),
          disk: { ...nodeDisk, write: full, writeNow: () => void 0 },
        }),
    });
    const session = await distribution.startup();
    const stream = await distribution.publishStream(session, { contentId: Buffer.from('a') });
    const add = async () => {
      await distribution.addToStream(session, stream, randomBytes(BLOCK));
      await distribution.completeStream(session, stream);
    };
    await expect(add()).rejects.toMatchObject({
      symbol: 'ERROR_DISK_FULL',
      cause: expect.objectContaining({ code: 'ENOSPC' }),
    });
    await distribution.closeStream(session, stream);
    expect(await distribution.getStatus(session)).toBe('available');
  });

  it('reads from peers although the disk is full', async () => {
    const bytes = randomBytes(40 * BLOCK);
    const { publisher, information } = await published(bytes);
    const { distribution } = await rig({
      openStore: (directory) =>
        openContentStore({ directory, serverSecret: Buffer.alloc(32), disk: { ...nodeDisk, write: full } }),
    });
    const session = await distribution.startup();
    const handle = await openContent(distribution, session, information, [publisher.peer()]);
    for (let offset = 0; offset < bytes.length;) {
      const read = await distribution.streamRead(session, handle, { maxBytes: BLOCK });
      if (read._tag !== 'Data') throw new Error(`${read._tag} at ${offset}`);
      expect(bytes.subarray(offset, offset + read.bytes.length).equals(read.bytes)).toBe(true);
      offset += read.bytes.length;
    }
    await expect(distribution.addData(session, handle, 0, bytes)).rejects.toMatchObject({
      symbol: 'ERROR_DISK_FULL',
    });
  });

  it('is unavailable when its listener dies, and starts another one', async () => {
    const clock = new ManualClock();
    const deaths: ((cause: Error) => void)[] = [];
    const { distribution } = await rig({
      clock,
      server: () => ({
        start: () => Promise.resolve({ host: '127.0.0.1', port: 1 }),
        close: () => Promise.resolve(),
        onDeath: (listener) => deaths.push(listener),
      }),
    });
    const session = await distribution.startup();
    const handle = await distribution.openContent(session, { tag: TAG });
    const lost = await distribution.registerStatusChange(session);
    deaths[0]?.(new Error('the interface is gone'));
    expect(await lost.changed).toMatchObject({ status: 'unavailable', reason: 'the interface is gone' });
    await expect(distribution.getContentBasicInfo(session, handle)).rejects.toMatchObject({
      symbol: 'PEERDIST_ERROR_INVALIDATED',
    });
    const found = await distribution.registerStatusChange(session);
    await expect.poll(() => clock.pending).toBe(1);
    clock.advance(250);
    expect(await found.changed).toMatchObject({ status: 'available' });
    expect(deaths).toHaveLength(2);
  });
});
