import type { GroupStatus, PeerAddress } from '../driver/index.js';
import { checked, type PeerEffect } from './effect.js';
import { checkedTimeout, type Connect, type ConnectOptions, goOnline } from './go-online.js';
import { onGroup, type PeerGroup } from './group.js';
import { list } from './validate/object.js';
import { peerAddress } from './validate/peer-address.js';

export type { ConnectOptions };

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

const connecting = (
  operation: string,
  group: PeerGroup,
  options: ConnectOptions,
  connect: Connect,
): PeerEffect<GroupStatus> =>
  onGroup(
    group,
    operation,
    (_grouping, raw, signal, core) => {
      const timeoutMs = checkedTimeout(options, operation);
      return goOnline(core.env, operation, raw, connect, { timeoutMs, signal });
    },
    options,
  );
