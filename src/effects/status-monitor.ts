import type { Cancel, DistributionStatus, DistributionStatusInfo, SessionHandle } from '../driver/index.js';
import { toPeerError } from './effect.js';
import type { PeerError } from './error/index.js';
import type { HandleCore } from './handle-core.js';

/** What `distributionStatus` emits. A fault is a value: following the status goes on by itself. */
export type StatusEvent =
  | {
      readonly _tag: 'Status';
      readonly status: DistributionStatus;
      /** Versions of content information on offer: 1 is Windows 7, 2 is Windows 8. */
      readonly minVersion: number;
      readonly maxVersion: number;
      /** Why it is not available, where the driver knows. */
      readonly reason?: string | undefined;
      /** Kinds of the handles that this change closed, in the order they were closed, before this emission. */
      readonly invalidated: readonly string[];
    }
  | {
      readonly _tag: 'Fault';
      readonly error: PeerError;
      /** Milliseconds until the monitor tries again. */
      readonly retryInMs: number;
    };

/** Who wants to hear of the status of a session. */
export interface StatusListener {
  /** The last known status at once, then every event. */
  readonly next: (event: StatusEvent) => void;
  /** The session is over. */
  readonly complete: () => void;
}

/** What a drop to disabled or unavailable voids (the session itself stays valid). */
const VOIDED_KINDS: ReadonlySet<string> = new Set(['publication stream', 'content information', 'content']);

const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 30_000;

const isSame = (one: DistributionStatusInfo, other: DistributionStatusInfo): boolean =>
  one.status === other.status && one.minVersion === other.minVersion && one.maxVersion === other.maxVersion;

/** One stretch of following the status, from the first interested party to the last. */
class Run {
  #isStopped = false;
  #onStop: Cancel = () => undefined;
  last: Extract<StatusEvent, { _tag: 'Status' }> | undefined;
  /** Whether a fault was told after {@link last}: then the same status is news again. */
  faulty = false;

  isStopped(): boolean {
    return this.#isStopped;
  }

  stop(): void {
    this.#isStopped = true;
    this.#onStop();
  }

  /** `undefined` if the run is stopped first. It waits for one thing at a time. */
  until<A>(promise: Promise<A>): Promise<A | undefined> {
    return new Promise((resolve, reject) => {
      this.#onStop = () => resolve(undefined);
      promise.then(resolve, reject);
      if (this.#isStopped) this.#onStop();
    });
  }
}

/**
 * Follows the status of one session with at most one registration, whoever is interested and however many.
 *
 * A registration is single-shot, and a change between two of them is told by neither. So the monitor registers, reads,
 * and tells what it read if it is news; when the registration fires it tells that, registers again and reads again.
 * When the service goes away it closes every publication stream, content information and content of the session before
 * it tells anybody. It runs while somebody listens or an open handle retains it.
 */
export class StatusMonitor {
  readonly #session: HandleCore<SessionHandle>;
  readonly #listeners = new Set<StatusListener>();
  #retained = 0;
  #run: Run | undefined;
  /** Settles when no run is going on; a new run waits for it, so that there is one registration at most. */
  #idle: Promise<void> = Promise.resolve();

  constructor(session: HandleCore<SessionHandle>) {
    this.#session = session;
    session.onClose(() => {
      this.#run?.stop();
      for (const listener of [...this.#listeners]) listener.complete();
      this.#listeners.clear();
    });
  }

  /** Resolves when nothing is registered any more; call it once nobody retains the monitor. */
  get idle(): Promise<void> {
    return this.#idle;
  }

  /** Tells `listener` the last known status, if there is one, and every event from now on. */
  listen(listener: StatusListener): Cancel {
    if (this.#session.state !== 'open') {
      listener.complete();
      return () => undefined;
    }
    this.#listeners.add(listener);
    if (this.#run?.last !== undefined) listener.next({ ...this.#run.last, invalidated: [] });
    const release = this.retain();
    return () => {
      this.#listeners.delete(listener);
      release();
    };
  }

  /** Keeps the monitor running without listening: what an open handle does, so that it can be invalidated. */
  retain(): Cancel {
    let held = true;
    this.#retained += 1;
    if (this.#retained === 1) this.#start();
    return () => {
      if (!held) return;
      held = false;
      this.#retained -= 1;
      if (this.#retained > 0) return;
      this.#run?.stop();
      this.#run = undefined;
    };
  }

  #start(): void {
    const run = new Run();
    this.#run = run;
    this.#idle = this.#idle.then(() => this.#follow(run));
  }

  async #follow(run: Run): Promise<void> {
    let failures = 0;
    while (!run.isStopped() && this.#session.state === 'open') {
      try {
        await this.#watchOnce(run);
        failures = 0;
      } catch (thrown) {
        if (run.isStopped()) return;
        failures += 1;
        await this.#backOff(run, toPeerError(thrown, 'distributionStatus'), failures);
      }
    }
  }

  /** Register, read, tell, wait, tell. */
  async #watchOnce(run: Run): Promise<void> {
    const { distribution } = this.#session.env.driver;
    const session = this.#session.assertOpen('distributionStatus');
    const { changed } = await distribution.registerStatusChange(session);
    const registered = { armed: true };
    // Before it is waited for below, and whether or not that comes to pass: reading the status may fail first.
    const onEnd = (): void => void (registered.armed = false);
    changed.then(onEnd, onEnd);
    try {
      if (run.isStopped()) return;
      await this.#tell(run, await distribution.getStatusInfo(session));
      const info = await run.until(changed);
      if (info !== undefined) await this.#tell(run, info);
    } finally {
      if (registered.armed) await distribution.unregisterStatusChange(session).catch(() => undefined);
    }
  }

  /**
   * Tells what is news. A service that is still away may have been back in between, unseen, long enough for a handle to
   * be opened: that one is void by now, and its end is news too.
   */
  async #tell(run: Run, info: DistributionStatusInfo): Promise<void> {
    if (run.isStopped()) return;
    const closed = info.status === 'available' ? [] : await this.#session.invalidateChildren(VOIDED_KINDS);
    const isKnown = run.last !== undefined && isSame(info, run.last) && !run.faulty;
    if (run.isStopped() || (isKnown && closed.length === 0)) return;
    run.faulty = false;
    run.last = { _tag: 'Status', ...info, invalidated: closed.map(({ kind }) => kind) };
    this.#emit(run.last);
  }

  async #backOff(run: Run, error: PeerError, failures: number): Promise<void> {
    const { clock, random } = this.#session.env;
    const ceiling = Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LAST_RETRY_MS);
    // Jitter, so that many sessions that lost the same service do not come back in step.
    const retryInMs = Math.round(ceiling * (0.5 + random() / 2));
    run.faulty = true;
    this.#emit({ _tag: 'Fault', error, retryInMs });
    let cancel: Cancel = () => undefined;
    await run.until(new Promise<void>((resolve) => (cancel = clock.schedule(retryInMs, resolve))));
    cancel();
  }

  #emit(event: StatusEvent): void {
    for (const listener of [...this.#listeners]) listener.next(event);
  }
}
