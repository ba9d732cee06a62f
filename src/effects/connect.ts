import {
  faultFromNumber,
  type GroupEvent,
  type GroupHandle,
  type GroupingDriver,
  type GroupStatus,
  HRESULT_CODES,
  type PeerAddress,
} from '../driver/index.js';
import { checked, type EffectOptions, type PeerEffect, toPeerError } from './effect.js';
import { cancelled, timeout, type PeerError } from './error/index.js';
import { onGroup, type PeerGroup } from './group.js';
import type { HandleCore } from './handle-core.js';
import { list } from './validate/object.js';
import { peerAddress } from './validate/peer-address.js';

/** The advice of the API: nothing may ever arrive, so wait this long at most. */
const CONNECT_TIMEOUT_MS = 30_000;

export interface ConnectOptions extends EffectOptions {
  /** Milliseconds to wait for the outcome, 30 000 by default. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Brings an open group online and waits for the outcome.
 *
 * Ends with the status once the group listens or has connections. Errors: `Unavailable` when nobody could be reached,
 * `Timeout` when no outcome was told, `Unsupported` where the driver has no network. Source: PeerGroupConnect.
 */
export const connectGroup = (group: PeerGroup, options: ConnectOptions = {}): PeerEffect<GroupStatus> =>
  onGroup(
    group,
    'connectGroup',
    (grouping, raw, signal, core) =>
      untilConnected(grouping, core, raw, signal, options, () => grouping.connect(raw, { signal })),
    options,
  );

/** The same, going to known addresses instead of looking members up. Source: PeerGroupConnectByAddress. */
export const connectGroupByAddress = (
  group: PeerGroup,
  addresses: readonly PeerAddress[],
  options: ConnectOptions = {},
): PeerEffect<GroupStatus> =>
  checked('connectGroupByAddress', list(peerAddress, 1), addresses, (valid) =>
    onGroup(
      group,
      'connectGroupByAddress',
      (grouping, raw, signal, core) =>
        untilConnected(grouping, core, raw, signal, options, () =>
          grouping.connectByAddress(raw, valid, { signal }),
        ),
      options,
    ),
  );

/** Registers first, then connects, so that an outcome that comes at once is not missed. */
const untilConnected = async (
  grouping: GroupingDriver,
  core: HandleCore<GroupHandle>,
  raw: GroupHandle,
  signal: AbortSignal,
  { timeoutMs = CONNECT_TIMEOUT_MS }: ConnectOptions,
  connect: () => Promise<void>,
): Promise<GroupStatus> => {
  let wake: () => void = () => undefined;
  let signalled = false;
  const events = await grouping.registerEvents(
    raw,
    [{ kind: 'StatusChanged' }, { kind: 'ConnectionFailed' }],
    () => {
      signalled = true;
      wake();
    },
  );
  let gaveUp: PeerError | undefined;
  const giveUp = (error: PeerError): void => {
    gaveUp = error;
    wake();
  };
  const onAbort = (): void => giveUp(cancelled('connectGroup'));
  signal.addEventListener('abort', onAbort, { once: true });
  const stopTimer = core.env.clock.schedule(timeoutMs, () =>
    giveUp(timeout('connectGroup', 'an answer from the group', timeoutMs)),
  );
  try {
    await connect();
    for (;;) {
      signalled = false;
      for (const event of await grouping.getEvents(events, 16)) failOn(event);
      const status = await grouping.getStatus(raw);
      if (status.listening || status.hasConnections) return status;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (signalled || gaveUp !== undefined) resolve();
      });
      if (gaveUp !== undefined) throw gaveUp;
    }
  } finally {
    stopTimer();
    signal.removeEventListener('abort', onAbort);
    await grouping.unregisterEvents(events).catch(() => undefined);
  }
};

const failOn = (event: GroupEvent): void => {
  if (event._tag !== 'ConnectionFailed') return;
  const reason = faultFromNumber(
    'hresult',
    'connectGroup',
    event.reason ?? HRESULT_CODES.PEER_E_CONNECTION_FAILED,
  );
  throw toPeerError(reason, 'connectGroup');
};
