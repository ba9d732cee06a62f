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
 * Errors: `BadArgument` for broken attributes, a reserved type, an expiry in the past or more than 60 MiB; `NotReady`
 * before the group has synchronised. Source: PeerGroupAddRecord.
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
 * Errors: `AccessDenied` unless creator or administrator, `BadArgument` for what must not change, `NotFound`.
 * Source: PeerGroupUpdateRecord.
 *
 * @example
 * ```ts
 * import { createPeerweave } from 'peerweave';
 * import type { Guid } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const { effects, promise } = createPeerweave({ driver: createFakeDriver() });
 * const creatorPeerName = await promise(effects.createIdentity());
 * await using group = await promise(effects.createGroup({ creatorPeerName }));
 * const type = '5ba73bb8-5f9e-4a1b-9d6f-1c5a1f4f3a11' as Guid;
 * const expires = new Date(Date.now() + 3_600_000);
 * const id = await promise(effects.addRecord(group, { type, expires, data: Buffer.from('e4') }));
 * const record = await promise(effects.getRecord(group, id));
 * await promise(effects.updateRecord(group, { ...record, data: Buffer.from('e4 e5') }));
 * console.log(Buffer.from((await promise(effects.getRecord(group, id))).data).toString()); // e4 e5
 * await promise(effects.deleteRecord(group, id));
 * ```
 */
export const updateRecord =
  (group: PeerGroup, edit: RecordEdit): PeerEffect<void> =>
  (env) =>
    checked('updateRecord', recordUpdate(env.clock.now()), edit, (record) =>
      onGroup(group, 'updateRecord', (grouping, raw) => grouping.updateRecord(raw, record)),
    )(env);

/**
 * Deletes a record for every member; an empty tombstone stays until it expires. See {@link updateRecord} for an
 * example.
 *
 * Errors: `AccessDenied` unless creator or administrator, `NotFound`. Source: PeerGroupDeleteRecord.
 */
export const deleteRecord = (group: PeerGroup, id: Guid): PeerEffect<void> =>
  checked('deleteRecord', guid, id, (valid) =>
    onGroup(group, 'deleteRecord', (grouping, raw) => grouping.deleteRecord(raw, valid)),
  );

/** One record by its id. See {@link updateRecord} for an example. Errors: `NotFound`. Source: PeerGroupGetRecord. */
export const getRecord = (group: PeerGroup, id: Guid): PeerEffect<GroupRecord> =>
  checked('getRecord', guid, id, (valid) =>
    onGroup(group, 'getRecord', (grouping, raw) => grouping.getRecord(raw, valid)),
  );

/**
 * The records of a group, of one type or all, to be listed by {@link list} or {@link openListing}. No order is
 * promised. See {@link recordsMatching} for an example.
 *
 * Errors: `NotReady` before the group has synchronised. Source: PeerGroupEnumRecords.
 */
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
 * The records whose attributes meet a criterion, built with `clause`, `and` and `or` or given as `peersearch` XML, to
 * be listed by {@link list} or {@link openListing}. The local database is searched.
 *
 * Errors: `BadArgument` for a malformed query. Source: PeerGroupSearchRecords.
 *
 * @example
 * ```ts
 * import { createPeerweave } from 'peerweave';
 * import { clause, type Guid, recordsMatching, recordsOf } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const { effects, promise } = createPeerweave({ driver: createFakeDriver() });
 * const creatorPeerName = await promise(effects.createIdentity());
 * await using group = await promise(effects.createGroup({ creatorPeerName }));
 * const type = '5ba73bb8-5f9e-4a1b-9d6f-1c5a1f4f3a11' as Guid;
 * const expires = new Date(Date.now() + 3_600_000);
 * for (const value of ['Opening', 'Endgame']) {
 *   const attributes = [{ name: 'title', value }];
 *   await promise(effects.addRecord(group, { type, expires, attributes, data: Buffer.alloc(0) }));
 * }
 * console.log((await promise(effects.list(recordsOf(group, type)))).length); // 2
 * console.log((await promise(effects.list(recordsMatching(group, clause('title', 'equal', 'End*'))))).length); // 1
 * ```
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

/**
 * Writes the group's records to a file, overwriting it; the path is absolute.
 *
 * Errors: `BadArgument` for a relative path, `AccessDenied`, `System` for the file, `NotReady` before the group has
 * synchronised. Source: PeerGroupExportDatabase.
 *
 * @example
 * ```ts
 * import { createPeerweave } from 'peerweave';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const { effects, promise } = createPeerweave({ driver: createFakeDriver() });
 * const creatorPeerName = await promise(effects.createIdentity());
 * const group = await promise(effects.createGroup({ creatorPeerName }));
 * const { groupPeerName } = await promise(effects.getGroupProperties(group));
 * await promise(effects.exportGroupDatabase(group, '/fake/chess.db'));
 * await group.close();
 * const offline = { connect: 'manual' } as const;
 * await using again = await promise(effects.openGroup({ identity: creatorPeerName, groupPeerName }, offline));
 * await promise(effects.importGroupDatabase(again, '/fake/chess.db'));
 * console.log(again.state); // open
 * ```
 */
export const exportGroupDatabase = (group: PeerGroup, path: string): PeerEffect<void> =>
  checked('exportGroupDatabase', absolutePath, path, (valid) =>
    onGroup(group, 'exportGroupDatabase', (grouping, raw) => grouping.exportDatabase(raw, valid)),
  );

/**
 * Reads a file of {@link exportGroupDatabase}, of the same group and identity, after opening and before connecting.
 *
 * Errors: `AlreadyExists` once the group is online, `NotFound` for the file, `BadArgument` for a relative path.
 * Source: PeerGroupImportDatabase.
 */
export const importGroupDatabase = (group: PeerGroup, path: string): PeerEffect<void> =>
  checked('importGroupDatabase', absolutePath, path, (valid) =>
    onGroup(group, 'importGroupDatabase', (grouping, raw) => grouping.importDatabase(raw, valid)),
  );
