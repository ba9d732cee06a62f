import type { Clock, DistributionEvent } from '../../../driver/index.js';
import { includesBlock } from '../wire/index.js';
import { acceptBlock, acceptList, askForBlock, askForList } from './block-exchange.js';
import type { Ask, BlockFetch } from './block-fetch.js';
import type { RetrievalClientLimits } from './limits.js';
import type { PeerBook, PeerRecord } from './peer-book.js';
import { PeerFault } from './peer-fault.js';
import type { Ticker } from './ticker.js';
import type { Transport } from './transport.js';

/** How asking a peer ended. */
export type AskOutcome =
  | { readonly _tag: 'Block'; readonly bytes: Buffer }
  | { readonly _tag: 'Lacking' }
  /** It has the block, and says that it has not: that is how a peer without time answers. PCCRR 3.2.5. */
  | { readonly _tag: 'Busy' }
  /** It took one connection less than it was offered. */
  | { readonly _tag: 'Crowded' }
  | { readonly _tag: 'Failed'; readonly fault: PeerFault };

export interface PeerAsksParts {
  readonly transport: Transport;
  readonly book: PeerBook;
  readonly clock: Clock;
  readonly ticker: Ticker;
  readonly limits: RetrievalClientLimits;
  /** Takes what concerns all fetches, and the events of those that have nobody of their own for them. */
  readonly emit: (event: DistributionEvent) => void;
  /** Told of the end of everything that was begun and not aborted. It is gone by then. */
  readonly onEnd: (ask: Ask, outcome: AskOutcome) => void;
  /** Which blocks of a segment a peer has is known now. */
  readonly onList: () => void;
}

/** Questions to peers that are under way: for the list of a segment's blocks where that is worth it, then for a block. */
export class PeerAsks {
  readonly #parts: PeerAsksParts;
  readonly #asks = new Set<Ask>();
  #uses = 0;

  constructor(parts: PeerAsksParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#asks.size;
  }

  /** Whether the peer is being asked already for the list that this fetch needs. */
  awaitsList(fetch: BlockFetch, peer: PeerRecord): boolean {
    return this.#needsList(fetch) && peer.awaitedLists.has(fetch.segment);
  }

  /** Whether the peer said lately that it does not have the block. */
  isLacking(fetch: BlockFetch, peer: PeerRecord): boolean {
    if (!this.#needsList(fetch)) return false;
    const known = this.#parts.book.list(peer, fetch.segment);
    return known !== undefined && !includesBlock(known, fetch.request.block);
  }

  /** Asks a peer that neither of these holds for. */
  begin(fetch: BlockFetch, peer: PeerRecord): void {
    this.#uses += 1;
    peer.lastUse = this.#uses;
    peer.outstanding += 1;
    const ask: Ask = {
      fetch,
      peer,
      incident: peer.incident,
      together: peer.outstanding,
      exchange: { abort: () => undefined },
      begunAt: 0,
      deadline: 0,
      awaitsList: false,
    };
    this.#asks.add(ask);
    fetch.began(ask);
    const isListed = this.#parts.book.list(peer, fetch.segment) !== undefined;
    if (this.#needsList(fetch) && !isListed) this.#askForList(ask);
    else this.#askForBlock(ask);
  }

  /** Gives up on a peer without blaming it. */
  abort(ask: Ask): void {
    if (this.#forget(ask)) ask.exchange.abort();
  }

  /** Gives up on those whose time is over. */
  review(): void {
    const { ticker, limits } = this.#parts;
    for (const ask of [...this.#asks]) {
      if (ticker.now < ask.deadline) continue;
      ask.exchange.abort();
      const detail = `no answer within ${limits.requestTimeoutMs} ms`;
      this.#fail(ask, new PeerFault(detail, 'no-answer-in-time'));
    }
  }

  #needsList({ request }: BlockFetch): boolean {
    return request.wanted > this.#parts.limits.blocksWithoutList;
  }

  #askForList(ask: Ask): void {
    const { peer, fetch } = ask;
    const { segment, block } = fetch.request;
    ask.awaitsList = true;
    peer.awaitedLists.add(fetch.segment);
    this.#post(ask, askForList(segment), (answer) => {
      const ranges = acceptList(segment, answer);
      this.#endList(ask);
      this.#parts.book.setList(peer, fetch.segment, ranges);
      const blocks = ranges.reduce((sum, { count }) => sum + count, 0);
      this.#tell(ask, { _tag: 'BlockListReceived', peer: peer.peer, segment: fetch.segment, blocks });
      if (includesBlock(ranges, block)) this.#askForBlock(ask);
      else this.#end(ask, { _tag: 'Lacking' });
      this.#parts.onList();
    });
  }

  #askForBlock(ask: Ask): void {
    const { peer, fetch } = ask;
    const { segment, block } = fetch.request;
    const { book, clock } = this.#parts;
    const about = { peer: peer.peer, segment: fetch.segment, block };
    this.#tell(ask, { _tag: 'BlockRequestSent', ...about });
    this.#post(ask, askForBlock(segment, block), (answer) => {
      this.#tell(ask, { _tag: 'BlockResponseReceived', ...about, bytes: answer.length });
      const bytes = this.#accept(ask, about, answer);
      if (bytes === undefined) {
        this.#end(ask, { _tag: this.#isBusy(ask) ? 'Busy' : 'Lacking' });
        return;
      }
      book.praise(peer, Math.max(0, clock.now() - ask.begunAt), ask.together);
      this.#tell(ask, { _tag: 'BlockVerified', ...about, bytes: bytes.length });
      this.#end(ask, { _tag: 'Block', bytes });
    });
  }

  /** Of a peer that does not deliver what it has listed: one that has proved itself is busy, others are not believed. */
  #isBusy({ peer, fetch }: Ask): boolean {
    const { book } = this.#parts;
    const listed = book.list(peer, fetch.segment) ?? [];
    if (peer.trusted) return includesBlock(listed, fetch.request.block);
    book.setList(peer, fetch.segment, []);
    return false;
  }

  #accept(
    ask: Ask,
    about: { readonly peer: string; readonly segment: string; readonly block: number },
    answer: Buffer,
  ): Buffer | undefined {
    try {
      return acceptBlock(ask.fetch.request.segment, about.block, answer);
    } catch (fault) {
      if (fault instanceof PeerFault) {
        this.#tell(ask, { _tag: 'BlockRejected', ...about, reason: fault.reason });
      }
      throw fault;
    }
  }

  /** @param onAnswer may throw a PeerFault. */
  #post(ask: Ask, message: Buffer, onAnswer: (answer: Buffer) => void): void {
    const { transport, clock, ticker, limits } = this.#parts;
    ask.begunAt = clock.now();
    ask.deadline = ticker.after(limits.requestTimeoutMs);
    ticker.start();
    ask.exchange = transport.post(ask.peer.peer, message, {
      onAnswer: (answer) => {
        try {
          onAnswer(answer);
        } catch (fault) {
          if (!(fault instanceof PeerFault)) throw fault;
          this.#fail(ask, fault);
        }
      },
      onFailure: (fault) => this.#fail(ask, fault),
    });
  }

  #fail(ask: Ask, fault: PeerFault): void {
    const { book, emit, limits } = this.#parts;
    const { peer } = ask;
    if (fault.isRefusal && peer.trusted && peer.outstanding > 1) {
      book.crowd(peer);
      this.#end(ask, { _tag: 'Crowded' });
      return;
    }
    const wasStruckOut = book.isStruckOut(peer);
    book.blame(peer, fault, ask.incident);
    this.#tell(ask, { _tag: 'PeerFailed', peer: peer.peer, reason: fault.reason, detail: fault.message });
    if (!wasStruckOut && book.isStruckOut(peer)) {
      emit({ _tag: 'PeerStruckOut', peer: peer.peer, forMs: limits.faultMemoryMs });
    }
    this.#end(ask, { _tag: 'Failed', fault });
  }

  #tell({ fetch }: Ask, event: DistributionEvent): void {
    (fetch.request.emit ?? this.#parts.emit)(event);
  }

  #end(ask: Ask, outcome: AskOutcome): void {
    if (this.#forget(ask)) this.#parts.onEnd(ask, outcome);
  }

  /** `false`: it was forgotten before. */
  #forget(ask: Ask): boolean {
    if (!this.#asks.delete(ask)) return false;
    this.#endList(ask);
    ask.peer.outstanding -= 1;
    ask.fetch.asks.delete(ask.peer);
    return true;
  }

  #endList(ask: Ask): void {
    if (ask.awaitsList) ask.peer.awaitedLists.delete(ask.fetch.segment);
    ask.awaitsList = false;
  }
}
