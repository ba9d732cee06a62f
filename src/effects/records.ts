import type { GroupRecord, Guid } from '../driver/index.js';
import { checked, orThrow, type PeerEffect } from './effect.js';
import { groupCore, onGroup, type PeerGroup } from './group.js';
import type { ListingSource } from './listing.js';
import { guid } from './validate/guid.js';
import { absolutePath } from './validate/path.js';
import { recordCreation, type RecordEdit, type RecordInput, recordUpdate } from './validate/record.js';
import { recordSearch, type RecordSearchInput } from './validate/record-search.js';
import { optional } from './validate/rule.js';
import { validate } from './validate/validate.js';

/**
 * Publishes a record to every member of the group and answers its id. `expires` is peer time: see `toPeerTime`.
 *
 * Errors: `BadArgument` for broken attributes, an expiry in the past or more than 60 MiB; `NotReady` before the group
 * has synchronised; `AccessDenied` for reserved types. Source: PeerGroupAddRecord.
 *
 * @example
 * ```ts
 * import { addRecord, createEnv, createGroup, createIdentity, orThrow, type Guid } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const env = createEnv({ driver: createFakeDriver() });
 * const creatorPeerName = orThrow(await createIdentity({ classifier: 'alice' })(env)());
 * await using group = orThrow(await createGroup({ creatorPeerName })(env)());
 * const id = await addRecord(group, {
 *   type: '5ba73bb8-5f9e-4a1b-9d6f-1c5a1f4f3a11' as Guid,
 *   expires: new Date(Date.now() + 3_600_000),
 *   attributes: [{ name: 'title', value: 'Opening' }],
 *   data: Buffer.from('e4'),
 * })(env)();
 * console.log(id._tag);
 * ```
 */
export const addRecord =
  (group: PeerGroup, input: RecordInput): PeerEffect<Guid> =>
  (env) =>
    checked('addRecord', recordCreation(env.clock.now()), input, (record) =>
      onGroup(group, 'addRecord', (grouping, raw) => grouping.addRecord(raw, record)),
    )(env);

/**
 * Publishes a changed record. Data, attributes and a later expiry may differ from what was read.
 *
 * Errors: `AccessDenied` unless creator or administrator. Source: PeerGroupUpdateRecord.
 */
export const updateRecord =
  (group: PeerGroup, edit: RecordEdit): PeerEffect<void> =>
  (env) =>
    checked('updateRecord', recordUpdate(env.clock.now()), edit, (record) =>
      onGroup(group, 'updateRecord', (grouping, raw) => grouping.updateRecord(raw, record)),
    )(env);

/** Deletes a record for every member; an empty tombstone stays until it expires. Source: PeerGroupDeleteRecord. */
export const deleteRecord = (group: PeerGroup, id: Guid): PeerEffect<void> =>
  checked('deleteRecord', guid, id, (valid) =>
    onGroup(group, 'deleteRecord', (grouping, raw) => grouping.deleteRecord(raw, valid)),
  );

/** One record by its id. Errors: `NotFound`. Source: PeerGroupGetRecord. */
export const getRecord = (group: PeerGroup, id: Guid): PeerEffect<GroupRecord> =>
  checked('getRecord', guid, id, (valid) =>
    onGroup(group, 'getRecord', (grouping, raw) => grouping.getRecord(raw, valid)),
  );

/** The records of a group, of one type or all. Source: PeerGroupEnumRecords. */
export const recordsOf = (group: PeerGroup, type?: Guid): ListingSource<GroupRecord> => ({
  operation: 'recordsOf',
  parent: () => groupCore(group, 'recordsOf'),
  open: async ({ grouping }) =>
    grouping.enumerateRecords(
      groupCore(group, 'recordsOf').assertOpen('recordsOf'),
      orThrow(validate(optional(guid), type, 'recordsOf')),
    ),
});

/**
 * The records whose attributes meet a criterion, built with `clause`, `and` and `or` or given as `peersearch` XML. The
 * local database is searched. Errors: `BadArgument` for a malformed query. Source: PeerGroupSearchRecords.
 */
export const recordsMatching = (
  group: PeerGroup,
  criteria: RecordSearchInput,
): ListingSource<GroupRecord> => ({
  operation: 'recordsMatching',
  parent: () => groupCore(group, 'recordsMatching'),
  open: async ({ grouping }) =>
    grouping.searchRecords(
      groupCore(group, 'recordsMatching').assertOpen('recordsMatching'),
      orThrow(validate(recordSearch, criteria, 'recordsMatching')),
    ),
});

/** Writes the group's records to a file, overwriting it; the path is absolute. Source: PeerGroupExportDatabase. */
export const exportGroupDatabase = (group: PeerGroup, path: string): PeerEffect<void> =>
  checked('exportGroupDatabase', absolutePath, path, (valid) =>
    onGroup(group, 'exportGroupDatabase', (grouping, raw) => grouping.exportDatabase(raw, valid)),
  );

/**
 * Reads such a file of the same group and identity, after opening and before connecting.
 *
 * Errors: `AlreadyExists` once the group is online. Source: PeerGroupImportDatabase.
 */
export const importGroupDatabase = (group: PeerGroup, path: string): PeerEffect<void> =>
  checked('importGroupDatabase', absolutePath, path, (valid) =>
    onGroup(group, 'importGroupDatabase', (grouping, raw) => grouping.importDatabase(raw, valid)),
  );
