import type { PeerRecord } from './peer-book.js';

interface Waiter {
  readonly attempt: () => boolean;
}

/**
 * Hands out peers to requests, no more at a time than each peer may have; those who must wait are served in the order
 * they came. A peer handed out must be given back.
 */
export class PeerQueue {
  readonly #waiters = new Set<Waiter>();
  #useCount = 0;
  readonly #lastUse = new WeakMap<PeerRecord, number>();

  constructor(private readonly requestsPerPeer: number) {}

  /**
   * The least busy of the `candidates`, among equals the one that was used longest ago; waits while all are busy.
   * `undefined` as soon as there is no candidate. Rejects with the signal's reason.
   */
  take(candidates: () => readonly PeerRecord[], signal: AbortSignal): Promise<PeerRecord | undefined> {
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        this.#waiters.delete(waiter);
        signal.removeEventListener('abort', abort);
      };
      const abort = (): void => {
        finish();
        reject(signal.reason as Error);
      };
      const waiter: Waiter = {
        attempt: () => {
          const peers = candidates();
          const peer = this.#leastBusy(peers);
          if (peer === undefined && peers.length > 0) return false;
          if (peer !== undefined) this.#occupy(peer);
          finish();
          resolve(peer);
          return true;
        },
      };
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      signal.addEventListener('abort', abort);
      this.#waiters.add(waiter);
      waiter.attempt();
    });
  }

  giveBack(peer: PeerRecord): void {
    peer.outstanding -= 1;
    this.review();
  }

  /** Lets those who wait look again: a peer is free or is no candidate any more. */
  review(): void {
    for (const waiter of this.#waiters) waiter.attempt();
  }

  #occupy(peer: PeerRecord): void {
    peer.outstanding += 1;
    this.#useCount += 1;
    this.#lastUse.set(peer, this.#useCount);
  }

  #leastBusy(peers: readonly PeerRecord[]): PeerRecord | undefined {
    return peers
      .filter((peer) => peer.outstanding < (peer.trusted ? this.requestsPerPeer : 1))
      .reduce<PeerRecord | undefined>((best, peer) => (this.#precedes(peer, best) ? peer : best), undefined);
  }

  #precedes(peer: PeerRecord, other: PeerRecord | undefined): boolean {
    if (other === undefined) return true;
    if (peer.outstanding !== other.outstanding) return peer.outstanding < other.outstanding;
    return (this.#lastUse.get(peer) ?? 0) < (this.#lastUse.get(other) ?? 0);
  }
}
