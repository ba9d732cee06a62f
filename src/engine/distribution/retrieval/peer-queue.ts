import type { PeerRecord } from './peer-book.js';

/**
 * Hands out peers to requests, no more at a time than each peer may have; those who must wait are served in the order
 * they came. A peer handed out must be given back.
 */
export class PeerQueue {
  /** One for each request that waits: looks whether it still has to, and tells. */
  readonly #waiting = new Set<() => boolean>();
  #uses = 0;

  constructor(private readonly requestsPerPeer: number) {}

  /**
   * The least busy of the `candidates`, among equals the one that was used longest ago; waits while all are busy.
   * `undefined` as soon as there is no candidate. Rejects with the signal's reason.
   */
  take(candidates: () => readonly PeerRecord[], signal: AbortSignal): Promise<PeerRecord | undefined> {
    return new Promise((resolve, reject) => {
      const stopWaiting = (): void => {
        this.#waiting.delete(look);
        signal.removeEventListener('abort', abort);
      };
      const abort = (): void => {
        stopWaiting();
        reject(signal.reason as Error);
      };
      const look = (): boolean => {
        const peers = candidates();
        const peer = this.#leastBusy(peers);
        if (peer === undefined && peers.length > 0) return true;
        stopWaiting();
        if (peer !== undefined) this.#occupy(peer);
        resolve(peer);
        return false;
      };
      if (signal.aborted) {
        abort();
        return;
      }
      signal.addEventListener('abort', abort);
      this.#waiting.add(look);
      look();
    });
  }

  /** One place is free; whoever can use it first gets it. */
  giveBack(peer: PeerRecord): void {
    peer.outstanding -= 1;
    for (const look of this.#waiting) {
      // A peer that has just proved itself has more than one place.
      if (!look() && !this.#hasRoom(peer)) return;
    }
  }

  /** Lets all who wait look again: a peer is no candidate any more. */
  review(): void {
    for (const look of this.#waiting) look();
  }

  #hasRoom(peer: PeerRecord): boolean {
    return peer.outstanding < (peer.trusted ? this.requestsPerPeer : 1);
  }

  #occupy(peer: PeerRecord): void {
    this.#uses += 1;
    peer.lastUse = this.#uses;
    peer.outstanding += 1;
  }

  #leastBusy(peers: readonly PeerRecord[]): PeerRecord | undefined {
    return peers
      .filter((peer) => this.#hasRoom(peer))
      .reduce<PeerRecord | undefined>(
        (best, peer) => (best === undefined || precedes(peer, best) ? peer : best),
        undefined,
      );
  }
}

const precedes = (peer: PeerRecord, other: PeerRecord): boolean =>
  peer.outstanding === other.outstanding
    ? peer.lastUse < other.lastUse
    : peer.outstanding < other.outstanding;
