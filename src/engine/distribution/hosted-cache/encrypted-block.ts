import type { SegmentHash } from '../ports.js';
import { BLOCK_LENGTH, versionOf, type BlockCipher } from '../wire/index.js';

/** How a segment that was offered is cut, which is all that a hosted cache may know of it. */
export interface SegmentShape {
  /** Bytes. */
  readonly length: number;
  /** Of version 1; a segment of version 2 is one block. */
  readonly isCut: boolean;
}

/** A block as a peer sent it. Who has the content information can decrypt and check it; a hosted cache cannot. */
export interface EncryptedBlock {
  readonly segmentId: Uint8Array;
  readonly index: number;
  readonly shape: SegmentShape;
  readonly cipher: BlockCipher;
  readonly iv: Uint8Array;
  readonly data: Uint8Array;
}

export const shapeOf = (hash: SegmentHash, length: number): SegmentShape => ({
  length,
  isCut: versionOf(hash) === 1,
});

export const blocksOf = ({ length, isCut }: SegmentShape): number =>
  isCut ? Math.ceil(length / BLOCK_LENGTH) : 1;

/** Plain bytes of block `index`. */
export const lengthOf = ({ length, isCut }: SegmentShape, index: number): number =>
  isCut ? Math.min(BLOCK_LENGTH, length - index * BLOCK_LENGTH) : length;
