import type { BlockCipher } from './block-cipher.js';
import { encodeRanges, readRanges, type BlockRange } from './block-ranges.js';
import { MessageError, MessageReader, sized, u32 } from './message-bytes.js';
import {
  encodeMessage,
  encodeVersion,
  MAX_REQUEST_LENGTH,
  MESSAGE_TYPES,
  PROTOCOL_VERSION,
  readHeader,
  readVersion,
  type ProtocolVersion,
} from './message-header.js';

/** MSG_NEGO_REQ: which versions does the peer speak? */
interface NegotiationRequest {
  readonly _tag: 'Negotiation';
  readonly minVersion: ProtocolVersion;
  readonly maxVersion: ProtocolVersion;
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

export type RetrievalRequest = NegotiationRequest | BlockRequest | ForeignRequest;

/** Writes the body of an HTTP request. */
export const encodeRequest = (request: NegotiationRequest | BlockRequest): Buffer =>
  Buffer.concat(encodeParts(request));

const encodeParts = (request: NegotiationRequest | BlockRequest): Uint8Array[] => {
  switch (request._tag) {
    case 'Negotiation': {
      const versions = [encodeVersion(request.minVersion), encodeVersion(request.maxVersion)];
      return encodeMessage(MESSAGE_TYPES.negotiationRequest, 'aes-128-cbc', versions);
    }
    case 'GetBlockList':
      return encodeMessage(MESSAGE_TYPES.getBlockList, request.cipher, blocksBody(request));
    case 'GetBlocks': {
      const noVerificationData = u32(0);
      return encodeMessage(MESSAGE_TYPES.getBlocks, request.cipher, [
        ...blocksBody(request),
        noVerificationData,
      ]);
    }
  }
};

const blocksBody = (request: BlockRequest): Uint8Array[] => [
  ...sized(request.segmentId),
  ...encodeRanges(request.ranges),
];

/** Reads the body of an HTTP request. The result shares memory with it. @throws MessageError */
export const decodeRequest = (bytes: Buffer): RetrievalRequest => {
  if (bytes.length > MAX_REQUEST_LENGTH) throw new MessageError(`request of ${bytes.length} bytes`);
  const reader = new MessageReader(bytes);
  const { version, type, cipher } = readHeader(reader, bytes.length);
  if (version.major !== PROTOCOL_VERSION.major) return { _tag: 'Foreign', version };
  if (type === MESSAGE_TYPES.negotiationRequest) {
    const request = {
      _tag: 'Negotiation',
      minVersion: readVersion(reader),
      maxVersion: readVersion(reader),
    } as const;
    reader.end();
    return request;
  }
  if (cipher === undefined) throw new MessageError('unknown encryption');
  if (type === MESSAGE_TYPES.getBlockList) {
    const request = { _tag: 'GetBlockList', cipher, ...readBlocks(reader) } as const;
    reader.end();
    return request;
  }
  if (type === MESSAGE_TYPES.getBlocks) {
    const request = { _tag: 'GetBlocks', cipher, ...readBlocks(reader) } as const;
    reader.sizedAtEnd();
    return request;
  }
  throw new MessageError(`request of type ${type}`);
};

const readBlocks = (reader: MessageReader): Pick<BlockRequest, 'segmentId' | 'ranges'> => ({
  segmentId: reader.sized(),
  ranges: readRanges(reader),
});
