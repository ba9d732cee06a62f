import { MAX_SEGMENT_LENGTH_V2 } from '../wire/index.js';
import { ContentDefinedCutter } from './content-defined-cutter.js';
import { FixedSizeCutter } from './fixed-size-cutter.js';
import type { SegmentCutter } from './segment-cutter.js';

/**
 * How a publisher cuts content into segments of version 2.
 *
 * - `fastcdc`: where the content itself says so; a changed content shares all segments but those around the changes.
 * - `fixed`: every 128 KiB, the greatest length there is, as each segment costs a description and a request; for content
 *   that only ever changes as a whole, or whose changes move nothing.
 */
export type Segmentation = 'fastcdc' | 'fixed';

/** What a publisher does who has no wish. */
export const DEFAULT_SEGMENTATION: Segmentation = 'fastcdc';

export const createSegmentCutter = (segmentation: Segmentation): SegmentCutter =>
  segmentation === 'fastcdc' ? new ContentDefinedCutter() : new FixedSizeCutter(MAX_SEGMENT_LENGTH_V2);
