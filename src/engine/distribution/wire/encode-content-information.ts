import type { SegmentInfo } from '../ports.js';
import { placedIn, type ContentInformation, type ContentOutline } from './content-information.js';
import type { PlacedSegment } from './placed-segment.js';
import { contentInformationPiecesV1 } from './content-information-v1.js';
import { contentInformationPiecesV2 } from './content-information-v2.js';
import { versionOf } from './units.js';

/** Writes content information in the version that its hash tells. */
export const encodeContentInformation = (information: ContentInformation): Buffer => {
  const { segments } = information;
  const [first] = segments;
  const last = segments.at(-1);
  if (first === undefined || last === undefined) {
    throw new RangeError('content information without a segment');
  }
  const outline = {
    ...information,
    segmentCount: segments.length,
    firstOffset: first.offsetInContent,
    lastOffset: last.offsetInContent,
    endOffset: last.offsetInContent + last.info.length,
  };
  return Buffer.concat([...piecesOf(outline, () => segments)]);
};

/**
 * The same as {@link encodeContentInformation} makes of the content information with this outline, piece by piece. It goes
 * over all segments of the content once or twice and keeps none of them: they may be read from where they lie as they are
 * asked for. A piece is good until the next one is asked for. What goes wrong then ends it with that error.
 */
export const contentInformationPieces = (
  segments: Iterable<SegmentInfo>,
  outline: ContentOutline,
): Generator<Uint8Array, void> => piecesOf(outline, () => placedIn(segments, outline.range));

const piecesOf = (
  outline: ContentOutline,
  segments: () => Iterable<PlacedSegment>,
): Generator<Uint8Array, void> =>
  versionOf(outline.hash) === 2
    ? contentInformationPiecesV2(outline, segments())
    : contentInformationPiecesV1(outline, segments);
