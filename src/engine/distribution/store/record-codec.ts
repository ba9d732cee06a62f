import type { SegmentHash, SegmentInfo } from '../ports.js';
import { blockCount, HASH_LENGTHS, SEGMENT_LENGTH } from '../wire/index.js';
import { sealRecord, unsealRecord } from './sealed-record.js';

/** What is kept of a finished publication; its segments are kept for themselves. */
export interface PublicationRecord {
  readonly contentId: Uint8Array;
  readonly hash: SegmentHash;
  readonly length: number;
  readonly segmentIds: readonly Uint8Array[];
}

const SEGMENT_MAGIC = Buffer.from('PWs1');
const PUBLICATION_MAGIC = Buffer.from('PWp1');

const HASH_NAMES: readonly SegmentHash[] = ['sha256', 'sha384', 'sha512', 'truncated-sha512'];

/** @param info with an id of the length of its hash, as every id is that comes out of content information. */
export const encodeSegmentInfo = (info: SegmentInfo): Buffer => {
  const head = Buffer.alloc(7);
  head.writeUInt8(HASH_NAMES.indexOf(info.hash), 0);
  head.writeUInt32BE(info.length, 1);
  head.writeUInt16BE(info.blockHashes.length, 5);
  return sealRecord(SEGMENT_MAGIC, [head, info.id, info.hashOfData, info.secret, ...info.blockHashes]);
};

export const decodeSegmentInfo = (record: Buffer): SegmentInfo | undefined => {
  const body = unsealRecord(SEGMENT_MAGIC, record);
  if (body === undefined || body.length < 7) return undefined;
  const hash = HASH_NAMES[body.readUInt8(0)];
  const length = body.readUInt32BE(1);
  const hashCount = body.readUInt16BE(5);
  if (
    hash === undefined ||
    length < 1 ||
    length > SEGMENT_LENGTH ||
    hashCount > blockCount({ hash, length })
  ) {
    return undefined;
  }
  const size = HASH_LENGTHS[hash];
  if (body.length !== 7 + (3 + hashCount) * size) return undefined;
  const field = (index: number): Buffer => body.subarray(7 + index * size, 7 + (index + 1) * size);
  return {
    id: field(0),
    hash,
    hashOfData: field(1),
    secret: field(2),
    length,
    blockHashes: Array.from({ length: hashCount }, (_, index) => field(3 + index)),
  };
};

export const encodePublication = (publication: PublicationRecord): Buffer => {
  const head = Buffer.alloc(17);
  head.writeUInt8(HASH_NAMES.indexOf(publication.hash), 0);
  head.writeBigUInt64BE(BigInt(publication.length), 1);
  head.writeUInt32BE(publication.contentId.length, 9);
  head.writeUInt32BE(publication.segmentIds.length, 13);
  return sealRecord(PUBLICATION_MAGIC, [head, publication.contentId, ...publication.segmentIds]);
};

export const decodePublication = (record: Buffer): PublicationRecord | undefined => {
  const body = unsealRecord(PUBLICATION_MAGIC, record);
  if (body === undefined || body.length < 17) return undefined;
  const hash = HASH_NAMES[body.readUInt8(0)];
  const length = Number(body.readBigUInt64BE(1));
  const idLength = body.readUInt32BE(9);
  const segmentCount = body.readUInt32BE(13);
  if (hash === undefined || segmentCount !== Math.ceil(length / SEGMENT_LENGTH)) return undefined;
  const size = HASH_LENGTHS[hash];
  const idsAt = 17 + idLength;
  if (body.length !== idsAt + segmentCount * size) return undefined;
  return {
    contentId: body.subarray(17, idsAt),
    hash,
    length,
    segmentIds: Array.from({ length: segmentCount }, (_, index) =>
      body.subarray(idsAt + index * size, idsAt + (index + 1) * size),
    ),
  };
};
