import type { BlockCipher } from './block-cipher.js';
import { encodeRanges, readRanges, type BlockRange } from './block-ranges.js';
import { MessageError, sized, sizedAtEnd, type MessageReader, type Part } from './message-bytes.js';
import { MAX_REQUEST_LENGTH } from './message-header.js';
import { HASH_LENGTHS } from './units.js';

/* PCCRR 2.2.4.4 and 2.2.5.4, the messages of version 2. */

/** MSG_GETSEGLIST: which of these segments does the hosted cache have? */
export interface SegmentListRequest {
  readonly _tag: 'GetSegmentList';
  readonly cipher: BlockCipher;
  /** 16 bytes that come back in the answer. */
  readonly requestId: Uint8Array;
  /** One or more. */
  readonly segmentIds: readonly Uint8Array[];
  /** Empty, or something about the segments that a later version may tell, such as their ages. */
  readonly extensibleBlob: Uint8Array;
}

/** MSG_SEGLIST. Without ranges: the server has none, or is busy. */
export interface SegmentListResponse {
  readonly _tag: 'SegmentList';
  readonly cipher: BlockCipher;
  readonly requestId: Uint8Array;
  /** By their index in the request. */
  readonly ranges: readonly BlockRange[];
  readonly extensibleBlob: Uint8Array;
}

type Body<Message> = Omit<Message, '_tag' | 'cipher'>;

/** Bytes of a request id. */
const REQUEST_ID_LENGTH = 16;

/** As many ids of 32 bytes, each with its size, as a request has room for beside everything else. */
export const MAX_LISTED_SEGMENTS = Math.floor((MAX_REQUEST_LENGTH - 40) / (4 + HASH_LENGTHS.sha256));

/** Bytes of a segment id without a single byte. */
const SHORTEST_ID = 4;

export const encodeSegmentListRequest = (request: Body<SegmentListRequest>): Part[] => [
  request.requestId,
  request.segmentIds.length,
  ...request.segmentIds.flatMap((id) => sized(id)),
  ...sizedAtEnd(request.extensibleBlob),
];

export const readSegmentListRequest = (reader: MessageReader): Body<SegmentListRequest> => {
  const requestId = reader.take(REQUEST_ID_LENGTH);
  const segmentIds = reader.list(MAX_LISTED_SEGMENTS, SHORTEST_ID, () => reader.sized());
  if (segmentIds.length === 0) throw new MessageError('list of no segments');
  return { requestId, segmentIds, extensibleBlob: reader.sizedAtEnd() };
};

export const encodeSegmentListResponse = (response: Body<SegmentListResponse>): Part[] => [
  response.requestId,
  ...encodeRanges(response.ranges),
  ...sizedAtEnd(response.extensibleBlob),
];

export const readSegmentListResponse = (reader: MessageReader): Body<SegmentListResponse> => ({
  requestId: reader.take(REQUEST_ID_LENGTH),
  ranges: readRanges(reader, MAX_LISTED_SEGMENTS),
  extensibleBlob: reader.sizedAtEnd(),
});
