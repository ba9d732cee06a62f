import type { BlockCipher } from './block-cipher.js';
import { encodeRanges, readRanges, type BlockRange } from './block-ranges.js';
import {
  joinParts,
  joinSmallParts,
  lengthOfParts,
  MessageError,
  MessageReader,
  sized,
  sizedAtEnd,
  type Part,
} from './message-bytes.js';
import {
  encodeMessage,
  encodeVersionRange,
  MAX_RESPONSE_LENGTH,
  MESSAGE_TYPES,
  readHeader,
  readVersionRange,
} from './message-header.js';
import { isSpoken, versionOfType, type VersionRange } from './protocol-version.js';
import {
  encodeSegmentListResponse,
  readSegmentListResponse,
  type SegmentListResponse,
} from './segment-list-messages.js';
import { BLOCKS_PER_SEGMENT } from './units.js';

/** MSG_NEGO_RESP. */
interface NegotiationResponse extends VersionRange {
  readonly _tag: 'Negotiation';
}

/** MSG_BLKLIST. Without ranges: the server has none, or is busy. */
interface BlockListResponse {
  readonly _tag: 'BlockList';
  readonly cipher: BlockCipher;
  readonly segmentId: Uint8Array;
  readonly ranges: readonly BlockRange[];
  /** The first block behind those asked for that the server also has; 0 if none. */
  readonly nextBlockIndex: number;
}

/** MSG_BLK. Without data: the server does not have it, or is busy. */
export interface BlockResponse {
  readonly _tag: 'Block';
  readonly cipher: BlockCipher;
  readonly segmentId: Uint8Array;
  readonly blockIndex: number;
  /** The first block behind this one that the server also has; 0 if none. */
  readonly nextBlockIndex: number;
  /** Encrypted, in pieces that follow one another. */
  readonly data: readonly Uint8Array[];
  readonly iv: Uint8Array;
}

export type RetrievalResponse = NegotiationResponse | BlockListResponse | BlockResponse | SegmentListResponse;

/** Bytes in front of a response that say how long it is. */
export const RESPONSE_PREFIX_LENGTH = 4;

/** Writes the body of an HTTP response: the length of the message and the message. */
export const encodeResponse = (response: RetrievalResponse): Buffer => joinParts(encodeWithLength(response));

/** The same without copying the block: pieces that follow one another. */
export const encodeResponseInPieces = (response: RetrievalResponse): readonly Uint8Array[] =>
  joinSmallParts(encodeWithLength(response), LARGE);

const encodeWithLength = (response: RetrievalResponse): Part[] => {
  const message = encodeParts(response);
  return [lengthOfParts(message), ...message];
};

/** Bytes from which on copying a part costs more than sending it by itself. */
const LARGE = 4_096;

const encodeParts = (response: RetrievalResponse): Part[] => {
  switch (response._tag) {
    case 'Negotiation':
      return encodeMessage(MESSAGE_TYPES.negotiationResponse, 'aes-128-cbc', encodeVersionRange(response));
    case 'BlockList':
      return encodeMessage(MESSAGE_TYPES.blockList, response.cipher, [
        ...sized(response.segmentId),
        ...encodeRanges(response.ranges),
        response.nextBlockIndex,
      ]);
    case 'Block': {
      const noVerificationData = 0;
      return encodeMessage(MESSAGE_TYPES.block, response.cipher, [
        ...sized(response.segmentId),
        response.blockIndex,
        response.nextBlockIndex,
        ...sized(...response.data),
        noVerificationData,
        ...sizedAtEnd(response.iv),
      ]);
    }
    case 'SegmentList':
      return encodeMessage(MESSAGE_TYPES.segmentList, response.cipher, encodeSegmentListResponse(response));
  }
};

/** Reads the body of an HTTP response. The result shares memory with it. @throws MessageError */
export const decodeResponse = (bytes: Buffer): RetrievalResponse => {
  const length = bytes.length - RESPONSE_PREFIX_LENGTH;
  if (length > MAX_RESPONSE_LENGTH) throw new MessageError(`response of ${length} bytes`);
  const reader = new MessageReader(bytes);
  const announced = reader.u32();
  if (announced !== length) throw new MessageError(`response of ${length} bytes announced as ${announced}`);
  const { version, type, cipher } = readHeader(reader, length);
  if (!isSpoken(version)) throw new MessageError(`response of version ${version.major}.${version.minor}`);
  if (version.major < versionOfType(type).major) throw new MessageError('response of a later version');
  if (type === MESSAGE_TYPES.negotiationResponse) {
    const versions = readVersionRange(reader);
    reader.end();
    return { _tag: 'Negotiation', ...versions };
  }
  if (cipher === undefined) throw new MessageError('unknown encryption');
  switch (type) {
    case MESSAGE_TYPES.blockList:
      return readBlockList(reader, cipher);
    case MESSAGE_TYPES.block:
      return readBlock(reader, cipher);
    case MESSAGE_TYPES.segmentList:
      return { _tag: 'SegmentList', cipher, ...readSegmentListResponse(reader) };
    default:
      throw new MessageError(`response of type ${type}`);
  }
};

const readBlockList = (reader: MessageReader, cipher: BlockCipher): BlockListResponse => {
  const segmentId = reader.sized();
  const ranges = readRanges(reader, BLOCKS_PER_SEGMENT);
  const nextBlockIndex = reader.u32();
  reader.end();
  return { _tag: 'BlockList', cipher, segmentId, ranges, nextBlockIndex };
};

const readBlock = (reader: MessageReader, cipher: BlockCipher): BlockResponse => {
  const segmentId = reader.sized();
  const blockIndex = reader.u32();
  const nextBlockIndex = reader.u32();
  const data = [reader.sized()];
  reader.sized(); // Verification data: no version of the protocol has any.
  const iv = reader.sizedAtEnd();
  return { _tag: 'Block', cipher, segmentId, blockIndex, nextBlockIndex, data, iv };
};
