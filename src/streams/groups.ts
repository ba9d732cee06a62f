import type { GroupOptions as OpenOptions, PeerGroup } from '../effects/group.js';
import * as effects from '../effects/group.js';
import type { GroupPropertiesInput } from '../effects/validate/group-properties.js';
import type { GroupReference, Invitation, PasswordInvitation } from '../effects/validate/group-reference.js';
import { type PeerStream, resourceOf } from './from-effect.js';

export type GroupOptions = Omit<OpenOptions, 'signal'>;

/**
 * Creates a group and stays in it while subscribed.
 *
 * Cold: each subscription creates one group, emits one handle, goes online unless `connect: 'manual'`, and closes the
 * handle on unsubscribing (PeerGroupClose), after everything that was opened through it. It never completes by itself;
 * it completes when the handle is closed by somebody else. The group stays on disk: see `openGroup`, `deleteGroup`.
 *
 * Lifetimes in `properties` are seconds. Errors: `BadArgument` with every fault of the properties, `NotFound` or
 * `Unavailable` for the cloud, `AccessDenied` for a key that cannot be used.
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
 * Errors: `NotFound` if the identity has no such group. Source: PeerGroupOpen.
 */
export const openGroup = (group: GroupReference, options: GroupOptions = {}): PeerStream<PeerGroup> =>
  resourceOf('openGroup', (signal) => effects.openGroup(group, { ...options, signal }));

/**
 * Joins a group by an invitation and stays in it while subscribed. Membership lasts; use {@link openGroup} next time.
 *
 * Errors: `AccessDenied` for an invitation that is not trusted, expired or for somebody else. Source: PeerGroupJoin.
 */
export const joinGroup = (invitation: Invitation, options: GroupOptions = {}): PeerStream<PeerGroup> =>
  resourceOf('joinGroup', (signal) => effects.joinGroup(invitation, { ...options, signal }));

/**
 * Joins a group by a password invitation and stays in it while subscribed. A wrong password shows when connecting.
 *
 * Source: PeerGroupPasswordJoin.
 */
export const joinGroupWithPassword = (
  invitation: PasswordInvitation,
  options: GroupOptions = {},
): PeerStream<PeerGroup> =>
  resourceOf('joinGroupWithPassword', (signal) =>
    effects.joinGroupWithPassword(invitation, { ...options, signal }),
  );
