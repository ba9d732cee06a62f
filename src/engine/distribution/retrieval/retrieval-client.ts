import { systemClock, type Clock, type DistributionEvent } from '../../../driver/index.js';
import type { BlockPlace, PendingBlock, RetrievalClient } from '../ports.js';
import { releaseBytes } from '../release-bytes.js';
import { TransientSet } from '../transient-set.js';
import { BlockFetch, type Ask, type FetchRequest } from './block-fetch.js';
import { HttpTransport } from './http-transport.js';
import { listingFor } from './listing.js';
import { DEFAULT_CLIENT_LIMITS, type RetrievalClientLimits } from './limits.js';
import { PeerAsks, type AskOutcome } from './peer-asks.js';
import { PeerBook, type PeerRecord } from './peer-book.js';
import { Ticker } from './ticker.js';
import type { Transport } from './transport.js';

export interface RetrievalClientOptions {
  readonly emit?: ((event: DistributionEvent) => void) | undefined;
  readonly clock?: Clock | undefined;
  readonly transport?: Transport | undefined;
  readonly limits?: Partial<RetrievalClientLimits> | undefined;
  /** What is known of peers, to be remembered longer than this client is there; with the same clock and limits. */
  readonly book?: PeerBook | undefined;
}

const LACKS_BLOCK = { reason: 'lacks-block', detail: 'does not have the block' } as const;

const SPOILED = { reason: 'wrong-bytes', detail: 'has sent spoiled bytes of it lately' } as const;

/** A peer is overtaken once it takes so many times as long as it should. */
const PATIENCE = 3;

/** A client that asks several peers over HTTP at a time and trusts none of them. */
export const createRetrievalClient = (options: RetrievalClientOptions = {}): RetrievalClient =>
  new HttpRetrievalClient(options);

/** The fetches of one caller, who ends them by one signal. */
interface Owned {
  readonly fetches: TransientSet<BlockFetch>;
  readonly onAbort: () => void;
}

/** Decides which fetch asks which peer, and when. */
class HttpRetrievalClient implements RetrievalClient {
  readonly #limits: RetrievalClientLimits;
  readonly #transport: Transport;
  readonly #book: PeerBook;
  readonly #ticker: Ticker;
  readonly #asks: PeerAsks;
  /** All that are not over, and those that are as long as somebody is still being asked. */
  readonly #owned = new Map<AbortSignal, Owned>();
  /** Those that ask nobody just now, the one that has waited longest first. */
  readonly #waiting = new TransientSet<BlockFetch>();
  /** Those of which a peer was busy. */
  readonly #resting = new Set<BlockFetch>();
  /** Those that have room and have not been offered yet. */
  readonly #idle = new Set<PeerRecord | 'any'>();
  readonly #isOut = (peer: PeerRecord): boolean => this.#book.isStruckOut(peer);
  #offering: NodeJS.Immediate | undefined;
  #closed = false;

  constructor({
    emit = () => undefined,
    clock = systemClock,
    transport = new HttpTransport(),
    limits,
    book,
  }: RetrievalClientOptions) {
    this.#limits = { ...DEFAULT_CLIENT_LIMITS, ...limits };
    this.#transport = transport;
    this.#book = book ?? new PeerBook(clock, this.#limits);
    this.#ticker = new Ticker(clock, () => this.#tick());
    this.#asks = new PeerAsks({
      transport,
      book: this.#book,
      clock,
      ticker: this.#ticker,
      limits: this.#limits,
      emit,
      onEnd: (ask, outcome) => this.#conclude(ask, outcome),
      onList: () => this.#review(),
    });
  }

  get peersPerBlock(): number {
    return this.#limits.peersPerContent;
  }

  get overtakeMs(): number {
    return this.#limits.overtakeMs;
  }

  fetch(request: FetchRequest): PendingBlock {
    const { signal } = request;
    const peers = request.peers.slice(0, this.peersPerBlock).map((peer) => this.#book.get(peer));
    const fetch = new BlockFetch(request, peers);
    if (signal.aborted) fetch.fail(signal.reason);
    else if (this.#closed) fetch.fail();
    else {
      this.#own(fetch);
      this.#advance(fetch);
    }
    return {
      block: fetch.block,
      asked: () => fetch.asks.map(({ peer }) => peer.peer),
      cancel: (reason) => this.#letGo(fetch, reason),
    };
  }

  learn(peer: string, place: BlockPlace, count: number): void {
    const listing = listingFor(place);
    if (listing === undefined) return;
    this.#book.addToList(this.#book.get(peer), listing.key, { index: listing.index, count });
  }

  isStruckOut(peer: string): boolean {
    return this.#book.isStruckOut(this.#book.get(peer));
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { fetches } of [...this.#owned.values()]) {
      for (const fetch of fetches) fetch.fail();
      this.#cancel([...fetches]);
    }
    this.#transport.close();
    this.#ticker.stop();
    clearImmediate(this.#offering);
  }

  #own(fetch: BlockFetch): void {
    const { signal } = fetch.request;
    const owned = this.#owned.get(signal);
    if (owned !== undefined) {
      owned.fetches.add(fetch);
      return;
    }
    const fetches = new TransientSet([fetch]);
    const onAbort = (): void => this.#cancel([...fetches], signal.reason);
    this.#owned.set(signal, { fetches, onAbort });
    signal.addEventListener('abort', onAbort);
  }

  #disown(fetch: BlockFetch): void {
    this.#resting.delete(fetch);
    const { signal } = fetch.request;
    const owned = this.#owned.get(signal);
    if (owned?.fetches.delete(fetch) !== true || owned.fetches.size > 0) return;
    this.#owned.delete(signal);
    signal.removeEventListener('abort', owned.onAbort);
  }

  /**
   * Nobody wants the block any more. A peer that has not proved itself is waited for all the same, until its time is over:
   * whoever reads may have less patience than that, each time, and silence has to count as a fault some time.
   */
  #letGo(fetch: BlockFetch, reason: Error): void {
    fetch.fail(reason);
    for (const ask of [...fetch.asks]) if (ask.peer.trusted) this.#asks.abort(ask);
    this.#waiting.delete(fetch);
    if (fetch.asks.length === 0) this.#disown(fetch);
    this.#review();
  }

  #cancel(fetches: readonly BlockFetch[], reason?: unknown): void {
    for (const fetch of fetches) {
      fetch.fail(reason);
      for (const ask of [...fetch.asks]) this.#asks.abort(ask);
      this.#waiting.delete(fetch);
      this.#disown(fetch);
    }
    this.#review();
  }

  #conclude({ fetch, peer, together }: Ask, outcome: AskOutcome): void {
    switch (outcome._tag) {
      case 'Block':
        if (fetch.isOver) releaseBytes(outcome.bytes);
        fetch.deliver({ peer: peer.peer, bytes: outcome.bytes });
        break;
      case 'Lacking':
        fetch.lacks(peer);
        fetch.note({ peer: peer.peer, ...LACKS_BLOCK });
        break;
      case 'Contradicted':
        fetch.lacks(peer);
        fetch.note({ peer: peer.peer, reason: LACKS_BLOCK.reason, detail: outcome.detail });
        break;
      case 'Busy':
        fetch.isBusy(peer, (ms) => this.#ticker.after(ms));
        if (!fetch.isOver) this.#resting.add(fetch);
        break;
      case 'Crowded':
        fetch.excuse(peer, outcome.fault);
        break;
      case 'Failed':
        fetch.note({ peer: peer.peer, reason: outcome.fault.reason, detail: outcome.fault.message });
    }
    if (fetch.asks.length === 0) {
      if (fetch.isOver) this.#disown(fetch);
      else this.#advance(fetch);
    }
    if (outcome._tag === 'Failed') this.#review();
    else if (peer.outstanding <= this.#book.places(peer) / 2) {
      // Whoever got the only block that was asked for may be waiting for it, and goes first.
      if (together > 1) this.#offer(peer);
      else this.#offerSoon(peer);
    } else if (this.#wasFull) this.#offerSoon('any');
  }

  /** Until one request ended just now, which others may have waited for. */
  get #wasFull(): boolean {
    return this.#asks.size === this.#limits.requests - 1;
  }

  /**
   * Offers the peer once everything that has arrived by now has been looked at. Requests to one peer go out by half of
   * what it may be asked for at a time: each that finds it asleep wakes it, which costs more than the request, and what is
   * asked for together comes in order over few connections. The other half keeps it busy meanwhile.
   */
  #offerSoon(peer: PeerRecord | 'any'): void {
    this.#idle.add(peer);
    this.#offering ??= setImmediate(() => {
      this.#offering = undefined;
      const idle = [...this.#idle];
      this.#idle.clear();
      for (const each of idle) this.#offer(each);
    });
  }

  /** Gives what room a peer has, or all have together, to those who have waited longest. */
  #offer(peer: PeerRecord | 'any'): void {
    if (this.#waiting.size === 0) return;
    for (const fetch of this.#waiting) {
      if (this.#isFull || (peer !== 'any' && !this.#book.hasRoom(peer))) return;
      this.#advance(fetch);
    }
  }

  /** Lets all who wait look again: a peer is no candidate any more, or several have room. */
  #review(): void {
    for (const fetch of this.#waiting) this.#advance(fetch);
  }

  get #isFull(): boolean {
    return this.#asks.size >= this.#limits.requests;
  }

  /** Asks a peer, waits for one to have room, or ends the fetch as there is none left. */
  #advance(fetch: BlockFetch): void {
    const candidates = this.#candidates(fetch);
    if (candidates.length === 0) {
      this.#waiting.delete(fetch);
      this.#disown(fetch);
      fetch.fail();
      return;
    }
    const peer = this.#isFull ? undefined : this.#choose(fetch, candidates);
    if (peer === undefined) {
      this.#waiting.add(fetch);
      if (this.#resting.has(fetch)) this.#ticker.start();
      return;
    }
    this.#waiting.delete(fetch);
    this.#asks.begin(fetch, peer);
    const expectedMs = (peer.blockMs ?? 0) * peer.outstanding;
    fetch.patience = this.#ticker.after(Math.max(this.#limits.overtakeMs, PATIENCE * expectedMs));
  }

  #candidates(fetch: BlockFetch): readonly PeerRecord[] {
    for (;;) {
      const candidates = fetch.candidates(this.#isOut);
      let hasLacking = false;
      for (const peer of candidates) {
        const isSpoiled = this.#asks.hasSpoiled(fetch, peer);
        if (!isSpoiled && !this.#asks.isLacking(fetch, peer)) continue;
        hasLacking = true;
        fetch.lacks(peer);
        if (!isSpoiled) fetch.note({ peer: peer.peer, ...LACKS_BLOCK });
        else if (fetch.isUntried(peer)) fetch.note({ peer: peer.peer, ...SPOILED });
      }
      if (!hasLacking) return candidates;
    }
  }

  /** The one that should be done first; `undefined` if none has room, or it is worth waiting for one that has not. */
  #choose(fetch: BlockFetch, candidates: readonly PeerRecord[]): PeerRecord | undefined {
    let best: PeerRecord | undefined;
    for (const peer of candidates) {
      if (fetch.isEarly(peer, this.#ticker.now)) continue;
      if (this.#asks.awaitsList(fetch, peer) || (!peer.trusted && !this.#book.hasRoom(peer))) continue;
      if (best === undefined || precedes(peer, best)) best = peer;
    }
    return best !== undefined && this.#book.hasRoom(best) ? best : undefined;
  }

  #tick(): void {
    this.#asks.review();
    for (const { fetches } of this.#owned.values()) for (const fetch of fetches) this.#overtake(fetch);
    for (const fetch of this.#resting) if (this.#waiting.has(fetch)) this.#advance(fetch);
    if (this.#asks.size === 0 && this.#resting.size === 0) this.#ticker.stop();
  }

  /**
   * Asks as many peers more as are being asked, if those take too long: of sixteen peers that may all be silent but one
   * that one is asked after four rounds.
   */
  #overtake(fetch: BlockFetch): void {
    if (fetch.isOver || fetch.asks.length === 0 || this.#ticker.now < fetch.patience) return;
    for (let more = fetch.asks.length; more > 0 && !this.#isFull; more -= 1) {
      const candidates = this.#candidates(fetch).filter(
        (peer) => fetch.isUntried(peer) && this.#book.hasRoom(peer),
      );
      const peer = this.#choose(fetch, candidates);
      if (peer === undefined) break;
      this.#asks.begin(fetch, peer);
    }
    fetch.patience = this.#ticker.after(this.#limits.overtakeMs);
  }
}

/** Whether a peer should be done with one more block sooner; of equals the one that was asked longest ago. */
const precedes = (peer: PeerRecord, other: PeerRecord): boolean => {
  const difference = doneAfter(peer) - doneAfter(other);
  return difference === 0 ? peer.lastUse < other.lastUse : difference < 0;
};

/** A peer nobody knows yet may be fast. */
const doneAfter = ({ outstanding, blockMs = 0 }: PeerRecord): number => (outstanding + 1) * blockMs;
