import { type FileTime, type GroupingDriver, type GroupRecord, PEER_RECORD_FLAGS } from '../driver/index.js';
import * as check from './check.js';
import { flagIf, hasFlag } from './flags.js';
import { NULL, u64In, type Frame } from './frame.js';
import { PEER_RECORD } from './layouts.js';
import type { MakeMember } from './members.js';
import { momentOrNone } from './memory.js';
import type { Native } from './native.js';
import { fileTimeFrom, guidFrom, openListing, room } from './p2p.js';
import type { PeerState } from './state.js';

const readRecord = ({ memory }: Native, address: bigint): GroupRecord => {
  const record = memory.struct(address, PEER_RECORD);
  return {
    type: record.type,
    id: record.id,
    version: record.dwVersion,
    autoRefresh: hasFlag(record.dwFlags, PEER_RECORD_FLAGS.PEER_RECORD_FLAG_AUTOREFRESH),
    deleted: hasFlag(record.dwFlags, PEER_RECORD_FLAGS.PEER_RECORD_FLAG_DELETED),
    creatorId: record.pwzCreatorId ?? '',
    modifiedById: record.pwzModifiedById,
    attributes: record.pwzAttributes,
    created: record.ftCreation,
    expires: record.ftExpiration,
    modified: momentOrNone(record.ftLastModified),
    data: memory.bytes(record.data.pbData, record.data.cbData),
  };
};

type Writable = Pick<GroupRecord, 'type' | 'expires' | 'data'> &
  Partial<Pick<GroupRecord, 'id' | 'version' | 'creatorId' | 'created'>> & {
    readonly attributes?: string | undefined;
    readonly autoRefresh?: boolean | undefined;
  };

const writeRecord = (frame: Frame, given: Writable): bigint => {
  const record = check.object(given, 'record');
  const data = check.bytes(record.data, 'data');
  return frame.struct(PEER_RECORD, {
    type: check.guid(record.type, 'type'),
    id: record.id,
    dwVersion: record.version,
    dwFlags: flagIf(
      check.optionalFlag(record.autoRefresh, 'autoRefresh'),
      PEER_RECORD_FLAGS.PEER_RECORD_FLAG_AUTOREFRESH,
    ),
    pwzCreatorId: record.creatorId,
    pwzAttributes: record.attributes,
    ftCreation: record.created,
    ftExpiration: check.fileTime(record.expires, 'expires'),
    data: { cbData: data.length, pbData: data.length === 0 ? NULL : frame.bytes(data, 'data') },
  }).address;
};

type Members =
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

/** The replicated database of a group and its clock. */
export const recordMembers = (member: MakeMember, state: PeerState): Pick<GroupingDriver, Members> => ({
  addRecord: member('addRecord', ({ native }, group, record) => {
    state.groups.get(group);
    return guidFrom(native, (frame, out) =>
      native.hresult('PeerGroupAddRecord', group, writeRecord(frame, record), out),
    );
  }),

  updateRecord: member('updateRecord', ({ native }, group, record) => {
    state.groups.get(group);
    native.frame((frame) => {
      check.guid(check.object(record, 'record').id, 'id');
      return native.hresult('PeerGroupUpdateRecord', group, writeRecord(frame, record));
    });
  }),

  deleteRecord: member('deleteRecord', ({ native }, group, recordId) => {
    state.groups.get(group);
    native.frame((frame) => native.hresult('PeerGroupDeleteRecord', group, frame.guid(recordId, 'recordId')));
  }),

  getRecord: member('getRecord', ({ native }, group, recordId) => {
    state.groups.get(group);
    return native.frame((frame) => {
      const record = room(frame);
      native.hresult('PeerGroupGetRecord', group, frame.guid(recordId, 'recordId'), record.address);
      return native.take(u64In(record), (address) => readRecord(native, address));
    });
  }),

  enumerateRecords: member('enumerateRecords', ({ native }, group, type) => {
    state.groups.get(group);
    return openListing<GroupRecord>(native, state, readRecord, (frame, out) =>
      native.hresult(
        'PeerGroupEnumRecords',
        group,
        type === undefined ? NULL : frame.guid(type, 'type'),
        out,
      ),
    );
  }),

  searchRecords: member('searchRecords', ({ native }, group, criteria) => {
    state.groups.get(group);
    return openListing<GroupRecord>(native, state, readRecord, (frame, out) =>
      native.hresult(
        'PeerGroupSearchRecords',
        group,
        frame.text(check.text(criteria, 'criteria'), 'criteria'),
        out,
      ),
    );
  }),

  exportDatabase: member('exportDatabase', ({ native }, group, path) => {
    state.groups.get(group);
    native.frame((frame) =>
      native.hresult('PeerGroupExportDatabase', group, frame.text(check.text(path, 'path'), 'path')),
    );
  }),

  importDatabase: member('importDatabase', ({ native }, group, path) => {
    state.groups.get(group);
    native.frame((frame) =>
      native.hresult('PeerGroupImportDatabase', group, frame.text(check.text(path, 'path'), 'path')),
    );
  }),

  peerToUniversalTime: member('peerToUniversalTime', ({ native }, group, peerTime: FileTime) => {
    state.groups.get(group);
    return fileTimeFrom(native, (frame, out) =>
      native.hresult('PeerGroupPeerTimeToUniversalTime', group, frame.fileTime(peerTime, 'peerTime'), out),
    );
  }),

  universalToPeerTime: member('universalToPeerTime', ({ native }, group, universalTime: FileTime) => {
    state.groups.get(group);
    return fileTimeFrom(native, (frame, out) =>
      native.hresult(
        'PeerGroupUniversalTimeToPeerTime',
        group,
        frame.fileTime(universalTime, 'universalTime'),
        out,
      ),
    );
  }),
});
