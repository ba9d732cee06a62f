/**
 * `outage`: the network or the peer was away, which all requests under way suffer at once. `misbehaviour`: it answered
 * with something unusable.
 */
export type PeerFaultKind = 'outage' | 'misbehaviour';

/** A peer failed to deliver. */
export class PeerFault extends Error {
  constructor(
    reason: string,
    readonly kind: PeerFaultKind = 'misbehaviour',
  ) {
    super(reason);
    this.name = 'PeerFault';
  }
}
