import {
  MOST_PEERS_COUNTED,
  type BlockSourceKind,
  type ContentExplanation,
  type SegmentReason,
  type SegmentSource,
} from '../../../driver/index.js';
import { SegmentLog } from './segment-log.js';

/** Under what the bytes of peers are counted that are too many to be counted one by one. */
const OTHER_PEERS = 'others';

/** Where the bytes of one content came from, and why. Its memory does not grow with what is read. */
export class ContentLog {
  readonly #segments: SegmentLog;
  readonly #bytes: Record<BlockSourceKind, number> = { cache: 0, peer: 0, 'hosted-cache': 0, origin: 0 };
  readonly #bytesByPeer = new Map<string, number>();

  /** @param segments how many the content information describes. */
  constructor(segments: number) {
    this.#segments = new SegmentLog(segments);
  }

  /** Bytes of a segment were handed to a reader. */
  handedOut(segment: number, bytes: number, from: SegmentSource): void {
    this.#bytes[from.source] += bytes;
    if (from.peer !== undefined) this.#countPeer(from.peer, bytes);
    this.#segments.cameFrom(segment, from);
  }

  /** Bytes of the segments `from` to `to`, exclusive, did not come from where they should have. */
  failed(from: number, to: number, reason: SegmentReason): void {
    for (let segment = from; segment < to; segment += 1) this.#segments.failed(segment, reason);
  }

  explanation(): ContentExplanation {
    return {
      bytes: { ...this.#bytes },
      bytesByPeer: Object.fromEntries(this.#bytesByPeer),
      reasons: [],
      segments: this.#segments.runs(),
    };
  }

  #countPeer(peer: string, bytes: number): void {
    const isOneMore = !this.#bytesByPeer.has(peer) && this.#bytesByPeer.size >= MOST_PEERS_COUNTED;
    const name = isOneMore ? OTHER_PEERS : peer;
    this.#bytesByPeer.set(name, (this.#bytesByPeer.get(name) ?? 0) + bytes);
  }
}
