import type { GroupProperties } from '../driver/index.js';
import { checked, type PeerEffect } from './effect.js';
import { onGroup, type PeerGroup } from './group.js';
import { groupPropertiesEdit, type GroupPropertiesEdit } from './validate/group-properties.js';
import { wiping } from './wiping.js';

/**
 * What the group is called, who made it, how long things live in it. Lifetimes are seconds. See {@link
 * setGroupProperties} for an example.
 *
 * Errors: `NotReady` before the group has synchronised for the first time. Source: PeerGroupGetProperties.
 */
export const getGroupProperties = (group: PeerGroup): PeerEffect<GroupProperties> =>
  onGroup(group, 'getGroupProperties', (grouping, raw) => grouping.getProperties(raw));

/**
 * Changes what may change: friendly name, comment, flags, the password. Read them, edit, pass them back.
 *
 * Every member is told by `PropertyChanged`. The copy that is made of a password is wiped. Errors: `AccessDenied` for
 * anybody but the creator, `BadArgument` for what cannot change: names, cloud, classifier, lifetimes.
 * Source: PeerGroupSetProperties.
 *
 * @example
 * ```ts
 * import { createPeerweave } from 'peerweave';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const { effects, promise } = createPeerweave({ driver: createFakeDriver() });
 * const creatorPeerName = await promise(effects.createIdentity());
 * await using group = await promise(effects.createGroup({ creatorPeerName, friendlyName: 'Chess' }));
 * const properties = await promise(effects.getGroupProperties(group));
 * await promise(effects.setGroupProperties(group, { ...properties, friendlyName: 'Go' }));
 * console.log((await promise(effects.getGroupProperties(group))).friendlyName); // Go
 * ```
 */
export const setGroupProperties = (group: PeerGroup, properties: GroupPropertiesEdit): PeerEffect<void> =>
  checked('setGroupProperties', groupPropertiesEdit, properties, (valid) =>
    wiping(
      valid.authentication.groupPassword,
      properties.authentication.groupPassword,
      onGroup(group, 'setGroupProperties', (grouping, raw) => grouping.setProperties(raw, valid)),
    ),
  );
