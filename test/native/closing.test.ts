import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock, type Clock, type Driver, type GroupHandle } from '../../src/driver/index.js';
import { createWindowsDriver } from '../../src/native/index.js';
import { secretText } from '../conformance/secret-text.js';
import { leftoversOf, resetMachines } from './leftovers.js';
import { buildSimulators } from './simulators.js';

const simulators = buildSimulators();
const [{ libraries, p2p }] = simulators.machines;
afterEach(() => resetMachines(simulators));
afterAll(() => simulators.remove());

const SLOW_US = 150_000;
const PASSWORD = secretText('correct horse battery');

const withGroup = async (
  clock: Clock,
  test: (driver: Driver, group: GroupHandle) => Promise<void>,
): Promise<void> => {
  const driver = createWindowsDriver({ libraries, clock });
  await driver.grouping.startup();
  const creatorPeerName = await driver.identity.create({});
  await test(driver, await driver.grouping.create({ creatorPeerName }));
  await driver.dispose();
  expect(leftoversOf(simulators)).toEqual({});
};

const logOf = (...names: readonly string[]): readonly string[] =>
  p2p.log().filter((name) => names.includes(name));

describe('closing a group', () => {
  it('waits for calls that use it', () =>
    withGroup(systemClock, async ({ grouping }, group) => {
      p2p.setLatency(SLOW_US);
      const ended: string[] = [];
      const exporting = grouping.exportConfig(group, PASSWORD).then(() => ended.push('export'));
      const connecting = grouping.connect(group).then(() => ended.push('connect'));
      await vi.waitFor(() => expect(p2p.calls('PeerGroupExportConfig')).toBe(1), { interval: 1 });
      await grouping.close(group).then(() => ended.push('close'));
      await Promise.all([exporting, connecting]);
      expect(ended.at(-1)).toBe('close');
      expect(logOf('PeerGroupConnect', 'PeerGroupExportConfig', 'PeerGroupClose').at(-1)).toBe(
        'PeerGroupClose',
      );
    }));

  it('that has waited long enough lets no call pass that has not begun', async () => {
    // A close gives up waiting at once.
    const clock: Clock = {
      now: systemClock.now,
      schedule: (ms, task) => systemClock.schedule(ms === 5_000 ? 0 : ms, task),
    };
    await withGroup(clock, async ({ grouping, identity }, group) => {
      p2p.setLatency(SLOW_US);
      // Those two have all the threads that slow calls may have.
      const slow = [identity.create({}), identity.create({})];
      const connecting = grouping.connect(group);
      const refused = expect(connecting).rejects.toMatchObject({ symbol: 'PEER_E_INVALID_GROUP' });
      await grouping.close(group);
      await Promise.all(slow);
      await refused;
      expect(logOf('PeerGroupConnect', 'PeerGroupClose')).toEqual(['PeerGroupClose']);
    });
  });

  it('unregisters all of its events, also when one cannot be', () =>
    withGroup(systemClock, async ({ grouping }, group) => {
      for (const kind of ['StatusChanged', 'PropertyChanged', 'MemberChanged'] as const)
        await grouping.registerEvents(group, [{ kind }], () => undefined);
      p2p.fail('PeerGroupUnregisterEvent', 1, 0x8000_ffff);
      await expect(grouping.close(group)).rejects.toMatchObject({ symbol: 'E_UNEXPECTED' });
      expect(logOf('PeerGroupUnregisterEvent', 'PeerGroupClose')).toEqual([
        'PeerGroupUnregisterEvent',
        'PeerGroupUnregisterEvent',
        'PeerGroupUnregisterEvent',
        'PeerGroupClose',
      ]);
    }));
});
