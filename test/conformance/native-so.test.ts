import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { createWindowsDriver } from '../../src/native/index.js';
import { leftoversOf, resetMachines } from '../native/leftovers.js';
import { AT_ONCE, buildSimulators } from '../native/simulators.js';
import { describeDisposal } from './disposal.js';
import { describeDistribution } from './distribution.js';
import { describeEnumeration } from './enumeration.js';
import { describeGrouping } from './grouping.js';
import { describeIdentity } from './identity.js';
import type { Capabilities, Setup } from './setup.js';

const [DISABLED, AVAILABLE] = [0, 2];

const simulators = buildSimulators();
afterAll(() => simulators.remove());

const capabilities: Capabilities = {
  connect: true,
  invitations: true,
  records: true,
  groupConfig: true,
  passwordGroups: true,
  setEnabled: false,
  insight: false,
  sources: false,
  suppliers: false,
  files: false,
};

const setup: Setup = async () => {
  const directory = mkdtempSync(join(tmpdir(), 'peerweave-native-'));
  const [driver, consumer] = simulators.machines.map(({ libraries }) => createWindowsDriver({ libraries }));
  if (driver === undefined || consumer === undefined) throw new Error('two machines are simulated');
  return {
    driver,
    consumer,
    peers: async () => [],
    switchService: async (which, enabled) => {
      const machine = simulators.machines[which === driver ? 0 : 1];
      machine.peerdist.setStatus(enabled ? AVAILABLE : DISABLED, AT_ONCE);
    },
    path: (name) => join(directory, name),
    cleanup: async () => {
      await driver.dispose();
      await consumer.dispose();
      rmSync(directory, { recursive: true });
      const left = leftoversOf(simulators);
      resetMachines(simulators);
      if (Object.keys(left).length > 0) throw new Error(`left open: ${JSON.stringify(left)}`);
    },
  };
};

describeIdentity('native driver on simulated DLLs', setup, { bringsKeys: false });
describeEnumeration('native driver on simulated DLLs', setup);
describeGrouping('native driver on simulated DLLs', setup, capabilities);
describeDistribution('native driver on simulated DLLs', setup, capabilities);
describeDisposal('native driver on simulated DLLs', setup);
