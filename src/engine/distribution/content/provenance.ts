import type {
  ContentExplanation,
  ContentHandle,
  DistributionEvent,
  EvictionReason,
  PeerAttempt,
  SegmentReason,
  SegmentSource,
} from '../../../driver/index.js';
import { ContentLog } from '../insight/content-log.js';
import type { Waiting } from '../crowd/index.js';
import { segmentName } from '../segment-name.js';
import type { PlacedSegment } from '../wire/index.js';
import type { ContentMap, PlacedBlock } from './content-map.js';

const ORIGIN: SegmentSource = { source: 'origin' };

/** A run of bytes of the content. */
interface Bytes {
  readonly offset: number;
  readonly length: number;
}

/** Tells and remembers where the bytes of one content come from, and why not from elsewhere. */
export class Provenance {
  /** What a reader was told last that nobody has. */
  #gap: Bytes = { offset: 0, length: 0 };

  constructor(
    private readonly content: ContentHandle,
    private readonly log: ContentLog,
    private readonly emit: (event: DistributionEvent) => void,
    /** Why the cache has not a segment any more that it had. */
    private readonly leftCacheBy: (segmentId: Uint8Array) => EvictionReason | undefined = () => undefined,
  ) {}

  /** Bytes of a block were handed to a reader, or taken from the origin. */
  cameFrom(from: SegmentSource, place: PlacedBlock, { offset, length }: Bytes): void {
    this.log.cameFrom(offset, length, from);
    const segment = segmentName(place.segment.info);
    const { content } = this;
    this.emit({ _tag: 'SourceChosen', content, segment, block: place.index, bytes: length, ...from });
  }

  /** Bytes of the content were taken from the origin; those that are not described are of no account. */
  cameFromOrigin(map: ContentMap, { offset: from, length }: Bytes): void {
    const end = from + length;
    for (let offset = Math.max(from, map.describedStart); offset < end;) {
      const block = map.blockAt(offset);
      const next = Math.min(end, map.startOf(block + 1));
      const place = map.find(block);
      if (place !== undefined) {
        this.cameFrom(ORIGIN, place, { offset, length: next - offset });
        // What is fetched in one go has the reason of where that began: for the rest nobody was asked.
        const { offset: gapStart, length: gapLength } = this.#gap;
        if (offset > gapStart && offset < gapStart + gapLength) this.log.failedLike(offset, gapStart);
      }
      offset = next;
    }
  }

  /** A reader was told that nobody has these bytes. */
  lacks({ offset, length }: Bytes): void {
    this.#gap = { offset, length };
  }

  /** A block is wanted and not in the cache. */
  notCached(place: PlacedBlock): void {
    this.emit({ _tag: 'CacheMiss', segment: segmentName(place.segment.info), block: place.index });
    this.leftCache(place.segment);
  }

  /** A segment is not in the cache, which may have had it. */
  leftCache({ info, offsetInContent }: PlacedSegment): void {
    const cause = this.leftCacheBy(info.id);
    if (cause !== undefined) this.log.failed(offsetInContent, 1, { _tag: 'LeftCache', cause });
  }

  /** A peer was asked for a block, or deliberately not, and did not deliver. */
  attempted(offset: number, { peer, reason }: PeerAttempt): void {
    this.failed({ offset, length: 1 }, { _tag: 'PeerFailed', peer, reason });
  }

  /** A neighbour was waited for that fetches the block from the origin. */
  awaited(place: PlacedBlock, offset: number, { peer, waitedMs, isThere }: Waiting): void {
    const segment = segmentName(place.segment.info);
    const { content } = this;
    this.emit({ _tag: 'NeighbourAwaited', content, peer, segment, block: place.index, waitedMs, isThere });
    if (!isThere) this.failed({ offset, length: 1 }, { _tag: 'WaitedInVain', peer });
  }

  /** No peer delivered the first block of these bytes. @param searchMs how long peers were looked for, if they were. */
  notDelivered(
    place: PlacedBlock,
    bytes: Bytes,
    attempts: readonly PeerAttempt[],
    searchMs: number | undefined,
  ): void {
    const segment = segmentName(place.segment.info);
    const { content } = this;
    this.emit({ _tag: 'BlockUnavailable', content, segment, block: place.index, attempts });
    if (attempts.length === 0) this.nobodyToAsk(bytes, searchMs);
  }

  /** There was no peer to ask for these bytes. @param searchMs how long peers were looked for, if they were. */
  nobodyToAsk(bytes: Bytes, searchMs: number | undefined): void {
    this.failed(
      bytes,
      searchMs === undefined ? { _tag: 'NoPeerKnown' } : { _tag: 'NoPeerAnswered', waitedMs: searchMs },
    );
  }

  /** Bytes did not come from where they should have. */
  failed({ offset, length }: Bytes, reason: SegmentReason): void {
    this.log.failed(offset, length, reason);
  }

  /** @param mostRuns of segments; the first ones. */
  explanation(mostRuns?: number): ContentExplanation {
    return this.log.explanation(mostRuns);
  }
}
