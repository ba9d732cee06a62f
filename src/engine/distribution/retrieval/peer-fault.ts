import type { PeerReason } from '../../../driver/index.js';

/** A peer failed to deliver. */
export class PeerFault extends Error {
  constructor(
    detail: string,
    readonly reason: PeerReason = 'malformed-answer',
    /** The connection ended before it brought anything: its listener may have as many as it takes. */
    readonly isRefusal = false,
  ) {
    super(detail);
    this.name = 'PeerFault';
  }

  /**
   * Whether the network or the peer was away, which all requests under way suffer at once. Otherwise it answered with
   * something unusable.
   */
  get isOutage(): boolean {
    return this.reason === 'unreachable' || this.reason === 'no-answer-in-time';
  }
}

/** What came is the block that was asked for, with the wrong bytes: a peer lies then, a hosted cache was lied to perhaps. */
export class SpoiledBlock extends PeerFault {}
