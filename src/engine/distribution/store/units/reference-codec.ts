import type { FileVersion, SourceFile } from '../../../../driver/index.js';
import { sealRecord, unsealRecord } from '../disk/sealed-record.js';

/** Where the bytes of a unit lie outside of the store: what a publication keeps instead of a copy. */
export interface Reference {
  readonly source: SourceFile;
  /** Where the unit begins in the file. */
  readonly start: number;
  /** No change since its blocks were hashed can have gone unnoticed: the file is as long as its version is the same. */
  readonly isSettled: boolean;
}

const MAGIC = Buffer.from('PWf1');
const PATH_AT = 49;

export const encodeReference = ({ source, start, isSettled }: Reference): Buffer => {
  const { device, inode, size, modifiedNs, changedNs } = source.version;
  const head = Buffer.alloc(PATH_AT);
  head.writeUInt8(isSettled ? 1 : 0, 0);
  for (const [index, value] of [BigInt(start), device, inode, size, modifiedNs, changedNs].entries()) {
    head.writeBigUInt64BE(BigInt.asUintN(64, value), 1 + index * 8);
  }
  return sealRecord(MAGIC, [head, Buffer.from(source.path)]);
};

export const decodeReference = (record: Buffer): Reference | undefined => {
  const body = unsealRecord(MAGIC, record);
  if (body === undefined || body.length <= PATH_AT) return undefined;
  const unsigned = (index: number): bigint => body.readBigUInt64BE(1 + index * 8);
  // The numbers of devices and files have no sign, times before 1970 have one.
  const version: FileVersion = {
    device: unsigned(1),
    inode: unsigned(2),
    size: unsigned(3),
    modifiedNs: BigInt.asIntN(64, unsigned(4)),
    changedNs: BigInt.asIntN(64, unsigned(5)),
  };
  return {
    source: { path: body.subarray(PATH_AT).toString(), version },
    start: Number(unsigned(0)),
    isSettled: body.readUInt8(0) === 1,
  };
};
