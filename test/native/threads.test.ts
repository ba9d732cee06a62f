import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { Driver } from '../../src/driver/index.js';
import { createWindowsDriver } from '../../src/native/index.js';
import { leftoversOf, resetMachines } from './leftovers.js';
import { buildSimulators } from './simulators.js';

const simulators = buildSimulators();
const [{ libraries, p2p, peerdist }] = simulators.machines;
afterEach(() => {
  p2p.endMeeting();
  resetMachines(simulators);
});
afterAll(() => simulators.remove());

const THREADS = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4);
// Longer than a slice of the pump's wait, so that its end cannot let somebody in.
const LONG_MS = 20_000;

/** Subscribes to the events of that many groups and to the status of that many sessions. */
const arm = async ({ grouping, identity, distribution }: Driver, each: number): Promise<void> => {
  await grouping.startup();
  const creatorPeerName = await identity.create({});
  for (let index = 0; index < each; index++) {
    const group = await grouping.create({ creatorPeerName });
    await grouping.registerEvents(group, [{ kind: 'StatusChanged' }], () => undefined);
    await distribution.registerStatusChange(await distribution.startup());
  }
};

const disposeAll = async (drivers: readonly Driver[]): Promise<void> => {
  for (const driver of drivers) await driver.dispose();
  expect(leftoversOf(simulators)).toEqual({});
};

describe('the threads of libuv', () => {
  it('are free but for one while hundreds of groups and sessions are watched', async () => {
    const driver = createWindowsDriver({ libraries });
    await arm(driver, 200);
    const others = Array.from({ length: THREADS - 1 }, () => p2p.meet(THREADS - 1, LONG_MS));
    expect(await Promise.all(others)).toEqual(others.map(() => true));
    await disposeAll([driver]);
  });

  it('are free but for one while many drivers wait', async () => {
    const drivers = Array.from({ length: 40 }, () => createWindowsDriver({ libraries }));
    for (const driver of drivers) await arm(driver, 1);
    const others = Array.from({ length: THREADS - 1 }, () => p2p.meet(THREADS - 1, LONG_MS));
    expect(await Promise.all(others)).toEqual(others.map(() => true));
    await disposeAll(drivers);
  });

  it('are all free once nothing is subscribed, although everything is still open', async () => {
    const driver = createWindowsDriver({ libraries });
    const { grouping, identity, distribution } = driver;
    await grouping.startup();
    const group = await grouping.create({ creatorPeerName: await identity.create({}) });
    const events = await grouping.registerEvents(group, [{ kind: 'StatusChanged' }], () => undefined);
    const session = await distribution.startup();
    await distribution.registerStatusChange(session);
    await grouping.unregisterEvents(events);
    await distribution.unregisterStatusChange(session);
    // One operation is often followed by the next, so the driver listens for a moment more.
    await expect.poll(() => process.getActiveResourcesInfo()).not.toContain('Timeout');
    const all = Array.from({ length: THREADS }, () => p2p.meet(THREADS, LONG_MS));
    expect(await Promise.all(all)).toEqual(all.map(() => true));
    await disposeAll([driver]);
  });

  it('are left to others by slow calls, however many drivers make them', async () => {
    const drivers = Array.from({ length: 5 }, () => createWindowsDriver({ libraries }));
    for (const driver of drivers) await arm(driver, 1);
    p2p.setLatency(300_000);
    const slow = drivers.flatMap(({ identity }) => [identity.create({}), identity.create({})]);
    expect(await p2p.meet(1, LONG_MS)).toBe(true);
    // Had more than two threads been taken, that would have stood in line behind all of them.
    expect(p2p.calls('PeerIdentityCreate')).toBeLessThan(drivers.length + 5);
    p2p.setLatency(0);
    await Promise.all(slow);
    expect(peerdist.pending()).toBe(drivers.length);
    await disposeAll(drivers);
  });
});
