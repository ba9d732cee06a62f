import type { BlockCipher } from './block-cipher.js';
import { encodeRanges, readRanges, type BlockRange } from './block-ranges.js';
import { joinParts, MessageError, MessageReader, sized, type Part } from './message-bytes.js';
import {
  encodeMessage,
  encodeVersionRange,
  MAX_REQUEST_LENGTH,
  MESSAGE_TYPES,
  readHeader,
  readVersionRange,
} from './message-header.js';
import { isSpoken, versionOfType, type ProtocolVersion, type VersionRange } from './protocol-version.js';
import {
  encodeSegmentListRequest,
  readSegmentListRequest,
  type SegmentListRequest,
} from './segment-list-messages.js';
import { BLOCKS_PER_SEGMENT } from './units.js';

/** MSG_NEGO_REQ: which versions does the peer speak? */
interface NegotiationRequest extends VersionRange {
  readonly _tag: 'Negotiation';
}

/** MSG_GETBLKLIST: which of these blocks does the peer have? MSG_GETBLKS: the first of these blocks, please. */
export interface BlockRequest {
  readonly _tag: 'GetBlockList' | 'GetBlocks';
  /** What the client would like; the server may choose otherwise. */
  readonly cipher: BlockCipher;
  readonly segmentId: Uint8Array;
  readonly ranges: readonly BlockRange[];
}

/** A request of a version that is not spoken here, to be answered with those that are. */
interface ForeignRequest {
  readonly _tag: 'Foreign';
  readonly version: ProtocolVersion;
}

type SpokenRequest = NegotiationRequest | BlockRequest | SegmentListRequest;

export type RetrievalRequest = SpokenRequest | ForeignRequest;

/** Writes the body of an HTTP request. */
export const encodeRequest = (request: SpokenRequest): Buffer => joinParts(encodeParts(request));

const encodeParts = (request: SpokenRequest): Part[] => {
  switch (request._tag) {
    case 'Negotiation':
      return encodeMessage(MESSAGE_TYPES.negotiationRequest, 'aes-128-cbc', encodeVersionRange(request));
    case 'GetBlockList':
      return encodeMessage(MESSAGE_TYPES.getBlockList, request.cipher, blocksBody(request));
    case 'GetBlocks': {
      const body = blocksBody(request);
      const noVerificationData = 0;
      body.push(noVerificationData);
      return encodeMessage(MESSAGE_TYPES.getBlocks, request.cipher, body);
    }
    case 'GetSegmentList':
      return encodeMessage(MESSAGE_TYPES.getSegmentList, request.cipher, encodeSegmentListRequest(request));
  }
};

const blocksBody = ({ segmentId, ranges }: BlockRequest): Part[] => {
  const body = sized(segmentId);
  body.push(...encodeRanges(ranges));
  return body;
};

/** Reads the body of an HTTP request. The result shares memory with it. @throws MessageError */
export const decodeRequest = (bytes: Buffer): RetrievalRequest => {
  if (bytes.length > MAX_REQUEST_LENGTH) throw new MessageError(`request of ${bytes.length} bytes`);
  const reader = new MessageReader(bytes);
  const { version, type, cipher } = readHeader(reader, bytes.length);
  if (!isSpoken(version)) return { _tag: 'Foreign', version };
  if (version.major < versionOfType(type).major) throw new MessageError('request of a later version');
  if (type === MESSAGE_TYPES.negotiationRequest) {
    const versions = readVersionRange(reader);
    reader.end();
    return { _tag: 'Negotiation', ...versions };
  }
  if (cipher === undefined) throw new MessageError('unknown encryption');
  switch (type) {
    case MESSAGE_TYPES.getBlockList: {
      const blocks = readBlocks(reader);
      reader.end();
      return { _tag: 'GetBlockList', cipher, segmentId: blocks.segmentId, ranges: blocks.ranges };
    }
    case MESSAGE_TYPES.getBlocks: {
      const blocks = readBlocks(reader);
      reader.sizedAtEnd();
      return { _tag: 'GetBlocks', cipher, segmentId: blocks.segmentId, ranges: blocks.ranges };
    }
    case MESSAGE_TYPES.getSegmentList:
      return { _tag: 'GetSegmentList', cipher, ...readSegmentListRequest(reader) };
    default:
      throw new MessageError(`request of type ${type}`);
  }
};

const readBlocks = (reader: MessageReader): Pick<BlockRequest, 'segmentId' | 'ranges'> => ({
  segmentId: reader.sized(),
  ranges: readRanges(reader, BLOCKS_PER_SEGMENT),
});
