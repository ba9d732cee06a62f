import {
  MOST_PEERS_COUNTED,
  type BlockSourceKind,
  type ContentExplanation,
  type SegmentReason,
  type SegmentSource,
} from '../../../driver/index.js';
import type { SegmentList } from '../wire/index.js';
import { SegmentLog } from './segment-log.js';

/** Under what the bytes of peers are counted that are too many to be counted one by one. */
const OTHER_PEERS = 'others';

/** Where the bytes of one content came from, and why. Its memory does not grow with what is read. */
export class ContentLog {
  readonly #segments: SegmentList;
  readonly #log: SegmentLog;
  readonly #bytes: Record<BlockSourceKind, number> = { cache: 0, peer: 0, 'hosted-cache': 0, origin: 0 };
  readonly #bytesByPeer = new Map<string, number>();

  constructor(segments: SegmentList) {
    this.#segments = segments;
    this.#log = new SegmentLog(segments.length);
  }

  /** Bytes from `offset` on, all in one segment, came from there. */
  cameFrom(offset: number, bytes: number, from: SegmentSource): void {
    this.#bytes[from.source] += bytes;
    if (from.peer !== undefined) this.#countPeer(from.peer, bytes);
    this.#log.cameFrom(this.#segments.indexAt(offset), from);
  }

  /** The bytes from `offset` on did not come from where they should have. */
  failed(offset: number, length: number, reason: SegmentReason): void {
    const last = this.#segments.indexAt(offset + length - 1);
    for (let segment = this.#segments.indexAt(offset); segment <= last; segment += 1) {
      this.#log.failed(segment, reason);
    }
  }

  /** The bytes at `offset` were not asked for where they should have been, as those at `first` did not come from there. */
  failedLike(offset: number, first: number): void {
    this.#log.failedLike(this.#segments.indexAt(offset), this.#segments.indexAt(first));
  }

  /** @param mostRuns of segments; the first ones. */
  explanation(mostRuns?: number): ContentExplanation {
    return {
      bytes: { ...this.#bytes },
      bytesByPeer: Object.fromEntries(this.#bytesByPeer),
      reasons: [],
      segments: this.#log.runs(mostRuns),
    };
  }

  #countPeer(peer: string, bytes: number): void {
    const isOneMore = !this.#bytesByPeer.has(peer) && this.#bytesByPeer.size >= MOST_PEERS_COUNTED;
    const name = isOneMore ? OTHER_PEERS : peer;
    this.#bytesByPeer.set(name, (this.#bytesByPeer.get(name) ?? 0) + bytes);
  }
}
