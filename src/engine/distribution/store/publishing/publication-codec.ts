import type { SegmentHash } from '../../ports.js';
import { sealRecord, unsealRecord } from '../disk/sealed-record.js';
import { HASH_NAMES } from '../units/unit-codec.js';

/** What is kept of a finished publication; its units are kept for themselves. */
export interface PublicationRecord {
  readonly contentId: Uint8Array;
  readonly hash: SegmentHash;
  readonly length: number;
  /** Names, in the order of the content. */
  readonly units: readonly string[];
}

const MAGIC = Buffer.from('PWp2');
const HEAD_LENGTH = 18;

export const encodePublication = ({ contentId, hash, length, units }: PublicationRecord): Buffer => {
  const names = units.map((name) => Buffer.from(name, 'hex'));
  const head = Buffer.alloc(HEAD_LENGTH);
  head.writeUInt8(HASH_NAMES.indexOf(hash), 0);
  head.writeBigUInt64BE(BigInt(length), 1);
  head.writeUInt32BE(contentId.length, 9);
  head.writeUInt32BE(units.length, 13);
  head.writeUInt8(names[0]?.length ?? 0, 17);
  return sealRecord(MAGIC, [head, contentId, ...names]);
};

export const decodePublication = (record: Buffer): PublicationRecord | undefined => {
  const body = unsealRecord(MAGIC, record);
  if (body === undefined || body.length < HEAD_LENGTH) return undefined;
  const hash = HASH_NAMES[body.readUInt8(0)];
  const length = Number(body.readBigUInt64BE(1));
  const namesAt = HEAD_LENGTH + body.readUInt32BE(9);
  const unitCount = body.readUInt32BE(13);
  const size = body.readUInt8(17);
  if (hash === undefined || body.length !== namesAt + unitCount * size) return undefined;
  return {
    contentId: body.subarray(HEAD_LENGTH, namesAt),
    hash,
    length,
    units: Array.from({ length: unitCount }, (_, index) =>
      body.toString('hex', namesAt + index * size, namesAt + (index + 1) * size),
    ),
  };
};
