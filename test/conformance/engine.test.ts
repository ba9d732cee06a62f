import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEngineDriver } from '../../src/engine/index.js';
import { describeDisposal } from './disposal.js';
import { describeDistribution } from './distribution.js';
import { describeEnumeration } from './enumeration.js';
import { describeGrouping } from './grouping.js';
import { describeIdentity } from './identity.js';
import type { Capabilities, Setup } from './setup.js';

const capabilities: Capabilities = {
  connect: false,
  invitations: true,
  records: false,
  groupConfig: true,
  passwordGroups: true,
  setEnabled: true,
  insight: true,
  sources: true,
  suppliers: true,
  files: true,
};

const setup: Setup = async () => {
  const directory = await mkdtemp(join(tmpdir(), 'peerweave-conformance-'));
  const [driver, consumer] = [
    createEngineDriver({ dataDir: join(directory, 'publisher') }),
    createEngineDriver({ dataDir: join(directory, 'consumer') }),
  ];
  return {
    driver,
    consumer,
    peers: async () => {
      const endpoint = driver.endpoint();
      if (endpoint === undefined) throw new Error('the publisher does not listen');
      return [`${endpoint.host}:${endpoint.port}`];
    },
    switchService: ({ distribution }, enabled) => distribution.setEnabled(enabled),
    path: (name) => join(directory, name),
    cleanup: async () => {
      await driver.dispose();
      await consumer.dispose();
      // The work behind an aborted call may still be putting its last file away.
      await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    },
  };
};

describeIdentity('engine', setup);
describeEnumeration('engine', setup);
describeGrouping('engine', setup, capabilities);
describeDistribution('engine', setup, capabilities);
describeDisposal('engine', setup);
