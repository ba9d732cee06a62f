import type { Clock, DistributionEvent } from '../../../driver/index.js';
import { releaseBytes } from '../release-bytes.js';
import { segmentName } from '../segment-name.js';
import { TransientSet } from '../transient-set.js';
import { blockLength, includesBlock, type BlockRange } from '../wire/index.js';
import { acceptBlock, askForBlock } from './block-exchange.js';
import type { Ask, BlockFetch } from './block-fetch.js';
import type { RetrievalClientLimits } from './limits.js';
import type { Listing } from './listing.js';
import type { PeerBook, PeerRecord } from './peer-book.js';
import { PeerFault, SpoiledBlock } from './peer-fault.js';
import type { Ticker } from './ticker.js';
import type { Transport } from './transport.js';

/** How asking a peer ended. */
export type AskOutcome =
  | { readonly _tag: 'Block'; readonly bytes: Buffer }
  | { readonly _tag: 'Lacking' }
  /** It has the block, which is not as long as the content information says. */
  | { readonly _tag: 'Contradicted'; readonly detail: string }
  /** It has the block, and says that it has not: that is how a peer without time answers. PCCRR 3.2.5. */
  | { readonly _tag: 'Busy' }
  /** It took one connection less than it was offered. */
  | { readonly _tag: 'Crowded'; readonly fault: PeerFault }
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
  readonly #asks = new TransientSet<Ask>();
  #uses = 0;

  constructor(parts: PeerAsksParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#asks.size;
  }

  /** Whether the peer is being asked already for the list that this fetch needs. */
  awaitsList(fetch: BlockFetch, peer: PeerRecord): boolean {
    const listing = this.#listingFor(fetch, peer);
    return listing !== undefined && peer.awaitedLists.has(listing.key);
  }

  /** Whether the peer said lately that it does not have the block. */
  isLacking(fetch: BlockFetch, peer: PeerRecord): boolean {
    const listing = this.#listingFor(fetch, peer);
    const known = listing && this.#parts.book.list(peer, listing.key);
    return known !== undefined && !includesBlock(known, listing?.index ?? 0);
  }

  /** Whether it is a hosted cache that was given the block with the wrong bytes. */
  hasSpoiled(fetch: BlockFetch, peer: PeerRecord): boolean {
    return peer.spoiled.size > 0 && this.#parts.book.hasSpoiled(peer, nameOfBlock(fetch));
  }

  /** Asks a peer that none of these holds for. */
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
      awaitedList: undefined,
    };
    this.#asks.add(ask);
    fetch.began(ask);
    const listing = this.#listingFor(fetch, peer);
    if (listing === undefined) this.#askForBlock(ask);
    else if (this.#parts.book.list(peer, listing.key) === undefined) this.#askForList(ask, listing);
    else if (fetch.wasBusy(peer)) this.#askForListAgain(ask, listing);
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

  /** What the peer should be asked before it is asked for the block; `undefined`: it would not be worth it. */
  #listingFor({ request, listing }: BlockFetch, peer: PeerRecord): Listing | undefined {
    if (listing === undefined) return undefined;
    const { limits, book } = this.#parts;
    const isKnown = request.believesLists === true && book.list(peer, listing.key) !== undefined;
    if (!isKnown && request.wanted <= limits.blocksWithoutList) return undefined;
    return listing.segments === undefined || peer.listsSegments ? listing : undefined;
  }

  #askForList(ask: Ask, listing: Listing): void {
    const { peer } = ask;
    const { key } = listing;
    const { message, accept } = listing.ask();
    ask.awaitedList = listing;
    peer.awaitedLists.add(key);
    this.#post(ask, message, (answer) => {
      const ranges = accept(answer);
      this.#endList(ask);
      this.#goOnWith(ranges, ask, listing);
      this.#parts.onList();
    });
  }

  /** Whether it still has what it has listed. Others go by what it said before: a list without anything says it is busy. */
  #askForListAgain(ask: Ask, listing: Listing): void {
    const { message, accept } = listing.ask();
    this.#post(ask, message, (answer) => {
      const ranges = accept(answer);
      if (ranges.length === 0) this.#end(ask, { _tag: 'Busy' });
      else this.#goOnWith(ranges, ask, listing);
    });
  }

  #goOnWith(ranges: readonly BlockRange[], ask: Ask, listing: Listing): void {
    this.#parts.book.setList(ask.peer, listing.key, ranges);
    this.#tell(ask, listReceived(ask.peer, listing, ranges));
    if (includesBlock(ranges, listing.index)) this.#askForBlock(ask);
    else this.#end(ask, { _tag: 'Lacking' });
  }

  #askForBlock(ask: Ask): void {
    const { peer, fetch } = ask;
    const { segment, block } = fetch.request;
    const { book, clock } = this.#parts;
    const about = { peer: peer.peer, segment: fetch.segment, block };
    this.#tell(ask, { _tag: 'BlockRequestSent', ...about });
    this.#post(ask, askForBlock(segment, block), (answer) => {
      this.#tell(ask, { _tag: 'BlockResponseReceived', bytes: answer.length, ...about });
      const bytes = this.#accept(ask, about, answer);
      if (bytes === undefined) {
        this.#end(ask, { _tag: this.#isBusy(ask) ? 'Busy' : 'Lacking' });
        return;
      }
      const length = blockLength(segment, block);
      if (bytes.length !== length) {
        const detail = `has a block with that hash, but of ${bytes.length} bytes, not of ${length}`;
        releaseBytes(bytes);
        this.#end(ask, { _tag: 'Contradicted', detail });
        return;
      }
      book.praise(peer, Math.max(0, clock.now() - ask.begunAt), ask.together);
      this.#tell(ask, { _tag: 'BlockVerified', bytes: bytes.length, ...about });
      this.#end(ask, { _tag: 'Block', bytes });
    });
  }

  /** Of a peer that does not deliver what it has listed: one that has proved itself is busy, others are not believed. */
  #isBusy({ peer, fetch }: Ask): boolean {
    const { book } = this.#parts;
    const { listing } = fetch;
    const listed = listing && book.list(peer, listing.key);
    if (listing === undefined) return false;
    if (peer.trusted) return includesBlock(listed ?? [], listing.index);
    // One block says nothing of its neighbours, unless the peer did.
    if (listed !== undefined) book.setList(peer, listing.key, []);
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
        this.#tell(ask, { _tag: 'BlockRejected', reason: fault.reason, ...about });
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
    if (this.#doesWithoutList(ask, fault)) return;
    const { book, emit, limits } = this.#parts;
    const { peer } = ask;
    if (fault.isRefusal && peer.trusted && ask.together > 1) {
      book.crowd(peer);
      this.#end(ask, { _tag: 'Crowded', fault });
      return;
    }
    const wasStruckOut = book.isStruckOut(peer);
    if (peer.isMailbox && fault instanceof SpoiledBlock)
      book.spoil(peer, nameOfBlock(ask.fetch), fault, ask.incident);
    else book.blame(peer, fault, ask.incident);
    this.#tell(ask, { _tag: 'PeerFailed', peer: peer.peer, reason: fault.reason, detail: fault.message });
    const isStruckOut = !wasStruckOut && book.isStruckOut(peer);
    if (isStruckOut) emit({ _tag: 'PeerStruckOut', peer: peer.peer, forMs: limits.faultMemoryMs });
    this.#end(ask, { _tag: 'Failed', fault });
    if (isStruckOut) this.#giveUp(peer);
  }

  /** What else a peer that is struck out was asked for would be more of the same. */
  #giveUp(peer: PeerRecord): void {
    for (const ask of [...this.#asks]) {
      if (ask.peer !== peer) continue;
      ask.exchange.abort();
      const detail = 'was struck out before it answered';
      this.#end(ask, { _tag: 'Failed', fault: new PeerFault(detail, 'struck-out') });
    }
  }

  /** A peer of version 1 may have segments of version 2, though it cannot list them: that is no fault. */
  #doesWithoutList(ask: Ask, fault: PeerFault): boolean {
    if (ask.awaitedList?.segments === undefined) return false;
    ask.peer.listsSegments = false;
    if (fault.isOutage) return false;
    this.#endList(ask);
    this.#askForBlock(ask);
    this.#parts.onList();
    return true;
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
    ask.fetch.ended(ask);
    return true;
  }

  #endList(ask: Ask): void {
    if (ask.awaitedList !== undefined) ask.peer.awaitedLists.delete(ask.awaitedList.key);
    ask.awaitedList = undefined;
  }
}

const nameOfBlock = ({ segment, request }: BlockFetch): string => `${segment} ${request.block}`;

const listReceived = (
  { peer }: PeerRecord,
  { key, segments }: Listing,
  ranges: readonly BlockRange[],
): DistributionEvent => {
  if (segments === undefined) {
    const blocks = ranges.reduce((sum, { count }) => sum + count, 0);
    return { _tag: 'BlockListReceived', peer, segment: key, blocks };
  }
  const listed = ranges.flatMap(({ index, count }) => segments.slice(index, index + count));
  return { _tag: 'SegmentListReceived', peer, asked: segments.length, segments: listed.map(segmentName) };
};
