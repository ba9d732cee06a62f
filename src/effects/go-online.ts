import {
  faultFromNumber,
  type EventRegistration,
  type GroupEvent,
  type GroupEventsHandle,
  type GroupHandle,
  type GroupingDriver,
  type GroupStatus,
  HRESULT_CODES,
} from '../driver/index.js';
import { type EffectOptions, orThrow, toPeerError } from './effect.js';
import { eitherSignal } from './either-signal.js';
import type { PeerEnv } from './env.js';
import { cancelled, timeout } from './error/index.js';
import { tearDown } from './tear-down.js';
import { object } from './validate/object.js';
import { timeoutMs } from './validate/timeout.js';
import { validate } from './validate/validate.js';

/** The advice of the API: nothing may ever arrive, so wait this long at most. */
const CONNECT_TIMEOUT_MS = 30_000;

/** Events taken at a time. */
const BATCH = 16;

const OUTCOMES: readonly EventRegistration[] = [{ kind: 'StatusChanged' }, { kind: 'ConnectionFailed' }];

/** How long to wait for a group to come online. */
export interface ConnectOptions extends EffectOptions {
  /** Milliseconds to wait for the outcome, 30 000 by default. */
  readonly timeoutMs?: number | undefined;
}

const waiting = object({ timeoutMs });

/** How long to wait at most, checked before anything is opened for it. @throws PeerError BadArgument */
export const checkedTimeout = (options: ConnectOptions, operation: string): number | undefined =>
  orThrow(validate(waiting, { timeoutMs: options.timeoutMs }, operation)).timeoutMs;

/** Starts to go online in one of the ways there are. */
export type Connect = (grouping: GroupingDriver, raw: GroupHandle, signal: AbortSignal) => Promise<void>;

/**
 * Registers first, then connects, so that an outcome that comes at once is not missed; and waits for the outcome. The
 * registration is gone when it ends, whichever way.
 */
export const goOnline = async (
  env: PeerEnv,
  operation: string,
  raw: GroupHandle,
  connect: Connect,
  { timeoutMs = CONNECT_TIMEOUT_MS, signal }: ConnectOptions,
): Promise<GroupStatus> => {
  const { grouping } = env.driver;
  const bell = new Bell();
  const late = new AbortController();
  const ended = eitherSignal(late.signal, signal);
  ended.signal.addEventListener('abort', bell.ring, { once: true });
  const stopTimer = env.clock.schedule(timeoutMs, () => late.abort());
  try {
    const events = await grouping.registerEvents(raw, OUTCOMES, bell.ring);
    try {
      await connect(grouping, raw, ended.signal);
      return await outcomeOf(grouping, operation, raw, events, bell, ended.signal);
    } finally {
      await tearDown(env, 'group events', () => grouping.unregisterEvents(events));
    }
  } catch (thrown) {
    if (signal?.aborted === true) throw cancelled(operation, signal.reason);
    throw late.signal.aborted ? timeout(operation, 'an answer from the group', timeoutMs) : thrown;
  } finally {
    stopTimer();
    ended.unlink();
  }
};

const outcomeOf = async (
  grouping: GroupingDriver,
  operation: string,
  raw: GroupHandle,
  events: GroupEventsHandle,
  bell: Bell,
  signal: AbortSignal,
): Promise<GroupStatus> => {
  for (;;) {
    const rung = bell.next();
    signal.throwIfAborted();
    for (const event of await grouping.getEvents(events, BATCH)) failOn(event, operation);
    const status = await grouping.getStatus(raw);
    if (status.listening || status.hasConnections) return status;
    await rung;
  }
};

/** Wakes who waits for its next ring. */
class Bell {
  #ring: () => void = () => undefined;

  readonly ring = (): void => this.#ring();

  /** Resolves with the first ring from now on. */
  next(): Promise<void> {
    return new Promise((resolve) => (this.#ring = resolve));
  }
}

const failOn = (event: GroupEvent, operation: string): void => {
  if (event._tag !== 'ConnectionFailed') return;
  const reason = faultFromNumber(
    'hresult',
    operation,
    event.reason ?? HRESULT_CODES.PEER_E_CONNECTION_FAILED,
  );
  throw toPeerError(reason, operation);
};
