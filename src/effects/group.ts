import type { CallOptions, GroupHandle, GroupingDriver, GroupStatus } from '../driver/index.js';
import { closeWhenDeleted, findDeleted } from './deleted-groups.js';
import { attempt, checked, type EffectOptions, type PeerEffect } from './effect.js';
import { coreOf, Handle } from './handle.js';
import { checkedTimeout, type ConnectOptions, goOnline } from './go-online.js';
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

/** An open peer group. Closing it closes its registrations and listings first; other handles on the group stay. */
export class PeerGroup extends Handle<GroupHandle> {}

/** Whether a group goes online by itself, and how long that may take. */
export interface GroupOptions extends ConnectOptions {
  /**
   * `auto` (the default) goes online right after opening where the driver can: nobody can follow an invitation to a
   * group that nobody listens in. There is a handle once the group is online, and if it does not come online an error
   * as of `connectGroup`. `manual` leaves it to `connectGroup`, so that events can be registered before, and a group can
   * be used that nobody can be reached in.
   */
  readonly connect?: 'auto' | 'manual' | undefined;
}

/** Startup and shutdown are counted by the system, so each open group simply has its own pair. */
const openWith =
  (
    operation: string,
    open: (grouping: GroupingDriver, call: CallOptions) => Promise<GroupHandle>,
    { connect = 'auto', signal, ...options }: GroupOptions,
  ): PeerEffect<PeerGroup> =>
  (env) =>
    attempt(operation, async () => {
      const timeoutMs = checkedTimeout(options, operation);
      const { grouping } = env.driver;
      const shutDown = (): Promise<void> => tearDown(env, 'grouping', () => grouping.shutdown());
      const core = await HandleCore.open<GroupHandle>({
        kind: KIND,
        operation,
        env,
        signal,
        open: async (opening) => {
          await grouping.startup();
          try {
            const raw = await open(grouping, { signal: opening });
            if (connect === 'auto' && grouping.canConnect)
              await connectOrClose(env, operation, raw, { timeoutMs, signal: opening });
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
      closeWhenDeleted(core, operation);
      return new PeerGroup(core);
    });

const connectOrClose = async (
  env: PeerEnv,
  operation: string,
  raw: GroupHandle,
  options: ConnectOptions,
): Promise<void> => {
  try {
    await goOnline(
      env,
      operation,
      raw,
      (grouping, group, signal) => grouping.connect(group, { signal }),
      options,
    );
  } catch (thrown) {
    await tearDown(env, KIND, () => env.driver.grouping.close(raw));
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
 * `Unavailable` for the cloud, `AccessDenied` for a key that cannot be used; for `connect: 'auto'` those of `connectGroup`
 * too: `Unavailable`, `AccessDenied`, `Timeout`. The group exists then, and is closed.
 * Source: PeerGroupCreate, PeerGroupRegisterEvent, PeerGroupConnect, PeerGroupUnregisterEvent, PeerGroupClose.
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
 * Opens a group that this identity created or joined before. Otherwise like {@link createGroup}.
 *
 * Errors: `NotFound` if this identity has no such group; `NotFound` or `Unavailable` for the cloud.
 * Source: PeerGroupOpen, PeerGroupConnect, PeerGroupClose.
 *
 * @example
 * ```ts
 * import { createEnv, createIdentity, getGroupProperties, openGroup, orThrow, withGroup } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const env = createEnv({ driver: createFakeDriver() });
 * const identity = orThrow(await createIdentity()(env)());
 * const { groupPeerName } = orThrow(await withGroup({ creatorPeerName: identity }, getGroupProperties)(env)());
 * await using group = orThrow(await openGroup({ identity, groupPeerName })(env)());
 * console.log(group.state); // open
 * ```
 */
export const openGroup = (group: GroupReference, options: GroupOptions = {}): PeerEffect<PeerGroup> =>
  checked('openGroup', groupReference, group, ({ identity, groupPeerName, cloud }) =>
    openWith('openGroup', (grouping, call) => grouping.open(identity, groupPeerName, cloud, call), options),
  );

/**
 * Joins a group by an invitation that was issued for this identity, and opens it. Membership lasts; use {@link
 * openGroup} next time.
 *
 * Who has joined before and joins again gets the roles and the time of the invitation, unless it is older than the
 * membership and that still holds: so what {@link issueCredentials} returns takes effect here. Errors: `AccessDenied` for
 * an invitation that is not trusted, expired or for somebody else, `BadArgument` for a text that is none,
 * `AlreadyExists` while this identity has the group open. Source: PeerGroupJoin, PeerGroupConnect, PeerGroupClose.
 *
 * @example
 * ```ts
 * import { createPeerweave } from 'peerweave';
 * import { createFakeDriver, createFakeNetwork } from 'peerweave/testing';
 *
 * const network = createFakeNetwork();
 * const alice = createPeerweave({ driver: createFakeDriver({ network }) });
 * const bob = createPeerweave({ driver: createFakeDriver({ network }) });
 * const identityXml = await bob.promise(bob.effects.getIdentityXml());
 * const creatorPeerName = await alice.promise(alice.effects.createIdentity({ classifier: 'alice' }));
 * await using group = await alice.promise(alice.effects.createGroup({ creatorPeerName, friendlyName: 'Chess' }));
 * const invitation = await alice.promise(alice.effects.createInvitation(group, { identityXml, roles: ['member'] }));
 * console.log((await bob.promise(bob.effects.parseInvitation(invitation))).groupFriendlyName); // Chess
 * await using joined = await bob.promise(bob.effects.joinGroup({ invitation }));
 * console.log(joined.state); // open
 * ```
 */
export const joinGroup = (invitation: Invitation, options: GroupOptions = {}): PeerEffect<PeerGroup> =>
  checked('joinGroup', invitationRule, invitation, ({ identity, invitation: xml, cloud }) =>
    openWith('joinGroup', (grouping, call) => grouping.join(identity, xml, cloud, call), options),
  );

/**
 * Joins a group by a password invitation, which serves any identity, and opens it. Membership lasts; use {@link
 * openGroup} next time.
 *
 * A wrong password shows when connecting, not here. The copy that is made of the password is wiped. Errors:
 * `BadArgument` or `AccessDenied` for a text that is no such invitation. Source: PeerGroupPasswordJoin,
 * PeerGroupConnect, PeerGroupClose.
 *
 * @example
 * ```ts
 * import { createPeerweave } from 'peerweave';
 * import { createFakeDriver, createFakeNetwork } from 'peerweave/testing';
 *
 * const network = createFakeNetwork();
 * const alice = createPeerweave({ driver: createFakeDriver({ network }) });
 * const bob = createPeerweave({ driver: createFakeDriver({ network }) });
 * const password = 'a password to share';
 * const authentication = { password: true, groupPassword: password, passwordRole: 'member' } as const;
 * const creatorPeerName = await alice.promise(alice.effects.createIdentity({ classifier: 'alice' }));
 * await using group = await alice.promise(alice.effects.createGroup({ creatorPeerName, authentication }));
 * const invitation = await alice.promise(alice.effects.createPasswordInvitation(group));
 * await using joined = await bob.promise(bob.effects.joinGroupWithPassword({ invitation, password }));
 * console.log(joined.state); // open
 * ```
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
 * Deletes the local data and certificate of a group; other members keep it. Every open handle on it is void: its streams
 * complete, its `closed` resolves, and calls on it answer `HandleClosed`.
 *
 * In this process handles that were opened by the same driver are void at once. Others are, with the embedded engine, as
 * soon as the system tells of the change in the data directory; where it does not, and on Windows, they are found void by
 * the next call on them.
 *
 * Errors: `NotFound` if the identity has no such group, `AccessDenied`. Source: PeerGroupDelete.
 *
 * @example
 * ```ts
 * import { createEnv, createIdentity, deleteGroup, getGroupProperties, orThrow, withGroup } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const env = createEnv({ driver: createFakeDriver() });
 * const identity = orThrow(await createIdentity()(env)());
 * const { groupPeerName } = orThrow(await withGroup({ creatorPeerName: identity }, getGroupProperties)(env)());
 * const gone = { identity, groupPeerName };
 * console.log((await deleteGroup(gone)(env)())._tag, (await deleteGroup(gone)(env)())._tag); // Right Left
 * ```
 */
export const deleteGroup = (group: GroupReference): PeerEffect<void> =>
  checked('deleteGroup', groupReference, group, ({ identity, groupPeerName }) =>
    withGrouping('deleteGroup', async (grouping) => {
      await grouping.delete(identity, groupPeerName);
      await findDeleted(grouping);
    }),
  );

/**
 * Whether the group listens and has connections; both false: offline. See {@link withGroup} for an example.
 *
 * To follow it there is the event `StatusChanged`. Source: PeerGroupGetStatus.
 */
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
