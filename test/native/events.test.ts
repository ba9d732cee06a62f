import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { Driver, GroupEventsHandle, GroupHandle } from '../../src/driver/index.js';
import { createWindowsDriver } from '../../src/native/index.js';
import { leftoversOf, resetMachines } from './leftovers.js';
import { buildSimulators } from './simulators.js';

const simulators = buildSimulators();
const [machine] = simulators.machines;
afterEach(() => resetMachines(simulators));
afterAll(() => simulators.remove());

const BATCH = 32;

/** Counts the IncomingData of a group, draining whenever the driver signals. */
const counting = async ({ grouping }: Driver, group: GroupHandle): Promise<() => number> => {
  let count = 0;
  let draining: Promise<void> | undefined;
  const drain = async (events: GroupEventsHandle): Promise<void> => {
    for (;;) {
      const batch = await grouping.getEvents(events, BATCH);
      count += batch.length;
      if (batch.length === 0) return;
    }
  };
  const events: GroupEventsHandle = await grouping.registerEvents(group, [{ kind: 'IncomingData' }], () => {
    draining = (draining ?? Promise.resolve()).then(() => drain(events));
  });
  return () => count;
};

const until = async (done: () => boolean): Promise<void> => {
  for (const end = Date.now() + 20_000; !done(); await new Promise((resolve) => setTimeout(resolve, 5))) {
    if (Date.now() > end) throw new Error('it did not happen');
  }
};

describe('events of groups', () => {
  it('come in bursts from other threads to 200 registrations, none lost', async () => {
    const driver = createWindowsDriver({ libraries: machine.libraries });
    await driver.grouping.startup();
    const creatorPeerName = await driver.identity.create({});
    const groups = await Promise.all(
      Array.from({ length: 200 }, () => driver.grouping.create({ creatorPeerName })),
    );
    const counts = await Promise.all(groups.map((group) => counting(driver, group)));
    const busy = groups.slice(0, 5);
    for (const group of busy) machine.p2p.burst(group, 2_000);
    await until(() => counts.slice(0, busy.length).every((count) => count() === 2_000));
    expect(counts.slice(busy.length).every((count) => count() === 0)).toBe(true);
    await driver.dispose();
    expect(leftoversOf(simulators)).toEqual({});
  });
});
