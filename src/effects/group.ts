import type { CallOptions, GroupHandle, GroupingDriver, GroupStatus } from '../driver/index.js';
import { attempt, checked, type EffectOptions, type PeerEffect } from './effect.js';
import { coreOf, Handle } from './handle.js';
import { HandleCore } from './handle-core.js';
import type { PeerEnv } from './env.js';
import { onHandle } from './on-handle.js';
import { tearDown } from './tear-down.js';
import { groupCreation, type GroupPropertiesInput } from './validate/group-properties.js';
import {
  groupReference,
  type GroupReference,
  invitation as invitationRule,
  type Invitation,
  passwordInvitation,
  type PasswordInvitation,
} from './validate/group-reference.js';
import { wiping } from './wiping.js';

const KIND = 'group';

/** An open peer group. */
export class PeerGroup extends Handle<GroupHandle> {}

export interface GroupOptions extends EffectOptions {
  /**
   * `auto` (the default) goes online right after opening where the driver can: nobody can follow an invitation to a
   * group that nobody listens in. `manual` leaves it to `connectGroup`, so that events can be registered before.
   */
  readonly connect?: 'auto' | 'manual' | undefined;
}

/** Startup and shutdown are counted by the system, so each open group simply has its own pair. */
const openWith =
  (
    operation: string,
    open: (grouping: GroupingDriver, call: CallOptions) => Promise<GroupHandle>,
    { connect = 'auto', signal }: GroupOptions,
  ): PeerEffect<PeerGroup> =>
  (env) =>
    attempt(operation, async () => {
      const { grouping } = env.driver;
      const shutDown = (): Promise<void> => tearDown(env, 'grouping', () => grouping.shutdown());
      const core = await HandleCore.open<GroupHandle>({
        kind: KIND,
        env,
        signal,
        open: async (opening) => {
          await grouping.startup();
          try {
            const raw = await open(grouping, { signal: opening });
            if (connect === 'auto' && grouping.canConnect) await connectOrClose(env, raw, opening);
            return raw;
          } catch (thrown) {
            await shutDown();
            throw thrown;
          }
        },
        close: async (raw) => {
          try {
            await grouping.close(raw);
          } finally {
            await shutDown();
          }
        },
      });
      return new PeerGroup(core);
    });

const connectOrClose = async (env: PeerEnv, raw: GroupHandle, signal: AbortSignal): Promise<void> => {
  const { grouping } = env.driver;
  try {
    await grouping.connect(raw, { signal });
  } catch (thrown) {
    await tearDown(env, KIND, () => grouping.close(raw));
    throw thrown;
  }
};

/**
 * Creates a group owned by one of your identities and opens it.
 *
 * Use it for a program without streams, with `await using`; streams have `createGroup` of `peerweave/streams`. The
 * group lasts on disk after the handle is closed: `openGroup` opens it again, `deleteGroup` ends it.
 *
 * Lifetimes in `properties` are seconds. Errors: `BadArgument` with every fault of the properties, `NotFound` or
 * `Unavailable` for the cloud, `AccessDenied` for a key that cannot be used.
 * Source: PeerGroupCreate, PeerGroupConnect, PeerGroupClose.
 *
 * @example
 * ```ts
 * import { createEnv, createGroup, createIdentity, getGroupProperties, orThrow } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const env = createEnv({ driver: createFakeDriver() });
 * const creatorPeerName = orThrow(await createIdentity({ classifier: 'alice' })(env)());
 * await using group = orThrow(await createGroup({ creatorPeerName, friendlyName: 'Chess' })(env)());
 * console.log(orThrow(await getGroupProperties(group)(env)()).friendlyName);
 * ```
 */
export const createGroup = (
  properties: GroupPropertiesInput,
  options: GroupOptions = {},
): PeerEffect<PeerGroup> =>
  checked('createGroup', groupCreation, properties, (creation) =>
    wiping(
      creation.authentication?.groupPassword,
      properties.authentication?.groupPassword,
      openWith('createGroup', (grouping, call) => grouping.create(creation, call), options),
    ),
  );

/**
 * Opens a group that this identity created or joined before. Source: PeerGroupOpen.
 *
 * Errors: `NotFound` if this identity has no such group.
 */
export const openGroup = (group: GroupReference, options: GroupOptions = {}): PeerEffect<PeerGroup> =>
  checked('openGroup', groupReference, group, ({ identity, groupPeerName, cloud }) =>
    openWith('openGroup', (grouping, call) => grouping.open(identity, groupPeerName, cloud, call), options),
  );

/**
 * Joins a group by an invitation that was issued for this identity, and opens it. Source: PeerGroupJoin.
 *
 * Errors: `AccessDenied` for an invitation that is not trusted, expired or for somebody else.
 */
export const joinGroup = (invitation: Invitation, options: GroupOptions = {}): PeerEffect<PeerGroup> =>
  checked('joinGroup', invitationRule, invitation, ({ identity, invitation: xml, cloud }) =>
    openWith('joinGroup', (grouping, call) => grouping.join(identity, xml, cloud, call), options),
  );

/**
 * Joins a group by a password invitation, which serves any identity, and opens it. A wrong password shows when
 * connecting. Source: PeerGroupPasswordJoin.
 */
export const joinGroupWithPassword = (
  invitation: PasswordInvitation,
  options: GroupOptions = {},
): PeerEffect<PeerGroup> =>
  checked('joinGroupWithPassword', passwordInvitation, invitation, (valid) => {
    const { identity, invitation: xml, password, cloud } = valid;
    return wiping(
      password,
      invitation.password,
      openWith(
        'joinGroupWithPassword',
        (grouping, call) => grouping.joinWithPassword(identity, xml, password, cloud, call),
        options,
      ),
    );
  });

/**
 * Deletes the local data and certificate of a group. Every open handle on it, in any process, is void at once; other
 * members keep the group. Source: PeerGroupDelete.
 */
export const deleteGroup = (group: GroupReference): PeerEffect<void> =>
  checked('deleteGroup', groupReference, group, ({ identity, groupPeerName }) =>
    withGrouping('deleteGroup', (grouping) => grouping.delete(identity, groupPeerName)),
  );

/** Whether the group listens and has connections; both false: offline. Source: PeerGroupGetStatus. */
export const getGroupStatus = (group: PeerGroup): PeerEffect<GroupStatus> =>
  onGroup(group, 'getGroupStatus', (grouping, raw) => grouping.getStatus(raw));

/** The core of a group handle. Throws `BadArgument` for anything else. */
export const groupCore = (group: PeerGroup, operation: string): HandleCore<GroupHandle> =>
  coreOf(group, KIND, operation);

/** One call that needs grouping started but no open group. */
export const withGrouping =
  <A>(operation: string, run: (grouping: GroupingDriver) => Promise<A>): PeerEffect<A> =>
  (env) =>
    attempt(operation, async () => {
      await env.driver.grouping.startup();
      try {
        return await run(env.driver.grouping);
      } finally {
        await tearDown(env, 'grouping', () => env.driver.grouping.shutdown());
      }
    });

/** One call on an open group. */
export const onGroup = <A>(
  group: PeerGroup,
  operation: string,
  run: (
    grouping: GroupingDriver,
    raw: GroupHandle,
    signal: AbortSignal,
    core: HandleCore<GroupHandle>,
  ) => Promise<A>,
  options?: EffectOptions,
): PeerEffect<A> =>
  onHandle(
    group,
    KIND,
    operation,
    (raw, signal, core) => run(core.env.driver.grouping, raw, signal, core),
    options,
  );
