import { segmentName } from '../segment-name.js';
import type { SegmentList } from '../wire/index.js';
import { MOST_RUNS, type BlockRun } from './claim-message.js';

/** The blocks of a content, as far as the crowd is concerned. */
export interface CrowdContent {
  readonly segments: SegmentList;
  /** Of all segments but the last. */
  readonly blocksPerSegment: number;
  /** The number of the segment that is called so; `undefined` if there is none, or it is not known yet. */
  numberOf(segment: string): number | undefined;
  /** Whether a block is on this machine. */
  has(block: number): boolean;
}

/** The blocks `from` to `to` (exclusive) by segment, as many as fit into a question. */
export const runsOf = (
  { segments, blocksPerSegment }: CrowdContent,
  from: number,
  to: number,
): readonly BlockRun[] => {
  const runs: BlockRun[] = [];
  for (let block = from; block < to && runs.length < MOST_RUNS;) {
    const index = Math.floor(block / blocksPerSegment);
    const segment = segments.at(index);
    if (segment === undefined) break;
    const end = Math.min(to, (index + 1) * blocksPerSegment);
    runs.push({ segment: segmentName(segment.info), first: block % blocksPerSegment, count: end - block });
    block = end;
  }
  return runs;
};
