import type { SegmentInfo } from '../ports.js';
import { bytesInMemory, viewOf } from './byte-source.js';
import { ContentInformationError } from './content-information-error.js';
import type { ContentInformation } from './content-information.js';
import type { PlacedSegment } from './placed-segment.js';
import { decodeV1, V1_HEADER_LENGTH, V1_VERSION } from './content-information-v1.js';
import { encodeContentInformation } from './encode-content-information.js';
import type { SegmentInfoOffer } from './offers.js';
import { SEGMENT_LENGTH } from './units.js';

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
 * or not of one segment. Windows answers such an offer like any other, and fetches nothing. Whether the hashes fit one
 * another is left to whoever reads the content: a hosted cache has no use for them.
 */
export const segmentInOffer = ({ contentInformation }: SegmentInfoOffer): SegmentInfo | undefined => {
  const source = bytesInMemory(contentInformation);
  if (source.length < V1_HEADER_LENGTH || viewOf(source, 0, 2).readUInt16LE(0) !== V1_VERSION)
    return undefined;
  try {
    const { segments } = decodeV1(source);
    return segments.length === 1 ? segments.at(0)?.info : undefined;
  } catch (thrown) {
    if (thrown instanceof ContentInformationError) return undefined;
    throw thrown;
  }
};
