import type { DistributionDriver, DistributionStatus } from '../driver/index.js';
import type { ContentPeer } from './content-network.js';
import { createReading } from './contents.js';
import type { FakeContext } from './context.js';
import { LocalCache } from './local-cache.js';
import { createPublishing } from './publications.js';
import { Sessions } from './sessions.js';

/** What a test can do to the service from outside. */
export interface DistributionControls {
  /** Flips the status: registrations fire, and on leaving `available` all handles of the sessions become void. */
  setStatus(status: DistributionStatus, reason?: string): void;
  /** How long peers take to answer a read, in milliseconds of the clock; 0 by default. For the whole network. */
  setPeerLatency(ms: number): void;
}

/** The distribution family of a fake driver, with the controls of a test. */
export type FakeDistribution = DistributionDriver & DistributionControls;

export interface DistributionFamily {
  readonly driver: FakeDistribution;
  clear(): void;
}

export const createDistribution = (
  context: FakeContext,
  name: string,
  initialStatus: DistributionStatus,
): DistributionFamily => {
  const { gate, network } = context;
  const cache = new LocalCache();
  const sessions = new Sessions(context, initialStatus, () => {
    publishing.invalidate();
    reading.invalidate();
  });

  const self: ContentPeer = {
    name,
    coverages: (key) =>
      sessions.info.status === 'available' ? [...publishing.coverages(key), ...cache.coverages(key)] : [],
    served: (segment, block, bytes, peer) =>
      sessions.tell(undefined, { _tag: 'BlockResponseSent', peer, segment, block, bytes }),
    readers: (key) => reading.readers(key),
  };
  const publishing = createPublishing(context, sessions);
  const reading = createReading(context, sessions, cache, self);
  const leave = network.content.join(self);

  const driver: FakeDistribution = {
    ...publishing.members,
    ...reading.members,

    startup: () => gate.run('distribution.startup', undefined, () => sessions.open()),

    shutdown: (session) =>
      gate.run('distribution.shutdown', undefined, () => {
        sessions.close(session);
        publishing.endSession(session);
        reading.endSession(session);
      }),

    getStatus: (session) =>
      gate.run('distribution.getStatus', undefined, () => {
        sessions.check('distribution.getStatus', session);
        return sessions.info.status;
      }),

    getStatusInfo: (session) =>
      gate.run('distribution.getStatusInfo', undefined, () => {
        sessions.check('distribution.getStatusInfo', session);
        return sessions.info;
      }),

    registerStatusChange: (session) =>
      gate.run('distribution.registerStatusChange', undefined, () => sessions.arm(session)),

    unregisterStatusChange: (session) =>
      gate.run('distribution.unregisterStatusChange', undefined, () => sessions.disarm(session)),

    setEnabled: (enabled) =>
      gate.run('distribution.setEnabled', undefined, () =>
        sessions.setStatus(enabled ? 'available' : 'disabled', undefined),
      ),

    observe: (session, listener) => sessions.observe(session, listener),
    report: (session, event) => sessions.tell(session, event),

    getCounters: (session) =>
      gate.run('distribution.getCounters', undefined, () => sessions.counters(session)),

    setStatus: (status, reason) => sessions.setStatus(status, reason),
    setPeerLatency: (ms) => {
      network.content.latencyMs = ms;
    },
  };

  return {
    driver,
    clear: () => {
      leave();
      publishing.clear();
      reading.clear();
      sessions.clear();
    },
  };
};
