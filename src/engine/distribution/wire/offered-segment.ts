import type { SegmentInfo } from '../ports.js';
import { ContentInformationError } from './content-information-error.js';
import type { ContentInformation, PlacedSegment } from './content-information.js';
import { encodeContentInformation } from './encode-content-information.js';
import type { SegmentInfoOffer } from './offers.js';
import { parseContentInformation } from './read-content-information.js';
import { SEGMENT_LENGTH, versionOf } from './units.js';

/** Where the number of bytes that are read in the last segment stands in content information of version 1. */
const READ_BYTES_AT = 10;

/** The content information of a segment of version 1 for a SEGMENT_INFO, which writes its length where others write 0. */
export const describeForOffer = (segment: PlacedSegment): Buffer => {
  const { info, offsetInContent } = segment;
  const information: ContentInformation = {
    hash: info.hash,
    range: { start: offsetInContent, length: info.length },
    firstSegmentIndex: offsetInContent / SEGMENT_LENGTH,
    segments: [segment],
  };
  const bytes = encodeContentInformation(information);
  bytes.writeUInt32LE(info.length, READ_BYTES_AT);
  return bytes;
};

/**
 * The segment that a SEGMENT_INFO is about; `undefined` if its content information cannot be read, is not of version 1
 * or not of one segment. Windows answers such an offer like any other, and fetches nothing.
 */
export const segmentInOffer = (offer: SegmentInfoOffer): SegmentInfo | undefined => {
  try {
    const { hash, segments } = parseContentInformation(offer.contentInformation);
    const [only] = segments;
    return versionOf(hash) === 1 && segments.length === 1 ? only?.info : undefined;
  } catch (thrown) {
    if (thrown instanceof ContentInformationError) return undefined;
    throw thrown;
  }
};
