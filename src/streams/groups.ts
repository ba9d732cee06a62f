import type { GroupOptions as OpenOptions, PeerGroup } from '../effects/group.js';
import * as effects from '../effects/group.js';
import type { GroupPropertiesInput } from '../effects/validate/group-properties.js';
import type { GroupReference, Invitation, PasswordInvitation } from '../effects/validate/group-reference.js';
import { type PeerStream, resourceOf } from './from-effect.js';

/** Whether the group goes online by itself. */
export type GroupOptions = Omit<OpenOptions, 'signal'>;

/**
 * Creates a group and stays in it while subscribed.
 *
 * Cold: each subscription creates one group, goes online unless `connect: 'manual'`, emits one handle, and closes the
 * handle on unsubscribing (PeerGroupClose), after everything that was opened through it. It never completes by itself;
 * it completes when the handle is closed by somebody else or the group is deleted. The group stays on disk: see
 * `openGroup`, `deleteGroup`.
 *
 * Lifetimes in `properties` are seconds. Errors: `BadArgument` with every fault of the properties, `NotFound` or
 * `Unavailable` for the cloud, `AccessDenied` for a key that cannot be used; unless `connect: 'manual'` also `Unavailable`
 * when nobody could be reached, `AccessDenied` when the membership was refused, `Timeout` when no outcome was told in
 * `timeoutMs` milliseconds, 30 000 by default. The group exists then, and is closed.
 * Source: PeerGroupCreate, PeerGroupConnect, PeerGroupClose.
 *
 * @example
 * ```ts
 * import { switchMap, take } from 'rxjs';
 * import { createPeerweave } from 'peerweave';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const peers = createPeerweave({ driver: createFakeDriver() });
 * const creatorPeerName = await peers.promise(peers.effects.createIdentity({ classifier: 'alice' }));
 * peers
 *   .createGroup({ creatorPeerName, friendlyName: 'Chess' })
 *   .pipe(switchMap((group) => peers.promise(peers.effects.getGroupProperties(group))), take(1))
 *   .subscribe((properties) => console.log(properties.friendlyName));
 * ```
 */
export const createGroup = (
  properties: GroupPropertiesInput,
  options: GroupOptions = {},
): PeerStream<PeerGroup> =>
  resourceOf('createGroup', (signal) => effects.createGroup(properties, { ...options, signal }));

/**
 * Opens a group that this identity created or joined before, while subscribed. Otherwise like {@link createGroup}.
 *
 * Errors: `NotFound` if the identity has no such group; `NotFound` or `Unavailable` for the cloud.
 * Source: PeerGroupOpen, PeerGroupConnect, PeerGroupClose.
 *
 * @example
 * ```ts
 * import { firstValueFrom, map } from 'rxjs';
 * import { createPeerweave } from 'peerweave';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const peers = createPeerweave({ driver: createFakeDriver() });
 * const { effects, promise } = peers;
 * const identity = await promise(effects.createIdentity({ classifier: 'alice' }));
 * const { groupPeerName } = await promise(
 *   effects.withGroup({ creatorPeerName: identity }, (group) => () => effects.getGroupProperties(group)),
 * );
 * console.log(await firstValueFrom(peers.openGroup({ identity, groupPeerName }).pipe(map(({ state }) => state)))); // open
 * ```
 */
export const openGroup = (group: GroupReference, options: GroupOptions = {}): PeerStream<PeerGroup> =>
  resourceOf('openGroup', (signal) => effects.openGroup(group, { ...options, signal }));

/**
 * Joins a group by an invitation and stays in it while subscribed. Membership lasts; use {@link openGroup} next time.
 * Otherwise like {@link createGroup}.
 *
 * Errors: `AccessDenied` for an invitation that is not trusted, expired or for somebody else, `BadArgument` for a text
 * that is none, `AlreadyExists` while this identity has the group open. Source: PeerGroupJoin, PeerGroupConnect,
 * PeerGroupClose.
 *
 * @example
 * ```ts
 * import { firstValueFrom, map } from 'rxjs';
 * import { createPeerweave } from 'peerweave';
 * import { createFakeDriver, createFakeNetwork } from 'peerweave/testing';
 *
 * const network = createFakeNetwork();
 * const alice = createPeerweave({ driver: createFakeDriver({ network }) });
 * const bob = createPeerweave({ driver: createFakeDriver({ network }) });
 * const identityXml = await bob.promise(bob.effects.getIdentityXml());
 * const creatorPeerName = await alice.promise(alice.effects.createIdentity({ classifier: 'alice' }));
 * await using group = await alice.promise(alice.effects.createGroup({ creatorPeerName }));
 * const invitation = await alice.promise(alice.effects.createInvitation(group, { identityXml, roles: ['member'] }));
 * console.log(await firstValueFrom(bob.joinGroup({ invitation }).pipe(map(({ state }) => state)))); // open
 * ```
 */
export const joinGroup = (invitation: Invitation, options: GroupOptions = {}): PeerStream<PeerGroup> =>
  resourceOf('joinGroup', (signal) => effects.joinGroup(invitation, { ...options, signal }));

/**
 * Joins a group by a password invitation and stays in it while subscribed. Membership lasts; use {@link openGroup} next
 * time. Otherwise like {@link createGroup}.
 *
 * A wrong password shows when connecting, not here. The copy that is made of the password is wiped. Errors:
 * `BadArgument` or `AccessDenied` for a text that is no such invitation. Source: PeerGroupPasswordJoin,
 * PeerGroupConnect, PeerGroupClose.
 *
 * @example
 * ```ts
 * import { firstValueFrom, map } from 'rxjs';
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
 * console.log(
 *   await firstValueFrom(bob.joinGroupWithPassword({ invitation, password }).pipe(map(({ state }) => state))),
 * ); // open
 * ```
 */
export const joinGroupWithPassword = (
  invitation: PasswordInvitation,
  options: GroupOptions = {},
): PeerStream<PeerGroup> =>
  resourceOf('joinGroupWithPassword', (signal) =>
    effects.joinGroupWithPassword(invitation, { ...options, signal }),
  );
