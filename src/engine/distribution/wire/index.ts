export {
  contentInformationOf,
  type ByteRange,
  type ContentInformation,
  type PlacedSegment,
} from './content-information.js';
export { ContentInformationError, type ContentInformationErrorCode } from './content-information-error.js';
export { encodeContentInformationV1 } from './content-information-v1.js';
export {
  contentInformationLengthLimit,
  MAX_CONTENT_INFORMATION_LENGTH,
  parseContentInformation,
} from './read-content-information.js';
export {
  deriveSegmentId,
  deriveSegmentSecret,
  deriveServerKey,
  describeSegment,
  hashBlock,
  hashOfBlockHashes,
} from './secrets.js';
export {
  BLOCK_LENGTH,
  blockCount,
  blockLength,
  BLOCKS_PER_SEGMENT,
  HASH_LENGTHS,
  SEGMENT_LENGTH,
} from './units.js';
