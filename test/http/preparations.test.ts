import { afterEach, expect, it, vi } from 'vitest';
import { createPeerweave } from '../../src/index.js';
import type { DistributionSession, PeerError } from '../../src/effects/index.js';
import { type ContentServer, createContentServer } from '../../src/http/index.js';
import { createFakeDriver, createVirtualClock } from '../../src/testing/index.js';
import { contentOf, PEERDIST_1_1 } from './support.js';

const clock = createVirtualClock();
const driver = createFakeDriver({ clock });
const { effects, promise } = createPeerweave({ driver, clock });

let session: DistributionSession | undefined;
const faults: PeerError[] = [];

const start = async (maxPublications?: number): Promise<ContentServer> => {
  session = await promise(effects.openSession());
  return createContentServer({ session, maxPublications, onFault: (fault) => faults.push(fault) });
};

afterEach(async () => {
  driver.script('distribution.publishStream').reset();
  await session?.close();
  faults.length = 0;
});

const resource = (seed: number) => ({ bytes: contentOf(70_000, seed) });

const encodingOf = async (content: ContentServer, seed: number): Promise<string | undefined> => {
  const { headers } = await content.answer({ method: 'GET', headers: PEERDIST_1_1 }, resource(seed));
  return headers['Content-Encoding'];
};

const publications = (): number =>
  driver.calls.filter(({ operation }) => operation === 'distribution.publishStream').length;

it('any number of requests prepare a resource once', async () => {
  const content = await start();
  const before = publications();
  await Promise.all(Array.from({ length: 20 }, () => encodingOf(content, 1)));
  await content.prepare(resource(1));
  expect(await encodingOf(content, 1)).toBe('peerdist');
  // One for each version of content information.
  expect(publications() - before).toBe(2);
});

it('two are prepared at a time, and no answer waits for them', async () => {
  const content = await start();
  const before = publications();
  driver.script('distribution.publishStream').always({ hang: true });
  for (let seed = 1; seed <= 10; seed += 1) expect(await encodingOf(content, seed)).toBeUndefined();
  expect(publications() - before).toBe(2);
  await content.close();
  expect(publications() - before).toBe(2);
});

it('beyond the limit the longest unused is withdrawn', async () => {
  const content = await start(2);
  const ready = (seed: number) => expect.poll(() => encodingOf(content, seed)).toBe('peerdist');
  await ready(1);
  await ready(2);
  await ready(1);
  await ready(3);
  expect(await encodingOf(content, 1)).toBe('peerdist');
  expect(await encodingOf(content, 2)).toBeUndefined();
});

it('the limit is one of states, however many versions there are of each', async () => {
  const content = await start(3);
  for (let seed = 1; seed <= 8; seed += 1) await content.prepare(resource(seed));
  const before = publications();
  for (const seed of [6, 7, 8]) expect(await encodingOf(content, seed)).toBe('peerdist');
  expect(publications()).toBe(before);
  expect(await encodingOf(content, 5)).toBeUndefined();
});

it('what failed is told, and tried again after a while only', async () => {
  const content = await start();
  driver.script('distribution.publishStream').fail('ERROR_DISK_FULL');
  const before = publications();
  await encodingOf(content, 1);
  await expect.poll(() => faults).toHaveLength(1);
  await encodingOf(content, 1);
  expect(publications() - before).toBe(1);
  await clock.advance(10_000);
  await encodingOf(content, 1);
  await expect.poll(() => encodingOf(content, 1)).toBe('peerdist');
});

it('prepare tells that the service is off, which leaves answers plain', async () => {
  const content = await start();
  driver.distribution.setStatus('disabled', 'by the administrator');
  await expect(content.prepare(resource(1))).rejects.toMatchObject({ _tag: 'Disabled' });
  expect(await encodingOf(content, 1)).toBeUndefined();
  driver.distribution.setStatus('available');
  await content.prepare(resource(1));
  expect(await encodingOf(content, 1)).toBe('peerdist');
});

it('a client that reads version 2 gets it, one that does not gets version 1', async () => {
  const content = await start();
  await content.prepare(resource(1));
  const asked = vi.spyOn(driver.distribution, 'openContentInformation');
  for (const [maximum, version] of [
    ['1.0', 1],
    ['2.0', 2],
  ] as const) {
    const extended = `MinContentInformation=1.0, MaxContentInformation=${maximum}`;
    const headers = { ...PEERDIST_1_1, 'x-p2p-peerdistex': extended };
    const answer = await content.answer({ method: 'GET', headers }, resource(1));
    expect(answer.headers['Content-Encoding']).toBe('peerdist');
    expect(asked.mock.lastCall?.[1]).toMatchObject({ minVersion: version, maxVersion: version });
  }
});

it('nothing is open once the server and its session are closed', async () => {
  const content = await start();
  await content.prepare(resource(1));
  await content.close();
  await session?.close();
  driver.assertClean();
});

it('closing withdraws a few at a time, however many there are', async () => {
  const content = await start();
  for (let seed = 1; seed <= 10; seed += 1) await content.prepare(resource(seed));
  const withdrawals = () => driver.calls.filter(({ operation }) => operation === 'distribution.unpublish');
  const before = withdrawals().length;
  driver.script('distribution.unpublish').always({ delayMs: 10 });
  const closing = content.close();
  await clock.advance(0);
  expect(withdrawals().length - before).toBe(8);
  await clock.advance(100);
  await closing;
  expect(withdrawals().length - before).toBe(20);
  driver.script('distribution.unpublish').reset();
});
