import type { BlockCipher } from './block-cipher.js';
import { encodeRanges, readRanges, type BlockRange } from './block-ranges.js';
import { MessageError, MessageReader, sized, sizedAtEnd, u32 } from './message-bytes.js';
import {
  encodeMessage,
  encodeVersion,
  MAX_RESPONSE_LENGTH,
  MESSAGE_TYPES,
  PROTOCOL_VERSION,
  readHeader,
  readVersion,
  type ProtocolVersion,
} from './message-header.js';

/** MSG_NEGO_RESP. */
interface NegotiationResponse {
  readonly _tag: 'Negotiation';
  readonly minVersion: ProtocolVersion;
  readonly maxVersion: ProtocolVersion;
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

export type RetrievalResponse = NegotiationResponse | BlockListResponse | BlockResponse;

/** Bytes in front of a response that say how long it is. */
export const RESPONSE_PREFIX_LENGTH = 4;

/** Writes the body of an HTTP response: the length of the message and the message. */
export const encodeResponse = (response: RetrievalResponse): Buffer =>
  Buffer.concat(encodeResponseInPieces(response));

/** The same without copying the block: pieces that follow one another. */
export const encodeResponseInPieces = (response: RetrievalResponse): readonly Uint8Array[] => {
  const message = encodeParts(response);
  const length = message.reduce((sum, part) => sum + part.length, 0);
  return joinSmall([u32(length), ...message]);
};

/** Bytes from which on copying a part costs more than sending it by itself. */
const LARGE = 4_096;

/** Neighbouring small parts as one. */
const joinSmall = (parts: readonly Uint8Array[]): readonly Uint8Array[] => {
  const joined: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  for (const part of parts) {
    if (part.length < LARGE) small.push(part);
    else {
      joined.push(Buffer.concat(small), part);
      small = [];
    }
  }
  return [...joined, Buffer.concat(small)];
};

const encodeParts = (response: RetrievalResponse): Uint8Array[] => {
  switch (response._tag) {
    case 'Negotiation': {
      const versions = [encodeVersion(response.minVersion), encodeVersion(response.maxVersion)];
      return encodeMessage(MESSAGE_TYPES.negotiationResponse, 'aes-128-cbc', versions);
    }
    case 'BlockList':
      return encodeMessage(MESSAGE_TYPES.blockList, response.cipher, [
        ...sized(response.segmentId),
        ...encodeRanges(response.ranges),
        u32(response.nextBlockIndex),
      ]);
    case 'Block': {
      const noVerificationData = u32(0);
      return encodeMessage(MESSAGE_TYPES.block, response.cipher, [
        ...sized(response.segmentId),
        u32(response.blockIndex),
        u32(response.nextBlockIndex),
        ...sized(...response.data),
        noVerificationData,
        ...sizedAtEnd(response.iv),
      ]);
    }
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
  if (version.major !== PROTOCOL_VERSION.major) {
    throw new MessageError(`response of version ${version.major}.${version.minor}`);
  }
  if (type === MESSAGE_TYPES.negotiationResponse) {
    const versions = { minVersion: readVersion(reader), maxVersion: readVersion(reader) };
    reader.end();
    return { _tag: 'Negotiation', ...versions };
  }
  if (cipher === undefined) throw new MessageError('unknown encryption');
  if (type === MESSAGE_TYPES.blockList) return readBlockList(reader, cipher);
  if (type === MESSAGE_TYPES.block) return readBlock(reader, cipher);
  throw new MessageError(`response of type ${type}`);
};

const readBlockList = (reader: MessageReader, cipher: BlockCipher): BlockListResponse => {
  const segmentId = reader.sized();
  const ranges = readRanges(reader);
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
