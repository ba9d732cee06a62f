import type { GroupProperties } from '../driver/index.js';
import { checked, type PeerEffect } from './effect.js';
import { onGroup, type PeerGroup } from './group.js';
import { groupPropertiesEdit, type GroupPropertiesEdit } from './validate/group-properties.js';
import { wiping } from './wiping.js';

/**
 * What the group is called, who made it, how long things live in it. Lifetimes are seconds.
 *
 * Errors: `NotReady` before the group has synchronised for the first time. Source: PeerGroupGetProperties.
 */
export const getGroupProperties = (group: PeerGroup): PeerEffect<GroupProperties> =>
  onGroup(group, 'getGroupProperties', (grouping, raw) => grouping.getProperties(raw));

/**
 * Changes what may change: friendly name, comment, flags, the password. Read them, edit, pass them back; every member
 * is told. Errors: `AccessDenied` for anybody but the creator. Source: PeerGroupSetProperties.
 */
export const setGroupProperties = (group: PeerGroup, properties: GroupPropertiesEdit): PeerEffect<void> =>
  checked('setGroupProperties', groupPropertiesEdit, properties, (valid) =>
    wiping(
      valid.authentication.groupPassword,
      properties.authentication.groupPassword,
      onGroup(group, 'setGroupProperties', (grouping, raw) => grouping.setProperties(raw, valid)),
    ),
  );
