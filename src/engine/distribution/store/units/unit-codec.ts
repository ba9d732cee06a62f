import type { SegmentHash, SegmentInfo } from '../../ports.js';
import {
  blockCount,
  HASH_LENGTHS,
  hashCount,
  MAX_SEGMENT_LENGTH_V2,
  packedHashes,
  packRun,
  packSegment,
  SEGMENT_LENGTH,
  unpackRun,
} from '../../wire/index.js';
import { sealRecord, unsealRecord } from '../disk/sealed-record.js';
import { isRun, unitCalled, unitOf, type Unit } from './unit.js';

const SEGMENT_MAGIC = Buffer.from('PWs1');
const RUN_MAGIC = Buffer.from('PWr1');

/** By the number that stands for it. */
export const HASH_NAMES: readonly SegmentHash[] = ['sha256', 'sha384', 'sha512', 'truncated-sha512'];

const SEGMENT_HEAD_LENGTH = 7;
const RUN_HASH = 'truncated-sha512';

/** @param unit with ids of the length of their hash, as every id is that comes out of content information. */
export const encodeUnit = (unit: Unit): Buffer =>
  isRun(unit) ? encodeRun(unit.segments) : Buffer.concat(unit.segments.map(encodeSegment));

export const decodeUnit = (record: Buffer): Unit | undefined => {
  const [segment, run] = [unsealRecord(SEGMENT_MAGIC, record), unsealRecord(RUN_MAGIC, record)];
  const segments = segment === undefined ? decodeRun(run) : decodeSegment(segment);
  return segments === undefined || segments.length === 0 ? undefined : unitOf(segments);
};

/** The unit of a record that is to be found under a name. */
export const decodeUnitCalled = (name: string, record: Buffer | undefined): Unit | undefined => {
  const unit = record && decodeUnit(record);
  return unit && unitCalled(name, unit);
};

const encodeSegment = (info: SegmentInfo): Buffer => {
  const head = Buffer.alloc(SEGMENT_HEAD_LENGTH);
  head.writeUInt8(HASH_NAMES.indexOf(info.hash), 0);
  head.writeUInt32BE(info.length, 1);
  head.writeUInt16BE(hashCount(info), 5);
  return sealRecord(SEGMENT_MAGIC, [head, info.id, info.hashOfData, info.secret, packedHashes(info)]);
};

const decodeSegment = (body: Buffer): readonly SegmentInfo[] | undefined => {
  if (body.length < SEGMENT_HEAD_LENGTH) return undefined;
  const hash = HASH_NAMES[body.readUInt8(0)];
  const length = body.readUInt32BE(1);
  const count = body.readUInt16BE(5);
  if (hash === undefined || hash === RUN_HASH || length < 1 || length > SEGMENT_LENGTH) return undefined;
  if (count > blockCount({ hash, length })) return undefined;
  const size = HASH_LENGTHS[hash];
  if (body.length !== SEGMENT_HEAD_LENGTH + (3 + count) * size) return undefined;
  const field = (index: number): Buffer =>
    body.subarray(SEGMENT_HEAD_LENGTH + index * size, SEGMENT_HEAD_LENGTH + (index + 1) * size);
  const facts = { id: field(0), hash, hashOfData: field(1), secret: field(2), length };
  return [packSegment(facts, body.subarray(SEGMENT_HEAD_LENGTH + 3 * size))];
};

const encodeRun = (segments: readonly SegmentInfo[]): Buffer => sealRecord(RUN_MAGIC, [packRun(segments)]);

const decodeRun = (body: Buffer | undefined): readonly SegmentInfo[] | undefined => {
  const segments = body && unpackRun(body);
  const isValid = segments?.every(({ length }) => length >= 1 && length <= MAX_SEGMENT_LENGTH_V2) === true;
  return isValid ? segments : undefined;
};
