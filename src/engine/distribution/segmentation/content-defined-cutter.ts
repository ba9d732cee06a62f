import { MAX_SEGMENT_LENGTH_V2 } from '../wire/index.js';
import { GEAR_TABLE } from './gear-table.js';
import type { SegmentCutter } from './segment-cutter.js';

/**
 * No segment but the last of a content is shorter. A segment costs 68 bytes of content information and a request of its
 * own, so few long ones are wanted, and bytes before this one need not be looked at.
 */
export const MIN_CUT_LENGTH = 32_768;

/** Up to here a cut is unlikely and from here on likely, so that most segments are little longer. */
const NORMAL_CUT_LENGTH = 65_536;

/** Bytes that the hash depends on: every step shifts one bit of the oldest out. */
const WINDOW = 32;

/** The top bits, which have seen the most bytes. They are zero once in 2 to the power of their number. */
const topBits = (count: number): number => -(2 ** (32 - count));

/** A sixteenth bit would make 64 KiB the mean distance; two more and two less are the normalization of level 2. */
const UNLIKELY = topBits(16 + 2);
const LIKELY = topBits(16 - 2);

/**
 * Cuts by FastCDC with normalized chunking (Xia et al., USENIX ATC 2016): behind every byte at which the Gear hash of
 * the bytes before has enough zeros. The hash has 32 bits, which JavaScript computes with fastest, and sets in one window
 * before the first possible cut, so that a cut depends on nothing but 32 bytes and its distance from the one before.
 *
 * Segments have 32 to 128 KiB, which is what Windows' deduplication makes, and 76 KiB in the mean of random content.
 */
export class ContentDefinedCutter implements SegmentCutter {
  /** Bytes of the segment being cut. */
  #length = 0;
  #hash = 0;

  cut(bytes: Uint8Array): number | undefined {
    const end = this.#findEnd(bytes, this.#length);
    this.#length = end === undefined ? this.#length + bytes.length : 0;
    return end;
  }

  /** `before`: how many bytes of the segment came before `bytes`. */
  #findEnd(bytes: Uint8Array, before: number): number | undefined {
    const index = (length: number): number => Math.min(Math.max(0, length - before), bytes.length);
    const firstCandidate = index(MIN_CUT_LENGTH - 1);
    this.#skip(bytes, index(MIN_CUT_LENGTH - WINDOW), firstCandidate);
    const normal = index(NORMAL_CUT_LENGTH);
    const end =
      this.#search(bytes, firstCandidate, normal, UNLIKELY) ??
      this.#search(bytes, normal, index(MAX_SEGMENT_LENGTH_V2), LIKELY);
    if (end !== undefined) return end;
    const last = MAX_SEGMENT_LENGTH_V2 - before;
    return bytes.length < last ? undefined : last;
  }

  #skip(bytes: Uint8Array, from: number, to: number): void {
    for (let at = from; at < to; at += 1) this.#hash = roll(this.#hash, bytes[at] ?? 0);
  }

  /** The index behind the first byte at which all bits of `mask` are zero. */
  #search(bytes: Uint8Array, from: number, to: number, mask: number): number | undefined {
    let hash = this.#hash;
    for (let at = from; at < to; at += 1) {
      hash = roll(hash, bytes[at] ?? 0);
      if ((hash & mask) === 0) {
        this.#hash = hash;
        return at + 1;
      }
    }
    this.#hash = hash;
    return undefined;
  }
}

const roll = (hash: number, byte: number): number => ((hash << 1) + (GEAR_TABLE[byte] ?? 0)) | 0;
