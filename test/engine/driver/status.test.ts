import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEngineDriver, type EngineDriver } from '../../../src/engine/index.js';
import { createRig, openContent, publish, TAG } from './rig.js';

const CONTENT = Buffer.alloc(300_000, 'peerweave');

describe('the status of the engine', () => {
  let directory: string;
  const engines: EngineDriver[] = [];

  const engine = (options: Parameters<typeof createEngineDriver>[0] = {}): EngineDriver => {
    const created = createEngineDriver({ dataDir: join(directory, 'data'), ...options });
    engines.push(created);
    return created;
  };
  const peerOf = ({ endpoint }: EngineDriver): string => `127.0.0.1:${endpoint()?.port ?? 0}`;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'peerweave-status-'));
  });
  afterEach(async () => {
    await Promise.all(engines.splice(0).map((one) => one.dispose()));
    await rm(directory, { recursive: true, force: true });
  });

  it('is what was asked for last, however long switching it takes', async () => {
    const delays = [50, 5, 20, 1];
    const rig = await createRig({
      beforeSwitch: () => new Promise((resolve) => setTimeout(resolve, delays.shift())),
    });
    const session = await rig.distribution.startup();
    await Promise.all([false, true, false, true].map((enabled) => rig.distribution.setEnabled(enabled)));
    expect(await rig.distribution.getStatus(session)).toBe('available');
    await rig.remove();
  });

  it('is available in a session, and the listener is there as long as the session', async () => {
    const { distribution, endpoint } = engine();
    expect(endpoint()).toBeUndefined();
    const session = await distribution.startup();
    expect(await distribution.getStatusInfo(session)).toMatchObject({
      status: 'available',
      minVersion: 1,
      maxVersion: 2,
    });
    const { port } = endpoint() ?? {};
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
    await distribution.shutdown(session);
    expect(endpoint()).toBeUndefined();
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
  });

  it('fires one registration for one change, and never for what changed before it', async () => {
    const { distribution } = engine();
    const session = await distribution.startup();
    const first = await distribution.registerStatusChange(session);
    await expect(distribution.registerStatusChange(session)).rejects.toMatchObject({
      symbol: 'ERROR_INVALID_PARAMETER',
    });
    await distribution.setEnabled(false);
    expect(await first.changed).toMatchObject({ status: 'disabled' });

    await distribution.setEnabled(true);
    const second = await distribution.registerStatusChange(session);
    const outcome = await Promise.race([
      second.changed.then(() => 'fired'),
      new Promise((resolve) => setTimeout(resolve, 200, 'silent')),
    ]);
    expect(outcome).toBe('silent');
    await distribution.unregisterStatusChange(session);
    await expect(second.changed).rejects.toMatchObject({ symbol: 'ERROR_OPERATION_ABORTED' });
    const third = await distribution.registerStatusChange(session);
    await distribution.shutdown(session);
    await expect(third.changed).rejects.toMatchObject({ symbol: 'ERROR_OPERATION_ABORTED' });
  });

  it('makes every handle void on a drop, before the registration fires, and wants each closed once', async () => {
    const { distribution } = engine();
    const session = await distribution.startup();
    const information = await publish(distribution, session, 'a', CONTENT);
    const stream = await distribution.publishStream(session, { contentId: Buffer.from('b') });
    const source = await distribution.openContentInformation(session, { contentId: Buffer.from('a') });
    const content = await openContent(distribution, session, information);
    const invalidated = { symbol: 'PEERDIST_ERROR_INVALIDATED' };

    const { changed } = await distribution.registerStatusChange(session);
    const atOnce = changed.then(() => distribution.streamRead(session, content, { maxBytes: 1 }));
    atOnce.catch(() => undefined);
    await distribution.setEnabled(false);
    await expect(atOnce).rejects.toMatchObject(invalidated);
    await expect(distribution.addToStream(session, stream, CONTENT)).rejects.toMatchObject(invalidated);
    await expect(distribution.retrieveContentInformation(session, source, 1)).rejects.toMatchObject(
      invalidated,
    );
    await expect(distribution.getContentBasicInfo(session, content)).rejects.toMatchObject(invalidated);

    const disabled = { symbol: 'ERROR_ACCESS_DISABLED_BY_POLICY' };
    await expect(distribution.openContent(session, { tag: TAG })).rejects.toMatchObject(disabled);
    await expect(distribution.publishStream(session, { contentId: Buffer.from('c') })).rejects.toMatchObject(
      disabled,
    );

    await distribution.setEnabled(true);
    await expect(distribution.streamRead(session, content, { maxBytes: 1 })).rejects.toMatchObject(
      invalidated,
    );
    await distribution.closeContent(session, content);
    await distribution.closeStream(session, stream);
    await distribution.closeContentInformation(session, source);
    const closed = { symbol: 'ERROR_INVALID_HANDLE' };
    await expect(distribution.closeContent(session, content)).rejects.toMatchObject(closed);
    await expect(distribution.closeStream(session, stream)).rejects.toMatchObject(closed);
    await expect(distribution.closeContentInformation(session, source)).rejects.toMatchObject(closed);

    // The publication is still there, and its id still taken.
    await distribution.openContentInformation(session, { contentId: Buffer.from('a') });
    await expect(distribution.publishStream(session, { contentId: Buffer.from('a') })).rejects.toMatchObject({
      symbol: 'PEERDIST_ERROR_ALREADY_EXISTS',
    });
  });

  it('rejects a waiting read when the service is disabled, and another engine of the same data notices', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const one = engine();
    const other = engine();
    const session = await one.distribution.startup();
    const information = await publish(one.distribution, session, 'a', CONTENT);
    const theirs = await other.distribution.startup();
    await other.distribution.flush(theirs, TAG);
    await one.distribution.unpublish(session, Buffer.from('a'));
    const content = await openContent(other.distribution, theirs, information, [
      `127.0.0.1:${(silent.address() as AddressInfo).port}`,
    ]);
    const reading = other.distribution.streamRead(theirs, content, { maxBytes: 1, timeoutMs: 60_000 });
    const { changed } = await other.distribution.registerStatusChange(theirs);
    reading.catch(() => undefined);

    await one.distribution.setEnabled(false);
    expect(await changed).toMatchObject({ status: 'disabled' });
    await expect(reading).rejects.toMatchObject({ symbol: 'PEERDIST_ERROR_INVALIDATED' });
    await closeServer(silent);
  });

  it('is unavailable while its port is taken, and recovers when it is free', async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
    const { port } = squatter.address() as AddressInfo;
    const { distribution } = engine({ listen: { host: '127.0.0.1', port } });
    const session = await distribution.startup();
    expect(await distribution.getStatusInfo(session)).toMatchObject({
      status: 'unavailable',
      reason: expect.stringContaining('EADDRINUSE'),
    });
    await expect(distribution.openContent(session, { tag: TAG })).rejects.toMatchObject({
      symbol: 'PEERDIST_ERROR_SERVICE_UNAVAILABLE',
    });
    const { changed } = await distribution.registerStatusChange(session);
    await closeServer(squatter);
    expect(await changed).toMatchObject({ status: 'available' });
  });

  it('is unavailable while its directory cannot be written, and recovers', async () => {
    const { distribution } = engine();
    const session = await distribution.startup();
    const lost = await distribution.registerStatusChange(session);
    await rename(join(directory, 'data'), join(directory, 'elsewhere'));
    await writeFile(join(directory, 'data'), 'not a directory');
    expect(await lost.changed).toMatchObject({ status: 'unavailable' });

    const found = await distribution.registerStatusChange(session);
    await rm(join(directory, 'data'));
    await rename(join(directory, 'elsewhere'), join(directory, 'data'));
    expect(await found.changed).toMatchObject({ status: 'available' });
    await publish(distribution, session, 'a', CONTENT);
  });

  it('starts also where there is no place to write at all', async () => {
    await mkdir(join(directory, 'a'));
    await writeFile(join(directory, 'a', 'file'), '');
    const { distribution, support } = engine({ dataDir: join(directory, 'a', 'file', 'below') });
    const session = await distribution.startup();
    expect(await distribution.getStatus(session)).toBe('unavailable');
    await expect(distribution.setEnabled(false)).rejects.toMatchObject({
      operation: 'distribution.setEnabled',
    });
    const { findings } = await support();
    expect(findings).toContainEqual(expect.objectContaining({ subject: 'data directory', ok: false }));
    await distribution.shutdown(session);
  });

  it('reads from a peer again after the service was off', async () => {
    const server = engine();
    const client = engine({ dataDir: join(directory, 'other') });
    const serving = await server.distribution.startup();
    const information = await publish(server.distribution, serving, 'a', CONTENT);
    const session = await client.distribution.startup();
    await client.distribution.setEnabled(false);
    await client.distribution.setEnabled(true);
    const content = await openContent(client.distribution, session, information, [peerOf(server)]);
    const read = await client.distribution.streamRead(session, content, { maxBytes: 100 });
    expect(read).toEqual({ _tag: 'Data', offset: 0, bytes: CONTENT.subarray(0, 100) });
  });

  it('finds out what it needs', async () => {
    const { support, distribution } = engine();
    expect((await support()).findings.every(({ ok }) => ok)).toBe(true);
    await distribution.setEnabled(false);
    expect((await support()).findings).toContainEqual(
      expect.objectContaining({ subject: 'distribution switch', ok: false }),
    );
  });
});

const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
