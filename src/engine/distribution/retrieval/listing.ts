import { randomBytes } from 'node:crypto';
import type { RetrievalClient, SegmentInfo, SegmentNeighbours } from '../ports.js';
import { segmentName } from '../segment-name.js';
import { versionOf, type BlockRange } from '../wire/index.js';
import { acceptList, acceptSegmentList, askForList, askForSegmentList } from './block-exchange.js';

/** A question which of several things a peer has, asked once for all of them. */
export interface Listing {
  /** Tells it from all other questions. */
  readonly key: string;
  /** What is wanted, by its index in the answer. */
  readonly index: number;
  /** The segments asked about; `undefined`: it is about the blocks of one. */
  readonly segments: readonly SegmentInfo[] | undefined;
  /** The message to send, and how to read what comes back; that throws a PeerFault. */
  ask(): { readonly message: Buffer; readonly accept: (answer: Buffer) => readonly BlockRange[] };
}

/** What a peer that is asked for more than a few blocks is asked first; `undefined`: nothing. */
export const listingFor = ({
  segment,
  block,
  neighbours,
}: Pick<Parameters<RetrievalClient['fetch']>[0], 'segment' | 'block' | 'neighbours'>):
  Listing | undefined => {
  if (neighbours !== undefined) return segmentListing(neighbours);
  return versionOf(segment.hash) === 1 ? blockListing(segment, block) : undefined;
};

/** Which blocks of a segment? PCCRR 2.2.4.2. */
const blockListing = (segment: SegmentInfo, index: number): Listing => ({
  key: segmentName(segment),
  index,
  segments: undefined,
  ask: () => ({ message: askForList(segment), accept: (answer) => acceptList(segment, answer) }),
});

/** Which of segments that follow one another? PCCRR 2.2.4.4; peers of version 1 cannot tell. */
const segmentListing = ({ name, index, segments }: SegmentNeighbours): Listing => ({
  key: name,
  index,
  segments,
  ask: () => {
    const requestId = randomBytes(16);
    return {
      message: askForSegmentList(segments, requestId),
      accept: (answer) => acceptSegmentList(segments, requestId, answer),
    };
  },
});
