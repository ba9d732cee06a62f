import { crc32 } from 'node:zlib';
import { BLOCK_CIPHERS, IV_LENGTH } from '../wire/index.js';
import type { EncryptedBlock } from './encrypted-block.js';

/*
 * A record is a header and the encrypted bytes. Numbers are big-endian. Both parts have a checksum of their own: the
 * header's shows where a file of a dead process really ends, that of the bytes what a bad disk has changed.
 *
 *   0 magic, 4 cipher, 5 length of the vector, 6 length of the id, 7 whether the segment is cut into blocks
 *   8 block index, 12 segment length, 16 length of the bytes, 20 their checksum
 *   24 vector (16 bytes), 40 id (64 bytes), 104 checksum of the header before it
 */
const MAGIC = Buffer.from('PWh1');
const IV_AT = 24;
const ID_AT = IV_AT + IV_LENGTH;
const CHECKSUM_AT = 104;
const LONGEST_ID = CHECKSUM_AT - ID_AT;

export const HEADER_LENGTH = CHECKSUM_AT + 4;

/** A record without its bytes. */
export interface RecordHeader extends Omit<EncryptedBlock, 'data'> {
  readonly dataLength: number;
  readonly dataChecksum: number;
}

export const headerOf = ({ data, ...rest }: EncryptedBlock): RecordHeader => ({
  ...rest,
  dataLength: data.length,
  dataChecksum: crc32(data),
});

export const encodeHeader = (record: RecordHeader): Buffer => {
  const header = Buffer.alloc(HEADER_LENGTH);
  MAGIC.copy(header);
  header.writeUInt8(BLOCK_CIPHERS.indexOf(record.cipher), 4);
  header.writeUInt8(record.iv.length, 5);
  header.writeUInt8(record.segmentId.length, 6);
  header.writeUInt8(record.shape.isCut ? 1 : 0, 7);
  header.writeUInt32BE(record.index, 8);
  header.writeUInt32BE(record.shape.length, 12);
  header.writeUInt32BE(record.dataLength, 16);
  header.writeUInt32BE(record.dataChecksum, 20);
  header.set(record.iv, IV_AT);
  header.set(record.segmentId, ID_AT);
  header.writeUInt32BE(crc32(header.subarray(0, CHECKSUM_AT)), CHECKSUM_AT);
  return header;
};

/** `undefined` for anything but what {@link encodeHeader} wrote. */
export const decodeHeader = (header: Buffer): RecordHeader | undefined => {
  if (header.length < HEADER_LENGTH || !header.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  if (header.readUInt32BE(CHECKSUM_AT) !== crc32(header.subarray(0, CHECKSUM_AT))) return undefined;
  const cipher = BLOCK_CIPHERS[header.readUInt8(4)];
  const [ivLength, idLength] = [header.readUInt8(5), header.readUInt8(6)];
  if (cipher === undefined || ivLength > IV_LENGTH || idLength > LONGEST_ID) return undefined;
  return {
    cipher,
    iv: Buffer.from(header.subarray(IV_AT, IV_AT + ivLength)),
    segmentId: Buffer.from(header.subarray(ID_AT, ID_AT + idLength)),
    shape: { length: header.readUInt32BE(12), isCut: header.readUInt8(7) === 1 },
    index: header.readUInt32BE(8),
    dataLength: header.readUInt32BE(16),
    dataChecksum: header.readUInt32BE(20),
  };
};
