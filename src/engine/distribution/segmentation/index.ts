export { MIN_CUT_LENGTH } from './content-defined-cutter.js';
export { FixedSizeCutter } from './fixed-size-cutter.js';
export type { SegmentCutter } from './segment-cutter.js';
export { createSegmentCutter, DEFAULT_SEGMENTATION } from './segmentation.js';
