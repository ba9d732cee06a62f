import type { PeerReason } from '../../../driver/index.js';

/** A peer failed to deliver. */
export class PeerFault extends Error {
  constructor(
    detail: string,
    readonly reason: PeerReason = 'malformed-answer',
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
