import type {
  Cancel,
  DistributionCounters,
  DistributionEvent,
  DistributionStatus,
  DistributionStatusInfo,
  ReportedEvent,
  SessionHandle,
} from '../driver/index.js';
import { publishDistribution } from './diagnostics.js';
import { attempt, type EffectOptions, fromDriver, type PeerEffect } from './effect.js';
import { coreOf, Handle } from './handle.js';
import { HandleCore } from './handle-core.js';
import { onHandle } from './on-handle.js';
import { StatusMonitor } from './status-monitor.js';

const KIND = 'session';
const MONITOR = Symbol.for('peerweave/status-monitor');

/** A distribution session: everything published or read through it ends with it. */
export class DistributionSession extends Handle<SessionHandle> {
  /** @internal */
  declare readonly [MONITOR]: StatusMonitor;

  /** @internal */
  constructor(core: HandleCore<SessionHandle>, monitor: StatusMonitor) {
    super(core);
    Object.defineProperty(this, MONITOR, { value: monitor });
  }
}

export const sessionCore = (session: DistributionSession, operation: string): HandleCore<SessionHandle> =>
  coreOf(session, KIND, operation);

/** The one status monitor of a session, shared by its subscribers and its open handles. */
export const monitorOf = (session: DistributionSession): StatusMonitor => session[MONITOR];

/**
 * Opens a session with the distribution service.
 *
 * Use it for a program without streams, with `await using`; streams have `openSession` of `peerweave/streams`. Closing
 * it cancels what is pending, closes everything opened through it and removes what it published. The service need not
 * be available: see `getDistributionStatus`.
 *
 * Source: PeerDistStartup, PeerDistShutdown.
 *
 * @example
 * ```ts
 * import { createEnv, getDistributionStatus, openSession, orThrow } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const env = createEnv({ driver: createFakeDriver() });
 * await using session = orThrow(await openSession()(env)());
 * console.log(orThrow(await getDistributionStatus(session)(env)()));
 * ```
 */
export const openSession =
  (options: EffectOptions = {}): PeerEffect<DistributionSession> =>
  (env) =>
    attempt('openSession', async () => {
      const owned: { monitor?: StatusMonitor; stopPublishing?: Cancel } = {};
      const core = await HandleCore.open<SessionHandle>({
        kind: KIND,
        operation: 'openSession',
        env,
        signal: options.signal,
        open: () => env.driver.distribution.startup(),
        settle: async () => owned.monitor?.idle,
        close: async (raw) => {
          try {
            await env.driver.distribution.shutdown(raw);
          } finally {
            owned.stopPublishing?.();
          }
        },
      });
      owned.monitor = new StatusMonitor(core);
      owned.stopPublishing = env.driver.distribution.observe(
        core.assertOpen('openSession'),
        publishDistribution,
      );
      return new DistributionSession(core, owned.monitor);
    });

/**
 * The status of the service now. To follow it use `distributionStatus`. See {@link openSession} for an example.
 *
 * Errors: `HandleClosed`. Source: PeerDistGetStatus.
 */
export const getDistributionStatus = (session: DistributionSession): PeerEffect<DistributionStatus> =>
  onHandle(session, KIND, 'getDistributionStatus', (raw, _signal, core) =>
    core.env.driver.distribution.getStatus(raw),
  );

/**
 * The status with the versions of content information on offer, and the reason where it is not available and the driver
 * knows.
 *
 * Errors: `HandleClosed`. Source: PeerDistGetStatusEx.
 *
 * @example
 * ```ts
 * import { createEnv, getDistributionStatusInfo, withSession } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const env = createEnv({ driver: createFakeDriver() });
 * console.log(await withSession((session) => getDistributionStatusInfo(session))(env)());
 * ```
 */
export const getDistributionStatusInfo = (session: DistributionSession): PeerEffect<DistributionStatusInfo> =>
  onHandle(session, KIND, 'getDistributionStatusInfo', (raw, _signal, core) =>
    core.env.driver.distribution.getStatusInfo(raw),
  );

/**
 * Sums over the events of the service since the session began: bytes by source, requests, refusals, peers. What
 * concerns all sessions, such as serving, is in the sums of each.
 *
 * Use it for a display or a report; `hitRatio` is the one number that most people ask for. The sums are a snapshot.
 * Errors: `Unsupported` on Windows, which has performance counters of the machine instead, `HandleClosed`.
 *
 * @example
 * ```ts
 * import { lastValueFrom } from 'rxjs';
 * import { createPeerweave, publish, retrieve } from 'peerweave';
 * import { hitRatio } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const { effects, promise } = createPeerweave({ driver: createFakeDriver() });
 * await using session = await promise(effects.openSession());
 * const published = await lastValueFrom(publish(Buffer.from('hello'), { session }));
 * if (published._tag === 'Published') await lastValueFrom(retrieve(published.contentInformation, { session }));
 * const counters = await promise(effects.getDistributionCounters(session));
 * console.log(counters.bytesFromPeers, hitRatio(counters)); // 5 1
 * ```
 */
export const getDistributionCounters = (session: DistributionSession): PeerEffect<DistributionCounters> =>
  onHandle(session, KIND, 'getDistributionCounters', (raw, _signal, core) =>
    core.env.driver.distribution.getCounters(raw),
  );

/**
 * Turns the service on or off for everybody who uses the same data, running processes included.
 *
 * Off, it voids their publications, content information and contents. Windows leaves that to its administrator and
 * answers `Unsupported`. Errors: `AccessDenied`, `System` for the data directory. Source: Enable-BCDistributed,
 * Disable-BC.
 *
 * @example
 * ```ts
 * import { createPeerweave } from 'peerweave';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const { effects, promise } = createPeerweave({ driver: createFakeDriver() });
 * await using session = await promise(effects.openSession());
 * await promise(effects.setDistributionEnabled(false));
 * console.log(await promise(effects.getDistributionStatus(session))); // disabled
 * ```
 */
export const setDistributionEnabled = (enabled: boolean): PeerEffect<void> =>
  fromDriver('setDistributionEnabled', ({ driver }) => driver.distribution.setEnabled(enabled));

/**
 * Calls `listener` with every event of the service while it works for this session, until cancelled or closed. What it still
 * does while the session closes, such as offering to a hosted cache, is among them.
 *
 * As a stream it is `distributionEvents`. A driver that cannot tell (Windows) never calls.
 * @throws PeerError HandleClosed at once if the session is closed.
 *
 * @example
 * ```ts
 * import { createPeerweave } from 'peerweave';
 * import { observeDistribution } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const { effects, promise } = createPeerweave({ driver: createFakeDriver() });
 * await using session = await promise(effects.openSession());
 * const stop = observeDistribution(session, ({ _tag }) => console.log(_tag)); // SegmentPublished
 * await using stream = await promise(effects.openPublication(session, { contentId: 'greeting' }));
 * await promise(effects.addToPublication(stream, Buffer.from('hello')));
 * await promise(effects.completePublication(stream));
 * stop();
 * ```
 */
export const observeDistribution = (
  session: DistributionSession,
  listener: (event: DistributionEvent) => void,
): Cancel => {
  const core = sessionCore(session, 'observeDistribution');
  return core.env.driver.distribution.observe(core.assertOpen('observeDistribution'), listener);
};

/**
 * Adds an event of a layer above the service, such as HTTP, to those of the service: streams, counters and what is kept
 * on disk take it like their own.
 *
 * Use it in a server or client of your own, so that what it does can be seen in the same places. It does nothing on
 * Windows, or once the session is closed.
 *
 * @example
 * ```ts
 * import { createPeerweave } from 'peerweave';
 * import { observeDistribution, reportDistribution } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const { effects, promise } = createPeerweave({ driver: createFakeDriver() });
 * await using session = await promise(effects.openSession());
 * observeDistribution(session, ({ _tag }) => console.log(_tag)); // OriginUsed
 * const reason = { _tag: 'BelowSizeLimit', bytes: 120, limit: 65_536 } as const;
 * reportDistribution(session, { _tag: 'OriginUsed', name: 'http://example.com/small', bytes: 120, reason });
 * console.log((await promise(effects.getDistributionCounters(session))).bytesFromOrigin); // 120
 * ```
 */
export const reportDistribution = (session: DistributionSession, event: ReportedEvent): void => {
  const core = sessionCore(session, 'reportDistribution');
  if (core.state === 'open')
    core.env.driver.distribution.report(core.assertOpen('reportDistribution'), event);
};
