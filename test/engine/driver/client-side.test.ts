import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type {
  ContentHandle,
  DistributionDriver,
  ReadResult,
  SessionHandle,
} from '../../../src/driver/index.js';
import { createRig, openContent, publish, TAG, type Rig } from './rig.js';

const BLOCK = 65_536;
/** Comparing large buffers is left to themselves: the test runner takes seconds for it. */
const RIGHT = { isRight: true, missing: 0 };

/** Reads at the cursor to the end, fetching what is missing from `origin`. */
const drain = async (
  distribution: DistributionDriver,
  session: SessionHandle,
  content: ContentHandle,
  origin: Buffer,
  maxBytes = 100_000,
): Promise<{ isRight: boolean; bytes: Buffer; missing: number }> => {
  const bytes = Buffer.alloc(origin.length);
  let missing = 0;
  for (;;) {
    const read = await distribution.streamRead(session, content, { maxBytes });
    if (read._tag === 'End') return { isRight: bytes.equals(origin), bytes, missing };
    if (read._tag === 'Data') bytes.set(read.bytes, read.offset);
    if (read._tag === 'Missing') {
      const piece = origin.subarray(read.offset, read.offset + read.length);
      await distribution.addData(session, content, read.offset, piece);
      bytes.set(piece, read.offset);
      missing += read.length;
    }
  }
};

describe('the client side of the engine', () => {
  const content = randomBytes(10 * BLOCK + 1_234);
  let publisher: Rig;
  let reader: Rig;
  let distribution: DistributionDriver;
  let session: SessionHandle;
  let information: Buffer;
  let publishing: SessionHandle;

  beforeEach(async () => {
    publisher = await createRig();
    reader = await createRig();
    distribution = reader.distribution;
    publishing = await publisher.distribution.startup();
    session = await distribution.startup();
    information = await publish(publisher.distribution, publishing, 'a', content);
  });
  afterEach(async () => {
    await publisher.remove();
    await reader.remove();
  });

  const readAt = (handle: ContentHandle, offset: number, maxBytes: number, timeoutMs?: number) =>
    distribution.blockRead(session, handle, offset, { maxBytes, timeoutMs });

  it('reads the whole content from a peer, and afterwards from its cache', async () => {
    const first = await openContent(distribution, session, information, [publisher.peer()]);
    expect(await drain(distribution, session, first, content)).toMatchObject(RIGHT);

    // Blocks are handed out before they are on disk; closing waits for that.
    await distribution.closeContent(session, first);
    await publisher.remove();
    const second = await openContent(distribution, session, information);
    expect(await drain(distribution, session, second, content)).toMatchObject(RIGHT);
  });

  it('reads from the middle of a block over its end', async () => {
    const handle = await openContent(distribution, session, information, [publisher.peer()]);
    await drain(distribution, session, handle, content);
    const read = await readAt(handle, BLOCK - 10, 100);
    expect(read).toEqual({
      _tag: 'Data',
      offset: BLOCK - 10,
      bytes: content.subarray(BLOCK - 10, BLOCK + 90),
    });
  });

  it('reads a range only', async () => {
    const range = await publish(publisher.distribution, publishing, 'b', content, {
      offset: 100_000,
      length: 200_000,
    });
    const handle = await openContent(distribution, session, range, [publisher.peer()]);
    const { bytes, missing } = await drain(distribution, session, handle, content);
    expect(missing).toBe(0);
    expect(bytes.subarray(100_000, 300_000).equals(content.subarray(100_000, 300_000))).toBe(true);
    expect(bytes.subarray(300_000).every((byte) => byte === 0)).toBe(true);
    expect(await readAt(handle, 99_999, 10)).toEqual({ _tag: 'End' });
    expect(await readAt(handle, 300_000, 10)).toEqual({ _tag: 'End' });
  });

  it('says what the cache holds without moving the cursor', async () => {
    const handle = await openContent(distribution, session, information);
    await distribution.addData(session, handle, 0, content.subarray(0, 3 * BLOCK));
    const query = () => distribution.streamRead(session, handle, { maxBytes: 0 });
    expect(await query()).toEqual({ _tag: 'Available', offset: 0, length: 3 * BLOCK });
    expect(await query()).toEqual({ _tag: 'Available', offset: 0, length: 3 * BLOCK });
    expect(await readAt(handle, BLOCK + 1, 0)).toEqual({
      _tag: 'Available',
      offset: BLOCK + 1,
      length: 2 * BLOCK - 1,
    });
    expect(await readAt(handle, 5 * BLOCK, 0)).toEqual({ _tag: 'Available', offset: 5 * BLOCK, length: 0 });
  });

  it('skips a gap, the last one up to the end of the content', async () => {
    const handle = await openContent(distribution, session, information);
    await distribution.addData(session, handle, 2 * BLOCK, content.subarray(2 * BLOCK, 3 * BLOCK));
    const next = () => distribution.streamRead(session, handle, { maxBytes: 10 * BLOCK, timeoutMs: 0 });
    expect(await next()).toEqual({ _tag: 'Missing', offset: 0, length: 2 * BLOCK, cause: 'missing' });
    expect(await next()).toMatchObject({ _tag: 'Data', offset: 2 * BLOCK });
    expect(await next()).toEqual({
      _tag: 'Missing',
      offset: 3 * BLOCK,
      length: content.length - 3 * BLOCK,
      cause: 'missing',
    });
    expect(await next()).toEqual({ _tag: 'End' });
  });

  it('takes the origin for what no peer has', async () => {
    const handle = await openContent(distribution, session, information, [publisher.peer()]);
    await publisher.distribution.unpublish(publishing, Buffer.from('a'));
    const drained = await drain(distribution, session, handle, content);
    expect(drained).toMatchObject({ isRight: true, missing: content.length });
  });

  it('answers several reads in the order they were made', async () => {
    const handle = await openContent(distribution, session, information, [publisher.peer()]);
    const reads = await Promise.all(
      Array.from({ length: 11 }, () => distribution.streamRead(session, handle, { maxBytes: BLOCK })),
    );
    const data = reads.filter((read): read is ReadResult & { _tag: 'Data' } => read._tag === 'Data');
    expect(Buffer.concat(data.map(({ bytes }) => bytes)).equals(content)).toBe(true);
  });

  it('keeps pieces until their block is whole, in whatever order and way they overlap', async () => {
    const handle = await openContent(distribution, session, information);
    const add = (from: number, to: number) =>
      distribution.addData(session, handle, from, content.subarray(from, to));
    await add(40_000, 70_000);
    await add(10, 50_000);
    expect(await readAt(handle, 0, 0)).toMatchObject({ length: 0 });
    await add(0, 10);
    expect(await readAt(handle, 0, 0)).toMatchObject({ length: BLOCK });
    await add(70_000, content.length);
    expect(await readAt(handle, 0, 0)).toMatchObject({ length: content.length });
  });

  it('keeps nothing of data in which one block is wrong', async () => {
    const handle = await openContent(distribution, session, information);
    const wrong = Buffer.from(content.subarray(0, 3 * BLOCK));
    wrong[2 * BLOCK] = (wrong[2 * BLOCK] ?? 0) ^ 1;
    await expect(distribution.addData(session, handle, 0, wrong)).rejects.toMatchObject({
      symbol: 'ERROR_INVALID_DATA',
    });
    expect(await readAt(handle, 0, 0)).toMatchObject({ length: 0 });
    await distribution.addData(session, handle, 0, content);
    expect(await readAt(handle, 0, 0)).toMatchObject({ length: content.length });
  });

  it('bounds pieces and what is added before the content information', async () => {
    const handle = await openContent(distribution, session, information);
    for (const block of [0, 2, 4, 6]) {
      await distribution.addData(
        session,
        handle,
        block * BLOCK,
        content.subarray(block * BLOCK, block * BLOCK + 1),
      );
    }
    await expect(
      distribution.addData(session, handle, 8 * BLOCK, content.subarray(8 * BLOCK, 8 * BLOCK + 1)),
    ).rejects.toMatchObject({ symbol: 'ERROR_NOT_ENOUGH_MEMORY' });

    const early = await distribution.openContent(session, { tag: TAG });
    await expect(distribution.addData(session, early, 0, Buffer.alloc(1_100_000))).rejects.toMatchObject({
      symbol: 'ERROR_NOT_ENOUGH_MEMORY',
    });
    await distribution.addData(session, early, 0, content.subarray(0, BLOCK));
    await distribution.addData(session, early, 2 * BLOCK, Buffer.alloc(BLOCK));
    await distribution.addContentInformation(session, early, information);
    await distribution.completeContentInformation(session, early);
    expect(await readAt(early, 0, 0)).toMatchObject({ length: BLOCK });
    expect(await readAt(early, 2 * BLOCK, 0)).toMatchObject({ length: 0 });
  });

  it('refuses data past the end', async () => {
    const handle = await openContent(distribution, session, information);
    await expect(
      distribution.addData(session, handle, content.length, Buffer.alloc(1)),
    ).rejects.toMatchObject({ symbol: 'PEERDIST_ERROR_OUT_OF_BOUNDS' });
  });

  it('reads nothing before the content information is complete, and takes none after that', async () => {
    const handle = await distribution.openContent(session, { tag: TAG });
    const read = () => distribution.streamRead(session, handle, { maxBytes: 1 });
    await expect(read()).rejects.toMatchObject({ symbol: 'PEERDIST_ERROR_NOT_INITIALIZED' });
    for (const byte of information) {
      await distribution.addContentInformation(session, handle, Uint8Array.of(byte));
    }
    await distribution.completeContentInformation(session, handle);
    expect(await distribution.streamRead(session, handle, { maxBytes: 1, timeoutMs: 0 })).toMatchObject({
      _tag: 'Missing',
    });
    await expect(distribution.addContentInformation(session, handle, information)).rejects.toMatchObject({
      symbol: 'PEERDIST_ERROR_ALREADY_COMPLETED',
    });
    await expect(distribution.completeContentInformation(session, handle)).rejects.toMatchObject({
      symbol: 'PEERDIST_ERROR_ALREADY_COMPLETED',
    });
  });

  it.each([
    { what: 'nothing', bytes: () => Buffer.alloc(0), symbol: 'PEERDIST_ERROR_CANNOT_PARSE_CONTENTINFO' },
    {
      what: 'a cut one',
      bytes: () => information.subarray(0, -1),
      symbol: 'PEERDIST_ERROR_CANNOT_PARSE_CONTENTINFO',
    },
    {
      what: 'version 3',
      bytes: () => Buffer.from([0, 3, 4, 0]),
      symbol: 'PEERDIST_ERROR_CONTENTINFO_VERSION_UNSUPPORTED',
    },
  ])('refuses content information that is $what', async ({ bytes, symbol }) => {
    const handle = await distribution.openContent(session, { tag: TAG });
    const give = async () => {
      await distribution.addContentInformation(session, handle, bytes());
      await distribution.completeContentInformation(session, handle);
    };
    await expect(give()).rejects.toMatchObject({ symbol });
  });

  it('collects no more content information than there can be', async () => {
    const handle = await distribution.openContent(session, { tag: TAG });
    await distribution.addContentInformation(session, handle, information);
    await expect(
      distribution.addContentInformation(session, handle, Buffer.alloc(20_000)),
    ).rejects.toMatchObject({ symbol: 'PEERDIST_ERROR_CANNOT_PARSE_CONTENTINFO' });
    await distribution.completeContentInformation(session, handle);
  });

  it.each(['peer', 'peer:0', 'peer:65536', '::1:80', '[::g]:80', 'http://peer:80', 'a b:80', ':80'])(
    'does not take %o for a peer',
    async (peer) => {
      await expect(distribution.openContent(session, { tag: TAG, peers: [peer] })).rejects.toMatchObject({
        symbol: 'ERROR_INVALID_PARAMETER',
      });
    },
  );

  it('takes names, IPv4 and bracketed IPv6 addresses, and tags of 16 bytes', async () => {
    await distribution.openContent(session, {
      tag: TAG,
      peers: ['Host.local:80', '127.0.0.1:1', '[::1]:65535'],
    });
    await expect(distribution.openContent(session, { tag: Buffer.alloc(15) })).rejects.toMatchObject({
      symbol: 'ERROR_INVALID_PARAMETER',
    });
  });

  it('forgets what it cached for a flushed tag, also for content that is open', async () => {
    const handle = await openContent(distribution, session, information);
    await distribution.addData(session, handle, 0, content);
    await distribution.flush(session, TAG);
    expect(await readAt(handle, 0, 0)).toMatchObject({ length: 0 });
    await distribution.addData(session, handle, 0, content);
    expect(await readAt(handle, 0, 0)).toMatchObject({ length: content.length });
  });

  it('tells what happens', async () => {
    const events: string[] = [];
    const stop = distribution.observe(session, ({ _tag }) => events.push(_tag));
    const handle = await openContent(distribution, session, information, [publisher.peer()]);
    await drain(distribution, session, handle, content);
    await distribution.closeContent(session, handle);
    const again = await openContent(distribution, session, information);
    await drain(distribution, session, again, content);
    stop();
    expect(events.filter((tag) => tag === 'BlockRequestSent')).toHaveLength(11);
    expect(events.filter((tag) => tag === 'BlockResponseReceived')).toHaveLength(11);
    expect(events).toContain('CacheHit');
  });
});
