import type { Segmentation } from '../../../driver/index.js';
import { MAX_SEGMENT_LENGTH_V2 } from '../wire/index.js';
import { ContentDefinedCutter } from './content-defined-cutter.js';
import { FixedSizeCutter } from './fixed-size-cutter.js';
import type { SegmentCutter } from './segment-cutter.js';

/** What a publisher does who has no wish. */
export const DEFAULT_SEGMENTATION: Segmentation = 'fastcdc';

export const createSegmentCutter = (segmentation: Segmentation): SegmentCutter =>
  segmentation === 'fastcdc' ? new ContentDefinedCutter() : new FixedSizeCutter(MAX_SEGMENT_LENGTH_V2);
