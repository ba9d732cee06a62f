import type { SegmentCutter } from './segment-cutter.js';

/** Cuts every `size` bytes. */
export class FixedSizeCutter implements SegmentCutter {
  #length = 0;

  constructor(private readonly size: number) {}

  cut(bytes: Uint8Array): number | undefined {
    const missing = this.size - this.#length;
    const isComplete = bytes.length >= missing;
    this.#length = isComplete ? 0 : this.#length + bytes.length;
    return isComplete ? missing : undefined;
  }
}
