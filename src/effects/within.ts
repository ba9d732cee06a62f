import type { GroupPropertiesInput } from './validate/group-properties.js';
import { attempt, type PeerEffect, promiseOf } from './effect.js';
import { createGroup, type GroupOptions, openGroup, type PeerGroup } from './group.js';
import { openSession, type DistributionSession } from './session.js';
import type { GroupReference } from './validate/group-reference.js';

/** Uses something open and closes it whatever happens, also when `use` throws or rejects, which `bracket` does not. */
const within =
  <H extends AsyncDisposable, A>(
    operation: string,
    open: PeerEffect<H>,
    use: (handle: H) => PeerEffect<A>,
  ): PeerEffect<A> =>
  (env) =>
    attempt(operation, async () => {
      await using handle = await promiseOf(open(env));
      return await promiseOf(use(handle)(env));
    });

/**
 * Opens a distribution session for the length of an effect and closes it in any case.
 *
 * @example
 * ```ts
 * import { createEnv, getDistributionStatus, withSession } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * console.log(await withSession(getDistributionStatus)(createEnv({ driver: createFakeDriver() }))());
 * ```
 */
export const withSession = <A>(use: (session: DistributionSession) => PeerEffect<A>): PeerEffect<A> =>
  within('withSession', openSession(), use);

/**
 * Opens a group, by its name or by creating it, for the length of an effect and closes it in any case.
 *
 * @example
 * ```ts
 * import { createEnv, createIdentity, getGroupStatus, orThrow, withGroup } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const env = createEnv({ driver: createFakeDriver() });
 * const creatorPeerName = orThrow(await createIdentity({ classifier: 'alice' })(env)());
 * console.log(await withGroup({ creatorPeerName }, getGroupStatus)(env)());
 * ```
 */
export const withGroup = <A>(
  group: GroupReference | GroupPropertiesInput,
  use: (group: PeerGroup) => PeerEffect<A>,
  options: GroupOptions = {},
): PeerEffect<A> =>
  within('withGroup', isReference(group) ? openGroup(group, options) : createGroup(group, options), use);

/** Anything else is for the validation of properties to judge. */
const isReference = (group: unknown): group is GroupReference =>
  typeof group === 'object' && group !== null && 'groupPeerName' in group;
