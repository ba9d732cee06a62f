import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DistributionDriver, SessionHandle } from '../../../src/driver/index.js';
import { parseContentInformation } from '../../../src/engine/distribution/wire/index.js';
import { contentInformation, createRig, publish, type Rig } from './rig.js';

const id = (name: string): Buffer => Buffer.from(name);
const bytesOf = (length: number): Buffer =>
  Buffer.from(Uint8Array.from({ length }, (_, index) => index % 251));

describe('the server side of the engine', () => {
  let rig: Rig;
  let distribution: DistributionDriver;
  let session: SessionHandle;

  beforeEach(async () => {
    rig = await createRig();
    distribution = rig.distribution;
    session = await distribution.startup();
  });
  afterEach(() => rig.remove());

  it('hands out content information whose block hashes are those of the content', async () => {
    const content = bytesOf(200_000);
    const information = parseContentInformation(await publish(distribution, session, 'a', content));

    expect(information.range).toEqual({ start: 0, length: 200_000 });
    const expected = [0, 65_536, 131_072, 196_608].map((start) =>
      createHash('sha256')
        .update(content.subarray(start, start + 65_536))
        .digest('hex'),
    );
    const found = information.segments[0]?.info.blockHashes.map((hash) => Buffer.from(hash).toString('hex'));
    expect(found).toEqual(expected);
  });

  it('hands out the content information of a range', async () => {
    await publish(distribution, session, 'a', bytesOf(200_000));
    const bytes = await contentInformation(distribution, session, 'a', { offset: 70_000, length: 1_000 });
    expect(parseContentInformation(bytes).range).toEqual({ start: 70_000, length: 1_000 });
  });

  it.each([
    { offset: 200_000 },
    { offset: 0, length: 200_001 },
    { offset: 199_999, length: 2 },
    { offset: 0, length: 0 },
    { offset: -1 },
    { offset: 0.5 },
  ])('refuses the range %o of 200 000 bytes', async (range) => {
    await publish(distribution, session, 'a', bytesOf(200_000));
    await expect(
      distribution.openContentInformation(session, { contentId: id('a'), ...range }),
    ).rejects.toMatchObject({ symbol: 'ERROR_INVALID_PARAMETER' });
  });

  it('does not know an unpublished id, nor one that is still being published', async () => {
    await publish(distribution, session, 'a', bytesOf(10));
    await distribution.unpublish(session, id('a'));
    const open = (name: string) => distribution.openContentInformation(session, { contentId: id(name) });
    await expect(open('a')).rejects.toMatchObject({ symbol: 'ERROR_NOT_FOUND' });
    await expect(distribution.unpublish(session, id('a'))).rejects.toMatchObject({
      symbol: 'ERROR_NOT_FOUND',
    });

    const stream = await distribution.publishStream(session, { contentId: id('b') });
    await distribution.addToStream(session, stream, bytesOf(10));
    await expect(open('b')).rejects.toMatchObject({ symbol: 'ERROR_NOT_FOUND' });
  });

  it('refuses an id that is published or being published, and frees it when the stream is cancelled', async () => {
    const contentId = id('a');
    const stream = await distribution.publishStream(session, { contentId });
    await expect(distribution.publishStream(session, { contentId })).rejects.toMatchObject({
      symbol: 'PEERDIST_ERROR_ALREADY_EXISTS',
    });
    await distribution.closeStream(session, stream);
    await publish(distribution, session, 'a', bytesOf(10));
    await expect(distribution.publishStream(session, { contentId })).rejects.toMatchObject({
      symbol: 'PEERDIST_ERROR_ALREADY_EXISTS',
    });
  });

  it('gives content information in the version of the publication only', async () => {
    await publish(distribution, session, 'a', bytesOf(10));
    await expect(
      distribution.openContentInformation(session, { contentId: id('a'), minVersion: 2, maxVersion: 2 }),
    ).rejects.toMatchObject({ symbol: 'PEERDIST_ERROR_VERSION_UNSUPPORTED' });
    await expect(
      distribution.openContentInformation(session, { contentId: id('a'), minVersion: 2, maxVersion: 1 }),
    ).rejects.toMatchObject({ symbol: 'ERROR_INVALID_PARAMETER' });
  });

  it.each([
    { contentId: Buffer.alloc(0) },
    { contentId: id('a'), length: 0 },
    { contentId: id('a'), length: -1 },
  ])('refuses the publication %o', async (options) => {
    await expect(distribution.publishStream(session, options)).rejects.toMatchObject({
      symbol: 'ERROR_INVALID_PARAMETER',
    });
  });

  it('holds a publication to its declared length', async () => {
    const stream = await distribution.publishStream(session, { contentId: id('a'), length: 10 });
    await distribution.addToStream(session, stream, bytesOf(6));
    await expect(distribution.addToStream(session, stream, bytesOf(5))).rejects.toMatchObject({
      symbol: 'ERROR_INVALID_PARAMETER',
    });
    await expect(distribution.completeStream(session, stream)).rejects.toMatchObject({
      symbol: 'ERROR_INVALID_PARAMETER',
    });
    await distribution.addToStream(session, stream, bytesOf(4));
    await distribution.completeStream(session, stream);
    const information = await contentInformation(distribution, session, 'a');
    expect(parseContentInformation(information).range.length).toBe(10);
  });

  it('cannot publish empty content', async () => {
    const stream = await distribution.publishStream(session, { contentId: id('a') });
    await distribution.addToStream(session, stream, Buffer.alloc(0));
    await expect(distribution.completeStream(session, stream)).rejects.toMatchObject({
      symbol: 'ERROR_INVALID_PARAMETER',
      reason: expect.stringContaining('empty'),
    });
  });

  it('takes one call at a time on a stream, and none after completion', async () => {
    const stream = await distribution.publishStream(session, { contentId: id('a') });
    const first = distribution.addToStream(session, stream, bytesOf(1_000_000));
    await expect(distribution.addToStream(session, stream, bytesOf(1))).rejects.toMatchObject({
      symbol: 'ERROR_INVALID_PARAMETER',
    });
    await expect(distribution.completeStream(session, stream)).rejects.toMatchObject({
      symbol: 'ERROR_INVALID_PARAMETER',
    });
    await first;
    await distribution.completeStream(session, stream);
    await expect(distribution.addToStream(session, stream, bytesOf(1))).rejects.toMatchObject({
      symbol: 'PEERDIST_ERROR_ALREADY_COMPLETED',
    });
    await expect(distribution.completeStream(session, stream)).rejects.toMatchObject({
      symbol: 'PEERDIST_ERROR_ALREADY_COMPLETED',
    });
  });

  it('leaves nothing of a publication whose add was aborted', async () => {
    const stream = await distribution.publishStream(session, { contentId: id('a') });
    const abort = new AbortController();
    const adding = distribution.addToStream(session, stream, bytesOf(40_000_000), { signal: abort.signal });
    abort.abort();
    await expect(adding).rejects.toMatchObject({ symbol: 'ERROR_OPERATION_ABORTED' });
    await distribution.closeStream(session, stream);
    await publish(distribution, session, 'a', bytesOf(10));
  });

  it('withdraws a publication whose completion was given up', async () => {
    const stream = await distribution.publishStream(session, { contentId: id('a') });
    await distribution.addToStream(session, stream, bytesOf(1_000));
    const abort = new AbortController();
    const completing = distribution.completeStream(session, stream, { signal: abort.signal });
    abort.abort();
    await expect(completing).rejects.toMatchObject({ symbol: 'ERROR_OPERATION_ABORTED' });
    await distribution.closeStream(session, stream);
    await expect(distribution.openContentInformation(session, { contentId: id('a') })).rejects.toMatchObject({
      symbol: 'ERROR_NOT_FOUND',
    });
  });

  it('removes the publications of a session that is shut down, and only those', async () => {
    const other = await distribution.startup();
    await publish(distribution, session, 'mine', bytesOf(10));
    await publish(distribution, other, 'theirs', bytesOf(20));
    await distribution.shutdown(session);
    await expect(distribution.openContentInformation(other, { contentId: id('mine') })).rejects.toMatchObject(
      {
        symbol: 'ERROR_NOT_FOUND',
      },
    );
    await distribution.openContentInformation(other, { contentId: id('theirs') });
  });

  it('removes them also when the service is disabled', async () => {
    await publish(distribution, session, 'mine', bytesOf(10));
    await rig.setEnabled(false);
    await distribution.shutdown(session);
    await rig.setEnabled(true);
    const later = await distribution.startup();
    await expect(distribution.openContentInformation(later, { contentId: id('mine') })).rejects.toMatchObject(
      {
        symbol: 'ERROR_NOT_FOUND',
      },
    );
  });

  it('answers ERROR_INVALID_HANDLE to a handle that is closed, of another kind or of another session', async () => {
    const other = await distribution.startup();
    const stream = await distribution.publishStream(session, { contentId: id('a') });
    const invalid = { symbol: 'ERROR_INVALID_HANDLE' };
    await expect(distribution.addToStream(other, stream, bytesOf(1))).rejects.toMatchObject(invalid);
    await expect(distribution.closeStream(other, stream)).rejects.toMatchObject(invalid);
    await expect(distribution.retrieveContentInformation(session, stream as never, 1)).rejects.toMatchObject(
      invalid,
    );
    await distribution.closeStream(session, stream);
    await expect(distribution.closeStream(session, stream)).rejects.toMatchObject(invalid);
    await distribution.shutdown(other);
    await expect(distribution.getStatus(other)).rejects.toMatchObject(invalid);
    await expect(distribution.shutdown(other)).rejects.toMatchObject(invalid);
  });
});
