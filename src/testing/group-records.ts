import { isAbsolute, win32 } from 'node:path';
import {
  fileTimeFromMillis,
  type GroupHandle,
  type GroupingDriver,
  type GroupRecord,
  type Guid,
} from '../driver/index.js';
import { guidFor } from './fake-keys.js';
import type { GroupingContext } from './grouping-context.js';
import type { Membership } from './membership.js';
import { faultOf, type OperationName } from './operations.js';
import { parseRecordAttributes } from './record-attributes.js';
import { armExpiry } from './record-expiry.js';
import { parseSearch } from './record-search.js';
import { applyRecord, publishRecord } from './replication.js';
import { isAdmin } from './roles.js';

type RecordMembers =
  | 'addRecord'
  | 'updateRecord'
  | 'deleteRecord'
  | 'getRecord'
  | 'enumerateRecords'
  | 'searchRecords'
  | 'exportDatabase'
  | 'importDatabase'
  | 'peerToUniversalTime'
  | 'universalToPeerTime';

/** Payload and attributes together. */
const MAX_RECORD_BYTES = 62_914_560;

/** Types that the grouping infrastructure keeps for its own records. */
const RESERVED_TYPES: ReadonlySet<string> = new Set(
  ['00000100', '00000200', '00000300', '00000400', '01000000', '02000000'].map(
    (start) => `${start}-0000-0000-0000-000000000000`,
  ),
);

/** An exported database, kept in memory under its path: this driver writes no files. */
interface Database {
  readonly groupPeerName: string;
  readonly identity: string;
  readonly records: readonly GroupRecord[];
}

const checkContent = (
  operation: OperationName,
  { data, attributes = '' }: Pick<GroupRecord, 'data' | 'attributes'>,
): void => {
  if (data.length + attributes.length * 2 > MAX_RECORD_BYTES)
    throw faultOf(operation, 'PEER_E_MAX_RECORD_SIZE_EXCEEDED');
  if (attributes !== '' && parseRecordAttributes(attributes) === undefined)
    throw faultOf(operation, 'PEER_E_INVALID_ATTRIBUTES');
};

export const createGroupRecords = (grouping: GroupingContext): Pick<GroupingDriver, RecordMembers> => {
  const { gate, clock, network } = grouping.fake;
  const databases = new Map<string, Database>();

  const now = () => fileTimeFromMillis(clock.now());

  const publish = (membership: Membership, record: GroupRecord): void => {
    publishRecord(membership, record);
    for (const member of membership.online ? [membership, ...membership.reachable] : [membership])
      armExpiry(member, clock);
  };

  const living = (membership: Membership): readonly GroupRecord[] =>
    [...membership.records.values()].filter(({ deleted }) => !deleted);

  const find = (operation: OperationName, membership: Membership, id: Guid): GroupRecord => {
    const record = membership.records.get(id);
    if (record === undefined || record.deleted) throw faultOf(operation, 'PEER_E_RECORD_NOT_FOUND');
    return record;
  };

  /** @throws PEER_E_NOT_AUTHORIZED unless this member made the record or administers the group. */
  const findOwn = (operation: OperationName, membership: Membership, id: Guid): GroupRecord => {
    const record = find(operation, membership, id);
    if (record.creatorId !== membership.identity && !isAdmin(membership.roles))
      throw faultOf(operation, 'PEER_E_NOT_AUTHORIZED', 'neither its creator nor an administrator');
    return record;
  };

  const changedBy = (membership: Membership, { version }: GroupRecord) => ({
    version: version + 1,
    modified: now(),
    modifiedById: membership.identity,
  });

  const checkPath = (operation: OperationName, path: string): void => {
    if (!isAbsolute(path) && !win32.isAbsolute(path))
      throw faultOf(operation, 'E_INVALIDARG', 'the path is not absolute');
  };

  const list = (group: GroupHandle, records: readonly GroupRecord[]) =>
    grouping.enumeration.list(records, group);

  return {
    addRecord: (handle, { type, expires, attributes, autoRefresh = false, data }) =>
      gate.run('grouping.addRecord', undefined, () => {
        const operation = 'grouping.addRecord';
        const membership = grouping.useReady(operation, handle);
        if (RESERVED_TYPES.has(type)) throw faultOf(operation, 'PEER_E_NOT_AUTHORIZED', 'a reserved type');
        if (expires <= now()) throw faultOf(operation, 'E_INVALIDARG', 'the expiration lies in the past');
        checkContent(operation, { data, attributes });
        const id = guidFor(`record ${network.nextSerial()}`);
        const { identity: creatorId } = membership;
        const [created, modified] = [now(), now()];
        publish(membership, {
          type,
          id,
          version: 1,
          autoRefresh,
          deleted: false,
          creatorId,
          modifiedById: creatorId,
          attributes,
          created,
          expires,
          modified,
          data: Uint8Array.from(data),
        });
        return id;
      }),

    updateRecord: (handle, record) =>
      gate.run('grouping.updateRecord', undefined, () => {
        const operation = 'grouping.updateRecord';
        const membership = grouping.useReady(operation, handle);
        const known = findOwn(operation, membership, record.id);
        const { attributes, data, expires } = record;
        if (record.type !== known.type) throw faultOf(operation, 'E_INVALIDARG', 'the type cannot change');
        if (expires < known.expires)
          throw faultOf(operation, 'E_INVALIDARG', 'the expiration cannot go back');
        checkContent(operation, { attributes, data });
        publish(membership, {
          ...known,
          ...changedBy(membership, known),
          attributes,
          expires,
          data: Uint8Array.from(data),
        });
      }),

    deleteRecord: (handle, id) =>
      gate.run('grouping.deleteRecord', undefined, () => {
        const membership = grouping.useReady('grouping.deleteRecord', handle);
        const known = findOwn('grouping.deleteRecord', membership, id);
        publish(membership, {
          ...known,
          ...changedBy(membership, known),
          deleted: true,
          attributes: undefined,
          data: new Uint8Array(),
        });
      }),

    getRecord: (handle, id) =>
      gate.run('grouping.getRecord', undefined, () =>
        find('grouping.getRecord', grouping.useReady('grouping.getRecord', handle), id),
      ),

    enumerateRecords: (handle, type) =>
      gate.run('grouping.enumerateRecords', undefined, () =>
        list(
          handle,
          living(grouping.use('grouping.enumerateRecords', handle)).filter(
            (record) => type === undefined || record.type === type,
          ),
        ),
      ),

    searchRecords: (handle, criteria) =>
      gate.run('grouping.searchRecords', undefined, () => {
        const membership = grouping.use('grouping.searchRecords', handle);
        const predicate = parseSearch(criteria);
        if (predicate === 'bad-escape')
          throw faultOf(
            'grouping.searchRecords',
            'E_INVALIDARG',
            'a backslash stands before *, ? or \\ only',
          );
        if (predicate === 'malformed') throw faultOf('grouping.searchRecords', 'PEER_E_INVALID_SEARCH');
        return list(handle, living(membership).filter(predicate));
      }),

    exportDatabase: (handle, path) =>
      gate.run('grouping.exportDatabase', undefined, () => {
        const { group, identity, records } = grouping.use('grouping.exportDatabase', handle);
        checkPath('grouping.exportDatabase', path);
        const { groupPeerName } = group.properties;
        databases.set(path, { groupPeerName, identity, records: [...records.values()] });
      }),

    importDatabase: (handle, path) =>
      gate.run('grouping.importDatabase', undefined, () => {
        const operation = 'grouping.importDatabase';
        const membership = grouping.use(operation, handle);
        checkPath(operation, path);
        if (membership.online) throw faultOf(operation, 'PEER_E_GROUP_IN_USE', 'import before connecting');
        const database = databases.get(path);
        if (database === undefined) throw faultOf(operation, 'ERROR_FILE_NOT_FOUND', path);
        const { groupPeerName } = membership.group.properties;
        if (database.groupPeerName !== groupPeerName || database.identity !== membership.identity)
          throw faultOf(operation, 'E_INVALIDARG', 'a database of another group or identity');
        for (const record of database.records) applyRecord(membership, record);
        membership.ready = true;
        armExpiry(membership, clock);
      }),

    // The peers of this driver share one clock, so peer time is universal time.
    peerToUniversalTime: (handle, time) =>
      gate.run('grouping.peerToUniversalTime', undefined, () => {
        grouping.useReady('grouping.peerToUniversalTime', handle);
        return time;
      }),

    universalToPeerTime: (handle, time) =>
      gate.run('grouping.universalToPeerTime', undefined, () => {
        grouping.useReady('grouping.universalToPeerTime', handle);
        return time;
      }),
  };
};
