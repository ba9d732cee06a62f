import { createHash, createHmac } from 'node:crypto';
import { expect } from 'vitest';

/* Content information read and computed by the layouts and formulas of MS-PCCRC alone, without any code of ours. */

interface Segment {
  readonly offset: number;
  readonly length: number;
  readonly hashOfData: Buffer;
  readonly secret: Buffer;
  readonly blockHashes: readonly Buffer[];
}

const BLOCK = 65_536;

const readVersion1 = (bytes: Buffer): Segment[] => {
  expect(bytes.readUInt32LE(2)).toBe(0x800c);
  const count = bytes.readUInt32LE(14);
  let list = 18 + count * 80;
  const segments = Array.from({ length: count }, (_, index) => {
    const at = 18 + index * 80;
    expect(bytes.readUInt32LE(at + 12)).toBe(BLOCK);
    const blocks = bytes.readUInt32LE(list);
    const blockHashes = Array.from({ length: blocks }, (_, block) =>
      bytes.subarray(list + 4 + block * 32, list + 36 + block * 32),
    );
    list += 4 + blocks * 32;
    return {
      offset: Number(bytes.readBigUInt64LE(at)),
      length: bytes.readUInt32LE(at + 8),
      hashOfData: bytes.subarray(at + 16, at + 48),
      secret: bytes.subarray(at + 48, at + 80),
      blockHashes,
    };
  });
  expect(list).toBe(bytes.length);
  return segments;
};

const readVersion2 = (bytes: Buffer): Segment[] => {
  expect(bytes.readUInt8(2)).toBe(4);
  expect(bytes.readUInt8(31)).toBe(0);
  expect(bytes.readUInt32BE(32)).toBe(bytes.length - 36);
  let offset = Number(bytes.readBigUInt64BE(3));
  return Array.from({ length: (bytes.length - 36) / 68 }, (_, index) => {
    const at = 36 + index * 68;
    const length = bytes.readUInt32BE(at);
    const hashOfData = bytes.subarray(at + 4, at + 36);
    const segment = { offset, length, hashOfData, secret: bytes.subarray(at + 36, at + 68), blockHashes: [] };
    offset += length;
    return segment;
  });
};

/** Checks every hash of content information for the whole of `content`. */
export const expectTrue = (
  information: Buffer,
  content: Buffer,
  serverSecret: Buffer,
  version: 1 | 2,
): void => {
  expect(information.subarray(0, 2)).toEqual(Buffer.of(0, version));
  const algorithm = version === 1 ? 'sha256' : 'sha512';
  const digest = (bytes: Uint8Array): Buffer => createHash(algorithm).update(bytes).digest().subarray(0, 32);
  const segments = version === 1 ? readVersion1(information) : readVersion2(information);
  let end = 0;
  for (const { offset, length, hashOfData, secret, blockHashes } of segments) {
    expect(offset).toBe(end);
    end += length;
    const data = content.subarray(offset, end);
    const blocks = Array.from({ length: Math.ceil(length / BLOCK) }, (_, index) =>
      digest(data.subarray(index * BLOCK, (index + 1) * BLOCK)),
    );
    if (version === 1) expect(blockHashes).toEqual(blocks);
    expect(hashOfData).toEqual(digest(version === 1 ? Buffer.concat(blocks) : data));
    const key = createHmac(algorithm, digest(serverSecret)).update(hashOfData).digest().subarray(0, 32);
    expect(secret).toEqual(key);
  }
  expect(end).toBe(content.length);
};
