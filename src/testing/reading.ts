import type { DistributionEvent, ReadRequest, ReadResult } from '../driver/index.js';
import type { FakeContentInformation } from './content-information.js';
import type { ContentPeer } from './content-network.js';
import type { FakeContext } from './context.js';
import { gapAt, runAt } from './coverage.js';
import type { LocalCache } from './local-cache.js';

/** What one open content reads from. */
export interface ReadingPlace {
  readonly context: FakeContext;
  readonly cache: LocalCache;
  /** The reading driver. */
  readonly self: ContentPeer;
  readonly tag: string;
  readonly information: FakeContentInformation;
}

/** What a read needs of the call that it serves. */
export interface ReadingCall {
  readonly tell: (event: DistributionEvent) => void;
  readonly wait: (ms: number) => Promise<void>;
}

/** The service's default: five seconds. */
const DEFAULT_TIMEOUT_MS = 5_000;

/** Events speak of blocks of this size. */
const BLOCK_BYTES = 65_536;

const blockOf = (offset: number): number => Math.floor(offset / BLOCK_BYTES);

/** One read at `offset`: local cache first, then the first peer that can serve the byte there. */
export const readAt = async (
  { context, cache, self, tag, information }: ReadingPlace,
  offset: number,
  { maxBytes, timeoutMs = DEFAULT_TIMEOUT_MS }: ReadRequest,
  { tell, wait }: ReadingCall,
): Promise<ReadResult> => {
  const { key, length: total, start, end } = information;
  const peers = context.network.content;
  if (offset < start || offset >= end) return { _tag: 'End' };

  const held = cache.coverage(tag, key, total);
  const inRange = (length: number): number => Math.min(length, end - offset);
  const data = (length: number): ReadResult => ({
    _tag: 'Data',
    offset,
    bytes: peers.bytes(key, offset, length),
  });
  const missing = (length: number, cause: 'missing' | 'timeout'): ReadResult => ({
    _tag: 'Missing',
    offset,
    length: inRange(length),
    cause,
  });

  const local = inRange(runAt(held, offset));
  if (maxBytes === 0) return { _tag: 'Available', offset, length: local };
  const block = blockOf(offset);
  if (local > 0) {
    const bytes = Math.min(local, maxBytes);
    tell({ _tag: 'CacheHit', segment: key, block, bytes });
    return data(bytes);
  }

  const localGap = gapAt(held, offset);
  if (timeoutMs === 0) return missing(localGap, 'missing');
  const source = peers.sourceAt(key, offset);
  if (source === undefined) return missing(Math.min(localGap, peers.gapAt(key, offset)), 'missing');

  tell({ _tag: 'BlockRequestSent', peer: source.peer.name, segment: key, block });
  const { latencyMs } = peers;
  if (latencyMs > 0) await wait(Math.min(latencyMs, timeoutMs));
  if (latencyMs > timeoutMs) return missing(localGap, 'timeout');

  const bytes = Math.min(inRange(source.length), maxBytes);
  held.fill(1, offset, offset + bytes);
  source.peer.served(key, block, bytes, self.name);
  tell({ _tag: 'BlockResponseReceived', peer: source.peer.name, segment: key, block, bytes });
  return data(bytes);
};
