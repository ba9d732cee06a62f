import {
  encodeResponseInPieces,
  rangesOfBlocks,
  SPOKEN_VERSIONS,
  type BlockRequest,
  type RetrievalRequest,
  type RetrievalResponse,
  type SegmentListRequest,
} from '../wire/index.js';
import { blocksOf, lengthOf } from './encrypted-block.js';
import type { EncryptedSegment, EncryptedStore } from './encrypted-store.js';

/** What a request was answered with, and which block of it that hands out. */
export interface Replay {
  readonly body: readonly Uint8Array[];
  readonly served:
    { readonly segmentId: Uint8Array; readonly block: number; readonly bytes: number } | undefined;
}

/**
 * Answers a request by PCCRR 3.2.5 with blocks as they came: encrypted by whoever offered them, with the algorithm and
 * vector of then, whatever the request would like.
 */
export const replay = async (
  request: RetrievalRequest,
  store: EncryptedStore,
  busy: boolean,
): Promise<Replay> => {
  switch (request._tag) {
    case 'Negotiation':
    case 'Foreign':
      return without({ _tag: 'Negotiation', ...SPOKEN_VERSIONS });
    case 'GetBlockList':
      return without(listBlocks(request, busy ? undefined : store.find(request.segmentId)));
    case 'GetBlocks':
      return replayBlock(request, busy ? undefined : store);
    case 'GetSegmentList':
      return without(listSegments(request, busy ? undefined : store));
  }
};

const without = (response: RetrievalResponse): Replay => ({
  body: encodeResponseInPieces(response),
  served: undefined,
});

const listBlocks = (request: BlockRequest, segment: EncryptedSegment | undefined): RetrievalResponse => {
  const { cipher, segmentId, ranges } = request;
  const behind = Math.max(0, ...ranges.map(({ index, count }) => index + count));
  return {
    _tag: 'BlockList',
    cipher,
    segmentId,
    ranges:
      segment === undefined
        ? []
        : rangesOfBlocks(ranges, blocksOf(segment.shape), (index) => segment.has(index)),
    nextBlockIndex: nextBlock(segment, behind),
  };
};

const replayBlock = async (request: BlockRequest, store: EncryptedStore | undefined): Promise<Replay> => {
  const { cipher, segmentId, ranges } = request;
  // Only one block is answered, the lowest.
  const blockIndex = ranges.length === 0 ? 0 : Math.min(...ranges.map(({ index }) => index));
  const block = ranges.length === 0 ? undefined : await store?.read(segmentId, blockIndex);
  const nextBlockIndex = ranges.length === 0 ? 0 : nextBlock(store?.find(segmentId), blockIndex + 1);
  const answer = { _tag: 'Block', cipher, segmentId, blockIndex, nextBlockIndex } as const;
  if (block === undefined) return without({ ...answer, data: [], iv: Buffer.alloc(0) });
  const { iv, data, shape } = block;
  return {
    body: encodeResponseInPieces({ ...answer, cipher: block.cipher, data: [data], iv }),
    served: { segmentId, block: blockIndex, bytes: lengthOf(shape, blockIndex) },
  };
};

const listSegments = (request: SegmentListRequest, store: EncryptedStore | undefined): RetrievalResponse => {
  const { cipher, requestId, segmentIds } = request;
  const all = [{ index: 0, count: segmentIds.length }];
  return {
    _tag: 'SegmentList',
    cipher,
    requestId,
    ranges: rangesOfBlocks(all, segmentIds.length, (index) => {
      const id = segmentIds[index];
      return id !== undefined && store?.find(id) !== undefined;
    }),
    extensibleBlob: Buffer.alloc(0),
  };
};

const nextBlock = (segment: EncryptedSegment | undefined, from: number): number => {
  const end = segment === undefined ? 0 : blocksOf(segment.shape);
  for (let index = from; index < end; index += 1) if (segment?.has(index) === true) return index;
  return 0;
};
