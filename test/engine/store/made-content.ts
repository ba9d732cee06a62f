import { createCipheriv, createHash } from 'node:crypto';
import type { SegmentInfo } from '../../../src/engine/distribution/ports.js';
import { describeSegment } from '../../../src/engine/distribution/wire/index.js';

export const KIB = 1024;
export const BLOCK = 64 * KIB;
export const SEGMENT = 512 * BLOCK;
export const SECRET = Buffer.from('secret of the tests');

export const contentId = (name: string): Buffer => Buffer.from(name);
export const tag = (name: string): Buffer => Buffer.alloc(16, name);

export const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** Bytes that look random and are the same for the same name. */
export const contentOf = (name: string, length: number): Buffer =>
  createCipheriv('aes-256-ctr', sha256(Buffer.from(name)), Buffer.alloc(16)).update(Buffer.alloc(length));

/** The blocks of a content as anybody would cut them. */
export const blocksOf = (content: Uint8Array): Buffer[] =>
  Array.from({ length: Math.ceil(content.length / BLOCK) }, (_, index) =>
    Buffer.from(content.subarray(index * BLOCK, (index + 1) * BLOCK)),
  );

/** A segment as content information of another publisher describes it; its last block is short. */
export const segmentOf = (name: string, blockCount: number): { info: SegmentInfo; blocks: Buffer[] } => {
  const length = blockCount * BLOCK - 100;
  const blocks = blocksOf(contentOf(name, length));
  const serverKey = sha256(Buffer.from('another secret'));
  const info = describeSegment({ hash: 'sha256', serverKey, length, blockHashes: blocks.map(sha256) });
  return { info, blocks };
};
