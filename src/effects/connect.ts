import {
  faultFromNumber,
  type GroupEvent,
  type GroupHandle,
  type GroupingDriver,
  type GroupStatus,
  HRESULT_CODES,
  type PeerAddress,
} from '../driver/index.js';
import { attempt, checked, type EffectOptions, type PeerEffect, promiseOf, toPeerError } from './effect.js';
import { eitherSignal } from './either-signal.js';
import { cancelled, timeout } from './error/index.js';
import { getGroupStatus, groupCore, onGroup, type PeerGroup } from './group.js';
import { registerGroupEvents, takeGroupEvents } from './group-events.js';
import { list } from './validate/object.js';
import { peerAddress } from './validate/peer-address.js';

/** The advice of the API: nothing may ever arrive, so wait this long at most. */
const CONNECT_TIMEOUT_MS = 30_000;

/** Events taken at a time. */
const BATCH = 16;

/** How long to wait for a group to come online. */
export interface ConnectOptions extends EffectOptions {
  /** Milliseconds to wait for the outcome, 30 000 by default. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Brings an open group online and waits for the outcome.
 *
 * Use it after opening with `connect: 'manual'`, once events are registered. Ends with the status once the group
 * listens or has connections. A group that is online already answers at once.
 *
 * Errors: `Unavailable` when nobody could be reached, `AccessDenied` when the password or membership was refused,
 * `Timeout` when no outcome was told in time, `Unsupported` where the driver has no network. Source: PeerGroupConnect.
 *
 * @example
 * ```ts
 * import { connectGroup, createEnv, createGroup, createIdentity, orThrow } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const env = createEnv({ driver: createFakeDriver() });
 * const creatorPeerName = orThrow(await createIdentity()(env)());
 * await using group = orThrow(await createGroup({ creatorPeerName }, { connect: 'manual' })(env)());
 * console.log(orThrow(await connectGroup(group, { timeoutMs: 5_000 })(env)())); // { listening: true, … }
 * ```
 */
export const connectGroup = (group: PeerGroup, options: ConnectOptions = {}): PeerEffect<GroupStatus> =>
  connecting('connectGroup', group, options, (grouping, raw, signal) => grouping.connect(raw, { signal }));

/**
 * Brings an open group online by known addresses, one or more, instead of looking members up.
 *
 * Otherwise like {@link connectGroup}. Addresses are IPv6; IPv4 travels mapped. Errors: also `BadArgument` for an
 * address. Source: PeerGroupConnectByAddress.
 *
 * @example
 * ```ts
 * import { connectGroupByAddress, createEnv, createGroup, createIdentity, orThrow } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const env = createEnv({ driver: createFakeDriver() });
 * const creatorPeerName = orThrow(await createIdentity()(env)());
 * await using group = orThrow(await createGroup({ creatorPeerName }, { connect: 'manual' })(env)());
 * const outcome = await connectGroupByAddress(group, [{ address: '::1', port: 3587 }])(env)();
 * console.log(outcome._tag);
 * ```
 */
export const connectGroupByAddress = (
  group: PeerGroup,
  addresses: readonly PeerAddress[],
  options: ConnectOptions = {},
): PeerEffect<GroupStatus> =>
  checked('connectGroupByAddress', list(peerAddress, 1), addresses, (valid) =>
    connecting('connectGroupByAddress', group, options, (grouping, raw, signal) =>
      grouping.connectByAddress(raw, valid, { signal }),
    ),
  );

type Connect = (grouping: GroupingDriver, raw: GroupHandle, signal: AbortSignal) => Promise<void>;

/** Registers first, then connects, so that an outcome that comes at once is not missed. */
const connecting =
  (operation: string, group: PeerGroup, options: ConnectOptions, connect: Connect): PeerEffect<GroupStatus> =>
  (env) =>
    attempt(operation, async () => {
      const { timeoutMs = CONNECT_TIMEOUT_MS, signal } = options;
      const core = groupCore(group, operation);
      const run = <A>(effect: PeerEffect<A>): Promise<A> => promiseOf(effect(env));
      const bell = new Bell();
      const late = new AbortController();
      const ended = eitherSignal(late.signal, signal);
      ended.signal.addEventListener('abort', bell.ring, { once: true });
      const forgetClose = core.onClose(bell.ring);
      const stopTimer = core.env.clock.schedule(timeoutMs, () => late.abort());
      try {
        await using events = await run(
          registerGroupEvents(group, ['StatusChanged', 'ConnectionFailed'], bell.ring),
        );
        await run(onGroup(group, operation, connect, { signal: ended.signal }));
        for (;;) {
          const rung = bell.next();
          ended.signal.throwIfAborted();
          for (const event of await run(takeGroupEvents(events, BATCH))) failOn(event, operation);
          const status = await run(getGroupStatus(group));
          if (status.listening || status.hasConnections) return status;
          await rung;
        }
      } catch (thrown) {
        if (late.signal.aborted) throw timeout(operation, 'an answer from the group', timeoutMs);
        throw signal?.aborted === true ? cancelled(operation) : thrown;
      } finally {
        stopTimer();
        forgetClose();
        ended.unlink();
      }
    });

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
