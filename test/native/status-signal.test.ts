import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { createWindowsDriver, type StatusSignal } from '../../src/native/index.js';
import { leftoversOf, resetMachines } from './leftovers.js';
import { buildSimulators } from './simulators.js';

const simulators = buildSimulators();
const [machine] = simulators.machines;
afterEach(() => resetMachines(simulators));
afterAll(() => simulators.remove());

const [DISABLED, UNAVAILABLE, AVAILABLE] = [0, 1, 2];
const NAMES = ['disabled', 'unavailable', 'available'];
const SOON_US = 2_000;

// With a port the simulated service posts a packet and signals hEvent as well, as the page of the function says.
describe.each<StatusSignal>(['event', 'completion-port'])('the status by %s', (statusSignal) => {
  it('is told once for each change', async () => {
    const driver = createWindowsDriver({ libraries: machine.libraries, statusSignal });
    const session = await driver.distribution.startup();
    const told: string[] = [];
    const changes = [UNAVAILABLE, AVAILABLE, DISABLED, AVAILABLE, DISABLED, UNAVAILABLE, AVAILABLE];
    for (const status of changes) {
      const { changed } = await driver.distribution.registerStatusChange(session);
      machine.peerdist.setStatus(status, SOON_US);
      told.push((await changed).status);
    }
    expect(told).toEqual(changes.map((status) => NAMES[status]));
    await driver.dispose();
    expect(leftoversOf(simulators)).toEqual({});
  });

  it('ends with the session, also while nothing changes', async () => {
    const driver = createWindowsDriver({ libraries: machine.libraries, statusSignal });
    const session = await driver.distribution.startup();
    const { changed } = await driver.distribution.registerStatusChange(session);
    await driver.distribution.shutdown(session);
    await expect(changed).rejects.toMatchObject({ symbol: 'ERROR_OPERATION_ABORTED' });
    await driver.dispose();
    expect(leftoversOf(simulators)).toEqual({});
  });

  it('reaches 200 sessions at once', async () => {
    const driver = createWindowsDriver({ libraries: machine.libraries, statusSignal });
    const sessions = await Promise.all(Array.from({ length: 200 }, () => driver.distribution.startup()));
    const registrations = await Promise.all(
      sessions.map((session) => driver.distribution.registerStatusChange(session)),
    );
    machine.peerdist.setStatus(DISABLED, SOON_US);
    const statuses = await Promise.all(registrations.map(async ({ changed }) => (await changed).status));
    expect(new Set(statuses)).toEqual(new Set(['disabled']));
    await driver.dispose();
    expect(leftoversOf(simulators)).toEqual({});
  });
});
