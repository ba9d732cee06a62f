import type { SegmentInfo } from '../ports.js';
import {
  BLOCK_LENGTH,
  blockCount,
  blockLength,
  decodeResponse,
  decryptBlock,
  encodeRequest,
  encryptedLength,
  hashBlock,
  MAX_SEGMENT_LENGTH_V2,
  MessageError,
  versionOf,
  type BlockCipher,
  type BlockRange,
  type BlockResponse,
  type RetrievalResponse,
} from '../wire/index.js';
import { PeerFault, SpoiledBlock } from './peer-fault.js';

/** What Windows prefers. A server may choose otherwise and says so in its answer. */
const PREFERRED_CIPHER: BlockCipher = 'aes-128-cbc';

const NOTHING = Buffer.alloc(0);

/** The question which blocks of a segment a peer has. */
export const askForList = (segment: SegmentInfo): Buffer =>
  encodeRequest({
    _tag: 'GetBlockList',
    cipher: PREFERRED_CIPHER,
    segmentId: segment.id,
    ranges: [{ index: 0, count: blockCount(segment) }],
  });

/** The question which of several segments a peer has. */
export const askForSegmentList = (segments: readonly SegmentInfo[], requestId: Uint8Array): Buffer =>
  encodeRequest({
    _tag: 'GetSegmentList',
    cipher: PREFERRED_CIPHER,
    requestId,
    segmentIds: segments.map(({ id }) => id),
    // There is nothing to say about them.
    extensibleBlob: NOTHING,
  });

/** The question for one block. */
export const askForBlock = (segment: SegmentInfo, block: number): Buffer =>
  encodeRequest({
    _tag: 'GetBlocks',
    cipher: PREFERRED_CIPHER,
    segmentId: segment.id,
    ranges: [{ index: block, count: 1 }],
  });

/** The blocks that the answer lists; none if the peer has none. @throws PeerFault */
export const acceptList = (segment: SegmentInfo, answer: Buffer): readonly BlockRange[] => {
  const response = decode(answer, 'BlockList');
  checkSegment(segment, response.segmentId);
  if (response.ranges.some(({ index }) => index >= blockCount(segment))) {
    throw new PeerFault('listed blocks that the segment does not have');
  }
  return response.ranges;
};

/** The segments that the answer lists, by their index in the question; its blob may be of any kind. @throws PeerFault */
export const acceptSegmentList = (
  segments: readonly SegmentInfo[],
  requestId: Uint8Array,
  answer: Buffer,
): readonly BlockRange[] => {
  const response = decode(answer, 'SegmentList');
  if (Buffer.compare(requestId, response.requestId) !== 0) throw new PeerFault('answered another question');
  if (response.ranges.some(({ index, count }) => index + count > segments.length)) {
    throw new PeerFault('listed segments that nobody asked about');
  }
  return response.ranges;
};

/**
 * The plain block from the answer, checked against its hash; `undefined` if the peer does not have it. A last block that is
 * not as long as the segment says proves that to be wrong, which is no fault of the peer.
 *
 * @throws PeerFault
 */
export const acceptBlock = (segment: SegmentInfo, block: number, answer: Buffer): Buffer | undefined => {
  const hash = segment.blockHashes[block];
  if (hash === undefined) throw new RangeError(`block ${block} of a segment that is known up to fewer`);
  const response = decode(answer, 'Block');
  checkSegment(segment, response.segmentId);
  if (response.blockIndex !== block) throw new PeerFault('answered with another block');
  const { cipher, iv } = response;
  const [data] = response.data;
  if (data === undefined || data.length === 0) return undefined;
  const length = blockLength(segment, block);
  if (data.length !== encryptedLength(cipher, length)) {
    const other = blockOfOtherLength(segment, block, hash, response);
    if (other !== undefined) return other;
    throw new SpoiledBlock(`answered with ${data.length} bytes for a block of ${length}`);
  }
  const bytes = asFault(
    () => decryptBlock(cipher, segment.secret, iv, data),
    (detail) => new SpoiledBlock(detail, 'wrong-bytes'),
  );
  if (!hashBlock(segment.hash, bytes).equals(hash)) {
    throw new SpoiledBlock('answered with bytes that do not match their hash', 'wrong-bytes');
  }
  return bytes;
};

/** No hash covers the length of a segment: its last block may have another one than the content information says. */
const blockOfOtherLength = (
  segment: SegmentInfo,
  block: number,
  hash: Uint8Array,
  { cipher, iv, data: [data = NOTHING] }: BlockResponse,
): Buffer | undefined => {
  const most = versionOf(segment.hash) === 1 ? BLOCK_LENGTH : MAX_SEGMENT_LENGTH_V2;
  if (block !== blockCount(segment) - 1 || data.length > encryptedLength(cipher, most)) return undefined;
  try {
    const bytes = decryptBlock(cipher, segment.secret, iv, data);
    return hashBlock(segment.hash, bytes).equals(hash) ? bytes : undefined;
  } catch (error) {
    if (error instanceof MessageError) return undefined;
    throw error;
  }
};

const decode = <Tag extends RetrievalResponse['_tag']>(
  answer: Buffer,
  expected: Tag,
): Extract<RetrievalResponse, { readonly _tag: Tag }> => {
  const response = asFault(() => decodeResponse(answer));
  if (isTagged(response, expected)) return response;
  if (response._tag === 'Negotiation') {
    const { minVersion, maxVersion } = response;
    throw new PeerFault(
      `speaks versions ${minVersion.major} to ${maxVersion.major} of the protocol only`,
      'version-mismatch',
    );
  }
  throw new PeerFault('answered another question');
};

const isTagged = <Tag extends RetrievalResponse['_tag']>(
  response: RetrievalResponse,
  tag: Tag,
): response is Extract<RetrievalResponse, { readonly _tag: Tag }> => response._tag === tag;

const checkSegment = (segment: SegmentInfo, id: Uint8Array): void => {
  if (Buffer.compare(segment.id, id) !== 0) throw new PeerFault('answered with another segment');
};

const asFault = <Result>(
  read: () => Result,
  fault = (detail: string): PeerFault => new PeerFault(detail),
): Result => {
  try {
    return read();
  } catch (error) {
    if (error instanceof MessageError) throw fault(`answered nonsense: ${error.message}`);
    throw error;
  }
};
