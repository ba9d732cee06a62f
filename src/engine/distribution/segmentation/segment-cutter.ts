import { ContentDefinedCutter } from './content-defined-cutter.js';
import { FixedSizeCutter } from './fixed-size-cutter.js';

/** Tells where a content that comes in pieces of any size is cut into segments of version 2. One for each content. */
export interface SegmentCutter {
  /**
   * Reads on in the content. Answers how many of `bytes` still belong to the segment being cut if it ends with one of
   * them; the rest has then not been read and is to be given again. `undefined`: all of them do, and it goes on.
   */
  cut(bytes: Uint8Array): number | undefined;
}

/**
 * How a publisher cuts content into segments of version 2.
 *
 * - `fastcdc`: where the content itself says so; a changed content shares all segments but those around the changes.
 * - `fixed`: every 128 KiB; for content that only ever changes as a whole, or whose changes move nothing.
 */
export type Segmentation = 'fastcdc' | 'fixed';

/** What a publisher does who has no wish. */
export const DEFAULT_SEGMENTATION: Segmentation = 'fastcdc';

export const createSegmentCutter = (segmentation: Segmentation): SegmentCutter =>
  segmentation === 'fastcdc' ? new ContentDefinedCutter() : new FixedSizeCutter();
