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

/** How many gaps are remembered that nobody has filled yet; whoever leaves more loses the reasons of the oldest. */
const MOST_GAPS = 64;

/** A run of bytes of the content. */
interface Bytes {
  readonly offset: number;
  readonly length: number;
}

/** Tells and remembers where the bytes of one content come from, and why not from elsewhere. */
export class Provenance {
  /** What readers were told last that nobody has, the latest one first. */
  #gaps: readonly Bytes[] = [];

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
        const gap = this.#gapAt(offset);
        if (gap !== undefined) this.log.failedLike(offset, gap.offset);
      }
      offset = next;
    }
  }

  /** A reader was told that nobody has these bytes. */
  lacks({ offset, length }: Bytes): void {
    const others = this.#gaps.filter((gap) => gap.offset !== offset);
    this.#gaps = [{ offset, length }, ...others.slice(0, MOST_GAPS - 1)];
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

  #gapAt(offset: number): Bytes | undefined {
    return this.#gaps.find((gap) => offset >= gap.offset && offset < gap.offset + gap.length);
  }
}
