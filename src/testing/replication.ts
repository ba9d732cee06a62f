import type { GroupRecord, RecordChange } from '../driver/index.js';
import type { Membership } from './membership.js';

/** Whether `candidate` replaces `known`: by version, then by time, then by who wrote it. */
const isNewer = (candidate: GroupRecord, known: GroupRecord): boolean => {
  if (candidate.version !== known.version) return candidate.version > known.version;
  const [left = 0n, right = 0n] = [candidate.modified, known.modified];
  if (left !== right) return left > right;
  return (candidate.modifiedById ?? '') > (known.modifiedById ?? '');
};

export const tellRecord = (member: Membership, change: RecordChange, { id, type }: GroupRecord): void =>
  member.post({ _tag: 'RecordChanged', change, recordId: id, recordType: type });

/** Puts a record into a member's database, unless it holds one that is as new. */
export const applyRecord = (member: Membership, record: GroupRecord): void => {
  const known = member.records.get(record.id);
  if (known !== undefined && !isNewer(record, known)) return;
  member.records.set(record.id, record);
  if (record.deleted) {
    if (known !== undefined && !known.deleted) tellRecord(member, 'deleted', record);
  } else tellRecord(member, known === undefined ? 'added' : 'updated', record);
};

/** Puts a record into a member's database and those of everybody it is connected with. */
export const publishRecord = (member: Membership, record: GroupRecord): void => {
  applyRecord(member, record);
  if (member.online) for (const other of member.reachable) applyRecord(other, record);
};
