export { MIN_CUT_LENGTH } from './content-defined-cutter.js';
export {
  createSegmentCutter,
  DEFAULT_SEGMENTATION,
  type SegmentCutter,
  type Segmentation,
} from './segment-cutter.js';
