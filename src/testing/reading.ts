import type {
  ContentHandle,
  DistributionEvent,
  ReadRequest,
  ReadResult,
  SegmentReason,
  SegmentSource,
} from '../driver/index.js';
import type { FakeContentInformation } from './content-information.js';
import type { ContentPeer } from './content-network.js';
import type { FakeContext } from './context.js';
import { gapAt, runAt } from './coverage.js';
import type { LocalCache } from './local-cache.js';
import type { Provenance } from './provenance.js';

/** What one open content reads from. */
export interface ReadingPlace {
  readonly context: FakeContext;
  readonly cache: LocalCache;
  /** The reading driver. */
  readonly self: ContentPeer;
  readonly tag: string;
  readonly information: FakeContentInformation;
  readonly handle: ContentHandle;
  readonly provenance: Provenance;
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

export const blockOf = (offset: number): number => Math.floor(offset / BLOCK_BYTES);

/** One read at `offset`: local cache first, then the first peer that can serve the byte there. */
export const readAt = async (
  { context, cache, self, tag, information, handle, provenance }: ReadingPlace,
  offset: number,
  { maxBytes, timeoutMs = DEFAULT_TIMEOUT_MS }: ReadRequest,
  { tell, wait }: ReadingCall,
): Promise<ReadResult> => {
  const { key, length: total, start, end } = information;
  const peers = context.network.content;
  if (offset < start || offset >= end) return { _tag: 'End' };

  const block = blockOf(offset);
  const held = cache.coverage(tag, key, total);
  const inRange = (length: number): number => Math.min(length, end - offset);
  const data = (length: number): ReadResult => ({
    _tag: 'Data',
    offset,
    bytes: peers.bytes(key, offset, length),
  });
  const missing = (length: number, cause: 'missing' | 'timeout', reason: SegmentReason): ReadResult => {
    provenance.failed(reason);
    return { _tag: 'Missing', offset, length: inRange(length), cause };
  };
  const chosen = (from: SegmentSource, bytes: number): void => {
    provenance.cameFrom(from, bytes);
    tell({ _tag: 'SourceChosen', content: handle, segment: key, block, bytes, ...from });
  };

  const local = inRange(runAt(held, offset));
  if (maxBytes === 0) return { _tag: 'Available', offset, length: local };
  if (local > 0) {
    const bytes = Math.min(local, maxBytes);
    tell({ _tag: 'CacheHit', segment: key, block, bytes });
    chosen({ source: 'cache' }, bytes);
    return data(bytes);
  }

  const localGap = gapAt(held, offset);
  tell({ _tag: 'CacheMiss', segment: key, block });
  if (timeoutMs === 0) return missing(localGap, 'missing', { _tag: 'CacheOnly' });
  const source = peers.sourceAt(key, offset);
  if (source === undefined) {
    tell({ _tag: 'BlockUnavailable', content: handle, segment: key, block, attempts: [] });
    const gap = Math.min(localGap, peers.gapAt(key, offset));
    return missing(gap, 'missing', { _tag: 'NoPeerKnown' });
  }

  tell({ _tag: 'BlockRequestSent', peer: source.peer.name, segment: key, block });
  const { latencyMs } = peers;
  if (latencyMs > 0) await wait(Math.min(latencyMs, timeoutMs));
  if (latencyMs > timeoutMs) {
    return missing(localGap, 'timeout', { _tag: 'ReadTimedOut', waitedMs: timeoutMs });
  }

  const bytes = Math.min(inRange(source.length), maxBytes);
  held.fill(1, offset, offset + bytes);
  source.peer.served(key, block, bytes, self.name);
  const about = { peer: source.peer.name, segment: key, block, bytes };
  tell({ _tag: 'BlockResponseReceived', ...about });
  tell({ _tag: 'BlockVerified', ...about });
  chosen({ source: 'peer', peer: source.peer.name }, bytes);
  return data(bytes);
};
