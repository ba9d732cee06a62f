import { afterAll, afterEach, describe, expect, it } from 'vitest';
import {
  fileTimeFromMillis,
  type Driver,
  type GroupEventsHandle,
  type GroupHandle,
} from '../../src/driver/index.js';
import { createWindowsDriver } from '../../src/native/index.js';
import { guid } from '../conformance/groups.js';
import { leftoversOf, resetMachines } from './leftovers.js';
import { buildSimulators } from './simulators.js';

const simulators = buildSimulators();
const [machine] = simulators.machines;
afterEach(() => resetMachines(simulators));
afterAll(() => simulators.remove());

const BATCH = 32;
const LATER_US = 20_000;
const NOTE = guid('bbbbbbbb-0000-4000-8000-000000000001');

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

  it('come later and from another thread, in their order, and to nobody who has left', async () => {
    machine.p2p.setEventDelay(LATER_US);
    const driver = createWindowsDriver({ libraries: machine.libraries });
    const { grouping, identity } = driver;
    await grouping.startup();
    const group = await grouping.create({ creatorPeerName: await identity.create({}) });
    let signals = 0;
    const [stays, leaves] = [
      await grouping.registerEvents(group, [{ kind: 'IncomingData' }], () => signals++),
      await grouping.registerEvents(group, [{ kind: 'IncomingData' }], () => signals++),
    ];
    machine.p2p.burst(group, 500);
    await until(() => machine.p2p.undelivered() > 0);
    // What is under way to this one is dropped when it arrives.
    await grouping.unregisterEvents(leaves);
    await until(() => machine.p2p.undelivered() === 0 && signals > 0);
    const ids: bigint[] = [];
    while (ids.length < 500) {
      for (const event of await grouping.getEvents(stays, BATCH))
        if (event._tag === 'IncomingData') ids.push(event.connectionId);
    }
    expect(ids).toEqual(Array.from({ length: 500 }, (_, index) => BigInt(index)));
    expect(await grouping.getEvents(stays, BATCH)).toEqual([]);
    await driver.dispose();
    expect(leftoversOf(simulators)).toEqual({});
  });

  it('go on while their group is closed', async () => {
    const driver = createWindowsDriver({ libraries: machine.libraries });
    const { grouping, identity } = driver;
    await grouping.startup();
    const creatorPeerName = await identity.create({});
    for (let turn = 0; turn < 20; turn++) {
      const group = await grouping.create({ creatorPeerName });
      await counting(driver, group);
      machine.p2p.burst(group, 2_000);
      await grouping.close(group);
    }
    await driver.dispose();
    expect(leftoversOf(simulators)).toEqual({});
  });

  it('that were read before a failure are answered, and the failure by the next call if it stays', async () => {
    const driver = createWindowsDriver({ libraries: machine.libraries });
    const { grouping, identity } = driver;
    await grouping.startup();
    const group = await grouping.create({ creatorPeerName: await identity.create({}) });
    const events = await grouping.registerEvents(group, [{ kind: 'RecordChanged' }], () => undefined);
    const record = { type: NOTE, expires: fileTimeFromMillis(Date.UTC(2040, 0)), data: Uint8Array.of(1) };
    for (let turn = 0; turn < 5; turn++) await grouping.addRecord(group, record);
    machine.p2p.fail('PeerGroupGetEventData', 4, 0);
    expect(await grouping.getEvents(events, BATCH)).toHaveLength(3);
    expect(await grouping.getEvents(events, BATCH)).toHaveLength(2);
    machine.p2p.fail('PeerGroupGetEventData', 0, 0);
    await expect(grouping.getEvents(events, BATCH)).rejects.toMatchObject({ symbol: 'E_OUTOFMEMORY' });
    await driver.dispose();
    expect(leftoversOf(simulators)).toEqual({});
  });
});
