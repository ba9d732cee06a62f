import { createCipheriv, hash } from 'node:crypto';
import type { SegmentCutter } from '../../../src/engine/distribution/segmentation/index.js';

/** The SHA-256 of 0, 1, 2 and so on, each as four big-endian bytes: bytes without a pattern, the same everywhere. */
export const counterBytes = (length: number, first = 0): Buffer => {
  const bytes = Buffer.allocUnsafe(Math.ceil(length / 32) * 32);
  const counter = Buffer.alloc(4);
  for (let at = 0; at < bytes.length; at += 32) {
    counter.writeUInt32BE(first + at / 32);
    hash('sha256', counter, 'buffer').copy(bytes, at);
  }
  return bytes.subarray(0, length);
};

/** The same for large contents: the key stream of AES in counter mode. */
export const keyStream = (length: number, key: number): Buffer =>
  createCipheriv('aes-128-ctr', Buffer.alloc(16, key), Buffer.alloc(16)).update(Buffer.alloc(length));

/** `content` cut into pieces of these lengths, again and again. */
export function* inPieces(content: Buffer, lengths: readonly number[]): Generator<Buffer> {
  let at = 0;
  for (let index = 0; at < content.length; index += 1) {
    const length = lengths[index % lengths.length]!;
    yield content.subarray(at, at + length);
    at += length;
  }
}

/** The lengths of the segments that `cutter` makes of a content in these pieces. */
export const segmentLengths = (cutter: SegmentCutter, pieces: Iterable<Uint8Array>): number[] => {
  const lengths: number[] = [];
  let length = 0;
  for (const piece of pieces) {
    let rest = piece;
    for (let end = cutter.cut(rest); end !== undefined; end = cutter.cut(rest)) {
      lengths.push(length + end);
      length = 0;
      rest = rest.subarray(end);
    }
    length += rest.length;
  }
  return length === 0 ? lengths : [...lengths, length];
};
