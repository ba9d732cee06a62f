import type { SegmentInfo } from '../ports.js';

/** A segment at its place in the content. */
export interface PlacedSegment {
  readonly info: SegmentInfo;
  readonly offsetInContent: number;
}
