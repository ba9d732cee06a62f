import type { SegmentCutter } from '../../segmentation/index.js';
import { BLOCK_LENGTH } from '../../wire/index.js';

/** Cuts into the blocks of version 1. */
export class BlockCutter implements SegmentCutter {
  /** Bytes of the block being cut. */
  #length = 0;

  cut(bytes: Uint8Array): number | undefined {
    const missing = BLOCK_LENGTH - this.#length;
    const isComplete = bytes.length >= missing;
    this.#length = isComplete ? 0 : this.#length + bytes.length;
    return isComplete ? missing : undefined;
  }
}
