import { MAX_SEGMENT_LENGTH_V2 } from '../wire/index.js';
import type { SegmentCutter } from './segment-cutter.js';

/** Cuts into segments of the greatest length there is: each costs a description and a request. */
export class FixedSizeCutter implements SegmentCutter {
  #length = 0;

  cut(bytes: Uint8Array): number | undefined {
    const missing = MAX_SEGMENT_LENGTH_V2 - this.#length;
    const isComplete = bytes.length >= missing;
    this.#length = isComplete ? 0 : this.#length + bytes.length;
    return isComplete ? missing : undefined;
  }
}
