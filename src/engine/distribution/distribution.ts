import type { Clock, Disposal, DistributionDriver } from '../../driver/index.js';
import { clientFamily } from './client-family.js';
import type { ContentLimits } from './content/content-limits.js';
import type { Insight } from './insight/insight.js';
import type { HashName } from './ports.js';
import { serverFamily } from './server-family.js';
import type { DistributionService } from './service.js';
import { sessionFamily } from './session-family.js';
import type { Sessions } from './session/sessions.js';

export interface DistributionParts {
  readonly service: DistributionService;
  readonly sessions: Sessions;
  readonly clock: Clock;
  /** Told of everything by {@link Sessions}. */
  readonly insight: Insight;
  /** The hash of new publications of version 1; version 2 has one of its own. */
  readonly hash: HashName;
  readonly limits: ContentLimits;
  /** The end of the driver. */
  readonly disposal: Disposal;
  /** Writes the configuration that the service obeys. */
  writeEnabled(enabled: boolean): Promise<void>;
}

/**
 * The distribution family over the embedded service: finds what a handle stands for, checks arguments, maps faults.
 */
export const createDistribution = (parts: DistributionParts): DistributionDriver => {
  const { service, sessions, insight, hash, disposal } = parts;
  service.onStatus(async (info) => {
    await Promise.all(sessions.all().map((session) => session.statusChanged(info)));
  });
  return {
    ...sessionFamily(service, sessions, insight, disposal, (enabled) => parts.writeEnabled(enabled)),
    ...serverFamily(service, sessions, hash),
    ...clientFamily(parts),
  };
};
