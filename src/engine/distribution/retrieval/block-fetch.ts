import type { PeerAttempt } from '../../../driver/index.js';
import { FetchFailure, type FetchedBlock, type RetrievalClient } from '../ports.js';
import { segmentName } from '../segment-name.js';
import { listingFor, type Listing } from './listing.js';
import type { PeerRecord } from './peer-book.js';
import type { PeerFault } from './peer-fault.js';
import type { Exchange } from './transport.js';

export type FetchRequest = Parameters<RetrievalClient['fetch']>[0];

/** One peer being asked for a block. */
export interface Ask {
  readonly fetch: BlockFetch;
  readonly peer: PeerRecord;
  /** The peer's incident when it was asked. */
  readonly incident: number;
  /** How many requests the peer had then, this one included. */
  readonly together: number;
  /** What is under way: the question for a list, then that for the block. */
  exchange: Exchange;
  /** When that began, and the tick by which it has to be over. */
  begunAt: number;
  deadline: number;
  /** The question that it has to answer first. */
  awaitedList: Listing | undefined;
}

const BUSY = { reason: 'busy', detail: 'is busy' } as const;

/** Before it is asked again, and twice as long each time after that. */
const FIRST_PAUSE_MS = 100;

/** So often a busy peer is asked again. */
const BUSY_TRIES = 3;

const STRUCK_OUT = { reason: 'struck-out', detail: 'failed too often lately and is not asked' } as const;

/** A block that somebody wants, and what its peers made of that so far. */
export class BlockFetch {
  readonly request: FetchRequest;
  /** How its segment is called in events. */
  readonly segment: string;
  /** What a peer that is asked for more than a few blocks is asked first; `undefined`: nothing. */
  readonly listing: Listing | undefined;
  readonly block: Promise<FetchedBlock>;
  /** Those being asked. More than one when the first is slow. */
  readonly asks: Ask[] = [];
  /** The tick from which on one peer more may be asked. */
  patience = 0;
  readonly #peers: readonly PeerRecord[];
  /** How often each of them was asked. Lists, as they are short and there are thousands of fetches a second. */
  readonly #tries: number[];
  #lacking: Set<PeerRecord> | undefined;
  /** Those that had no time, how often, and the tick from which on they may be asked again. */
  #busy: Map<PeerRecord, { readonly times: number; readonly until: number }> | undefined;
  /** What is told of a peer only if it turns out to be of no use. */
  #excused: Map<PeerRecord, PeerAttempt> | undefined;
  readonly #attempts: PeerAttempt[] = [];
  #settle: { resolve(block: FetchedBlock): void; reject(reason: unknown): void } | undefined;

  constructor(request: FetchRequest, peers: readonly PeerRecord[]) {
    this.request = request;
    this.segment = segmentName(request.segment);
    this.listing = listingFor(request);
    this.#peers = peers.filter((peer, at) => peers.indexOf(peer) === at);
    this.#tries = this.#peers.map(() => 0);
    this.block = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
  }

  /** Whether the caller has what it gets. Peers that were slower may still be answering. */
  get isOver(): boolean {
    return this.#settle === undefined;
  }

  /**
   * Those that may still deliver, and of them the ones tried least: a failed peer is asked again after all others. What
   * one peer has failed to deliver goes to those that have proved themselves, if there are any: its reader may have no
   * time left for one that never answers.
   */
  candidates(isStruckOut: (peer: PeerRecord) => boolean): readonly PeerRecord[] {
    let fewest = Infinity;
    let hasFailed = false;
    let least: PeerRecord[] = [];
    let at = 0;
    for (const peer of this.#peers) {
      const tries = this.#tries[at] ?? 0;
      at += 1;
      const isLeftOut = isStruckOut(peer);
      if (isLeftOut) this.#noteStruckOut(peer);
      const isOut = isLeftOut || this.#lacking?.has(peer) === true;
      hasFailed ||= isOut || tries > 0;
      if (isOut || tries > fewest || this.#asks(peer)) continue;
      if (tries < fewest) least = [];
      least.push(peer);
      fewest = tries;
    }
    const proven = hasFailed && fewest === 0 ? least.filter(({ trusted }) => trusted) : [];
    return proven.length > 0 ? proven : least;
  }

  /** Whether it has not been asked yet. */
  isUntried(peer: PeerRecord): boolean {
    return this.#tries[this.#peers.indexOf(peer)] === 0;
  }

  began(ask: Ask): void {
    const at = this.#peers.indexOf(ask.peer);
    this.#tries[at] = (this.#tries[at] ?? 0) + 1;
    this.asks.push(ask);
  }

  ended(ask: Ask): void {
    const at = this.asks.indexOf(ask);
    if (at >= 0) this.asks.splice(at, 1);
  }

  /** The peer does not have the block, so there is no use in asking it again. */
  lacks(peer: PeerRecord): void {
    this.#lacking ??= new Set();
    this.#lacking.add(peer);
    this.#busy?.delete(peer);
  }

  /**
   * The peer has no time, or has lost the block, which it can tell when it is asked again.
   *
   * @param after the tick that comes when so many milliseconds have passed.
   */
  isBusy(peer: PeerRecord, after: (ms: number) => number): void {
    const times = this.#busy?.get(peer)?.times ?? 0;
    if (times === 1) this.note({ peer: peer.peer, ...BUSY });
    if (times === BUSY_TRIES) (this.#lacking ??= new Set()).add(peer);
    else {
      this.#busy ??= new Map();
      this.#busy.set(peer, { times: times + 1, until: after(FIRST_PAUSE_MS * 2 ** times) });
    }
  }

  /** Whether it said so once. */
  wasBusy(peer: PeerRecord): boolean {
    return this.#busy?.has(peer) === true;
  }

  /** Whether the peer was busy, and it is too early to ask it again. */
  isEarly(peer: PeerRecord, now: number): boolean {
    return now < (this.#busy?.get(peer)?.until ?? 0);
  }

  /** A peer did not deliver, which is no fault of its as long as it answers others. */
  excuse(peer: PeerRecord, { reason, message }: PeerFault): void {
    this.#excused ??= new Map();
    this.#excused.set(peer, { peer: peer.peer, reason, detail: message });
  }

  /** A peer did not deliver. */
  note(attempt: PeerAttempt): void {
    if (this.isOver) return;
    this.#attempts.push(attempt);
    this.request.onAttempt?.(attempt);
  }

  deliver(block: FetchedBlock): void {
    this.#noteBusy();
    this.#settle?.resolve(block);
    this.#settle = undefined;
  }

  /** @param reason by default that no peer delivered. */
  fail(reason?: unknown): void {
    this.#noteBusy();
    this.#settle?.reject(reason ?? new FetchFailure(this.#attempts));
    this.#settle = undefined;
  }

  /** Those that were busy once and were not asked again. */
  #noteBusy(): void {
    for (const [{ peer }, { times }] of this.#busy ?? []) if (times === 1) this.note({ peer, ...BUSY });
  }

  #asks(peer: PeerRecord): boolean {
    return this.asks.some((ask) => ask.peer === peer);
  }

  /** Unless there is another reason already: a peer may have been asked, and found out by others before it answered. */
  #noteStruckOut(peer: PeerRecord): void {
    if (this.#attempts.some((attempt) => attempt.peer === peer.peer)) return;
    this.note(this.#excused?.get(peer) ?? { peer: peer.peer, ...STRUCK_OUT });
  }
}
