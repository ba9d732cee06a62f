export {
  BLOCK_CIPHERS,
  decryptBlock,
  encryptBlock,
  encryptedLength,
  IV_LENGTH,
  type BlockCipher,
} from './block-cipher.js';
export { bytesInMemory, type ByteSource, type BytesFound } from './byte-source.js';
export { includesBlock, rangesOfBlocks, type BlockRange } from './block-ranges.js';
export {
  contentInformationOf,
  Outliner,
  type ByteRange,
  type ContentInformation,
  type DescribedContent,
} from './content-information.js';
export type { PlacedSegment } from './placed-segment.js';
export { ContentInformationError, type ContentInformationErrorCode } from './content-information-error.js';
export { SegmentList } from './segment-list.js';
export { SegmentStarts } from './segment-starts.js';
export { contentInformationPieces, encodeContentInformation } from './encode-content-information.js';
export {
  decodeKeyFile,
  encodeKeyFile,
  KeyFileError,
  MAX_KEY_FILE_LENGTH,
  type Passphrase,
} from './key-file.js';
export { MessageError } from './message-bytes.js';
export { MAX_REQUEST_LENGTH, MAX_RESPONSE_LENGTH } from './message-header.js';
export { describeForOffer, segmentInOffer } from './offered-segment.js';
export {
  decodeOfferResponse,
  encodeOfferResponse,
  OFFER_RESPONSE_LENGTH,
  type OfferResponse,
} from './offer-response.js';
export {
  decodeOffer,
  encodeOffer,
  isOfferedHash,
  MAX_OFFER_LENGTH,
  MAX_OFFERED_SEGMENTS,
  type Offer,
  type OfferedSegment,
  type SegmentInfoOffer,
} from './offers.js';
export { compactRun, packRun, unpackRun } from './packed-run.js';
export { hashCount, packedHashes, packSegment } from './packed-segment.js';
export { commonMajorVersion, SPOKEN_VERSIONS } from './protocol-version.js';
export {
  contentInformationLengthLimit,
  MAX_CONTENT_INFORMATION_LENGTH,
  parseContentInformation,
  readContentInformation,
} from './read-content-information.js';
export { decodeRequest, encodeRequest, type BlockRequest, type RetrievalRequest } from './requests.js';
export {
  decodeResponse,
  encodeResponse,
  encodeResponseInPieces,
  RESPONSE_PREFIX_LENGTH,
  type BlockResponse,
  type RetrievalResponse,
} from './responses.js';
export { decodeSegmentAges, encodeSegmentAges, type SegmentAge } from './segment-ages.js';
export { MAX_LISTED_SEGMENTS, type SegmentListRequest } from './segment-list-messages.js';
export { deriveServerKey, describeSegment, hashBlock } from './secrets.js';
export {
  BLOCK_LENGTH,
  blockCount,
  blockLength,
  BLOCKS_PER_SEGMENT,
  HASH_LENGTHS,
  MAX_SEGMENT_LENGTH_V2,
  SEGMENT_LENGTH,
  versionOf,
} from './units.js';
