import { createFakeDriver, createFakeNetwork } from '../../src/testing/index.js';
import { describeDisposal } from './disposal.js';
import { describeDistribution } from './distribution.js';
import { describeEnumeration } from './enumeration.js';
import { describeGrouping } from './grouping.js';
import { describeIdentity } from './identity.js';
import type { Capabilities, Setup } from './setup.js';

const capabilities: Capabilities = {
  connect: true,
  invitations: true,
  records: true,
  groupConfig: true,
  passwordGroups: true,
  setEnabled: true,
  insight: true,
  sources: false,
  suppliers: true,
  files: false,
};

const setup: Setup = async () => {
  const network = createFakeNetwork();
  const [driver, consumer] = [createFakeDriver({ network }), createFakeDriver({ network })];
  /** Of one that a test has ended itself nothing had to be given back. */
  const live = new Set([driver, consumer]);
  for (const fake of live) fake.disposal?.whenDisposed(() => live.delete(fake));
  return {
    driver,
    consumer,
    peers: async () => [],
    switchService: ({ distribution }, enabled) => distribution.setEnabled(enabled),
    path: (name) => `/fake/${name}`,
    cleanup: async () => {
      const leftovers = [...live].flatMap((fake) => {
        const { kinds, pendingCalls } = fake.ledger();
        return [...Object.entries(kinds).filter(([, { open }]) => open > 0), ...pendingCalls];
      });
      await driver.dispose();
      await consumer.dispose();
      if (leftovers.length > 0) throw new Error(`left open: ${JSON.stringify(leftovers)}`);
    },
  };
};

describeIdentity('fake driver', setup);
describeEnumeration('fake driver', setup);
describeGrouping('fake driver', setup, capabilities);
describeDistribution('fake driver', setup, capabilities);
describeDisposal('fake driver', setup);
