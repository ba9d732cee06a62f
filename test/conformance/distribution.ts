import { describeDistributionStatus } from './distribution-status.js';
import { describeInsight } from './insight.js';
import { describeInvalidation } from './invalidation.js';
import { describePublishing } from './publishing.js';
import { describeReading } from './reading.js';
import type { Capabilities, Setup } from './setup.js';
import { describeFiles } from './files.js';
import { describeSources } from './sources.js';
import { describeSuppliers } from './suppliers.js';
import { describeVersion2 } from './version-2.js';

/** Behaviour of the distribution family. */
export const describeDistribution = (name: string, setup: Setup, capabilities: Capabilities): void => {
  describeDistributionStatus(name, setup, capabilities);
  describePublishing(name, setup);
  describeSources(name, setup, capabilities);
  describeFiles(name, setup, capabilities);
  describeReading(name, setup);
  describeSuppliers(name, setup, capabilities);
  describeVersion2(name, setup);
  describeInvalidation(name, setup);
  describeInsight(name, setup, capabilities);
};
