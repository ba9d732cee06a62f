import { setImmediate } from 'node:timers/promises';
import { LOOK_AGE_MS } from '../look-age.js';
import type { BlockSource, StoredSegment } from '../ports.js';
import { releaseBytes } from '../release-bytes.js';
import {
  blockCount,
  blockLength,
  encodeResponseInPieces,
  encryptBlock,
  IV_LENGTH,
  rangesOfBlocks,
  SPOKEN_VERSIONS,
  type BlockCipher,
  type BlockRequest,
  type RetrievalRequest,
  type SegmentListRequest,
} from '../wire/index.js';

/** What a request is answered with, and what of the store that hands out. */
export interface Answer {
  /** Pieces that follow one another. */
  readonly body: readonly Uint8Array[];
  readonly served?: ServedBlock;
}

export interface ServedBlock {
  readonly segment: StoredSegment;
  readonly block: number;
  readonly bytes: number;
  /** Gives memory back once nothing needs the pieces any more. */
  readonly release: () => void;
}

export interface AnswerContext {
  readonly source: BlockSource;
  readonly randomBytes: (length: number) => Uint8Array;
  /** Whether there is no room for another upload; the answer is then that nothing is here. */
  readonly busy: boolean;
}

/** Answers a request by PCCRR 3.2.5. */
export const answerRequest = async (request: RetrievalRequest, context: AnswerContext): Promise<Answer> => {
  switch (request._tag) {
    case 'Negotiation':
    case 'Foreign':
      return { body: encodeResponseInPieces({ _tag: 'Negotiation', ...SPOKEN_VERSIONS }) };
    case 'GetBlockList':
      return answerList(request, context);
    case 'GetBlocks':
      return answerBlock(request, context);
    case 'GetSegmentList':
      return answerSegments(request, context);
  }
};

const find = ({ busy, source }: AnswerContext, id: Uint8Array): StoredSegment | undefined =>
  busy ? undefined : source.find(id, LOOK_AGE_MS);

const answerList = ({ cipher, segmentId, ranges }: BlockRequest, context: AnswerContext): Answer => {
  const segment = find(context, segmentId);
  const end = segment === undefined ? 0 : blockCount(segment.info);
  const listed = rangesOfBlocks(ranges, end, (index) => segment?.has(index) === true);
  const behind = Math.max(0, ...ranges.map(({ index, count }) => index + count));
  return {
    body: encodeResponseInPieces({
      _tag: 'BlockList',
      cipher: chooseCipher(cipher),
      segmentId,
      ranges: listed,
      nextBlockIndex: segment === undefined ? 0 : nextBlock(segment, behind),
    }),
  };
};

const NOTHING = Buffer.alloc(0);

const answerBlock = async (request: BlockRequest, context: AnswerContext): Promise<Answer> => {
  const { segmentId, ranges } = request;
  const cipher = chooseCipher(request.cipher);
  // Only one block is answered, the lowest.
  const blockIndex = ranges.length === 0 ? 0 : Math.min(...ranges.map(({ index }) => index));
  const answer = (
    nextBlockIndex: number,
    data: readonly Uint8Array[],
    iv: Uint8Array,
  ): readonly Uint8Array[] =>
    encodeResponseInPieces({ _tag: 'Block', cipher, segmentId, blockIndex, nextBlockIndex, data, iv });
  const segment = find(context, segmentId);
  if (segment === undefined || ranges.length === 0) return { body: answer(0, [], NOTHING) };
  const nextBlockIndex = nextBlock(segment, blockIndex + 1);
  const iv = context.randomBytes(IV_LENGTH);
  const length = blockLength(segment.info, blockIndex);
  const data = segment.has(blockIndex)
    ? await segment.lend(blockIndex, (bytes) =>
        bytes.length === length ? encryptBlock(cipher, segment.info.secret, iv, bytes) : undefined,
      )
    : undefined;
  if (data === undefined) return { body: answer(nextBlockIndex, [], NOTHING) };
  return {
    body: answer(nextBlockIndex, data, iv),
    served: { segment, block: blockIndex, bytes: length, release: () => data.forEach(releaseBytes) },
  };
};

const answerSegments = async (request: SegmentListRequest, context: AnswerContext): Promise<Answer> => {
  const { cipher, requestId, segmentIds } = request;
  const isHere = context.busy ? [] : await lookUp(segmentIds, context.source);
  return {
    body: encodeResponseInPieces({
      _tag: 'SegmentList',
      cipher: chooseCipher(cipher),
      requestId,
      ranges: rangesOfBlocks([{ index: 0, count: isHere.length }], isHere.length, (index) =>
        Boolean(isHere[index]),
      ),
      extensibleBlob: Buffer.alloc(0),
    }),
  };
};

/** Segments looked up before the event loop has its turn: each takes several system calls. */
const LOOK_UPS_IN_A_TURN = 32;

/** Of each segment whether anything of it is here. */
const lookUp = async (ids: readonly Uint8Array[], source: BlockSource): Promise<readonly boolean[]> => {
  const isHere: boolean[] = [];
  for (const id of ids) {
    if (isHere.length > 0 && isHere.length % LOOK_UPS_IN_A_TURN === 0) await setImmediate();
    isHere.push(hasBlocks(source.find(id)));
  }
  return isHere;
};

const hasBlocks = (segment: StoredSegment | undefined): boolean =>
  segment !== undefined && (segment.has(0) || nextBlock(segment, 1) > 0);

/** What Windows prefers, unless more was asked for; plain text is never sent. */
const chooseCipher = (wanted: BlockCipher): BlockCipher => (wanted === 'none' ? 'aes-128-cbc' : wanted);

const nextBlock = (segment: StoredSegment, from: number): number => {
  const end = blockCount(segment.info);
  for (let index = from; index < end; index += 1) if (segment.has(index)) return index;
  return 0;
};
