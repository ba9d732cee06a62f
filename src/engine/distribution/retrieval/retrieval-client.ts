import { setMaxListeners } from 'node:events';
import { systemClock, type Clock, type DistributionEvent, type PeerAttempt } from '../../../driver/index.js';
import { FetchFailure, type FetchedBlock, type RetrievalClient, type SegmentInfo } from '../ports.js';
import { segmentName } from '../segment-name.js';
import { includesBlock, type BlockRange } from '../wire/index.js';
import { acceptBlock, acceptList, askForBlock, askForList } from './block-exchange.js';
import { HttpTransport } from './http-transport.js';
import { DEFAULT_CLIENT_LIMITS, type RetrievalClientLimits } from './limits.js';
import { PeerBook, type PeerRecord } from './peer-book.js';
import { PeerFault } from './peer-fault.js';
import { PeerQueue } from './peer-queue.js';
import type { Transport } from './transport.js';

export interface RetrievalClientOptions {
  readonly emit?: ((event: DistributionEvent) => void) | undefined;
  readonly clock?: Clock | undefined;
  readonly transport?: Transport | undefined;
  readonly limits?: Partial<RetrievalClientLimits> | undefined;
}

const LACKS_BLOCK = { reason: 'lacks-block', detail: 'does not have the block' } as const;
const STRUCK_OUT = { reason: 'struck-out', detail: 'failed too often lately and is not asked' } as const;

type FetchRequest = Parameters<RetrievalClient['fetch']>[0];

/** A client that asks several peers over HTTP at a time and trusts none of them. */
export const createRetrievalClient = (options: RetrievalClientOptions = {}): RetrievalClient =>
  new HttpRetrievalClient(options);

class HttpRetrievalClient implements RetrievalClient {
  readonly #emit: (event: DistributionEvent) => void;
  readonly #clock: Clock;
  readonly #transport: Transport;
  readonly #limits: RetrievalClientLimits;
  readonly #book: PeerBook;
  readonly #queue: PeerQueue;
  #closed = false;

  constructor(options: RetrievalClientOptions) {
    this.#emit = options.emit ?? (() => undefined);
    this.#clock = options.clock ?? systemClock;
    this.#transport = options.transport ?? new HttpTransport();
    this.#limits = { ...DEFAULT_CLIENT_LIMITS, ...options.limits };
    this.#book = new PeerBook(this.#clock, this.#limits);
    this.#queue = new PeerQueue(this.#limits.requestsPerPeer);
  }

  async fetch(request: FetchRequest): Promise<FetchedBlock> {
    const { signal } = request;
    // One signal may well end a hundred fetches at a time; more than ten listeners are no leak here.
    setMaxListeners(0, signal);
    const tries = new Map<PeerRecord, number>();
    const lacking = new Set<PeerRecord>();
    const attempts: PeerAttempt[] = [];
    const note = (attempt: PeerAttempt): void => {
      attempts.push(attempt);
      request.onAttempt?.(attempt);
    };
    for (const name of request.peers.slice(0, this.#limits.peersPerContent)) {
      const peer = this.#book.get(name);
      tries.set(peer, 0);
      if (this.#book.isStruckOut(peer)) note({ peer: name, ...STRUCK_OUT });
    }

    for (;;) {
      const peer = await this.#queue.take(() => this.#candidates(tries, lacking), signal);
      if (peer === undefined) throw new FetchFailure(attempts);
      tries.set(peer, (tries.get(peer) ?? 0) + 1);
      const { incident } = peer;
      try {
        const bytes = await this.#fetchFrom(peer, request);
        if (bytes !== undefined) return { peer: peer.peer, bytes };
        lacking.add(peer);
        note({ peer: peer.peer, ...LACKS_BLOCK });
      } catch (fault) {
        signal.throwIfAborted();
        if (!(fault instanceof PeerFault)) throw fault;
        note({ peer: peer.peer, reason: fault.reason, detail: fault.message });
        if (!this.#closed) this.#blame(peer, fault, incident);
      } finally {
        this.#queue.giveBack(peer);
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#transport.close();
    this.#queue.review();
  }

  /**
   * Those that may still deliver, and of them the ones tried least: a failed peer is asked again after all others. What
   * one peer has failed to deliver goes to those that have proved themselves, if there are any: its reader may have no
   * time left for one that never answers.
   */
  #candidates(tries: ReadonlyMap<PeerRecord, number>, lacking: ReadonlySet<PeerRecord>): PeerRecord[] {
    if (this.#closed) return [];
    const left = [...tries].filter(([peer]) => !lacking.has(peer) && !this.#book.isStruckOut(peer));
    const hasFailed = left.length < tries.size || left.some(([, count]) => count > 0);
    const proven = left.filter(([peer, count]) => hasFailed && peer.trusted && count === 0);
    const offered = proven.length > 0 ? proven : left;
    const fewest = Math.min(...offered.map(([, count]) => count));
    return offered.filter(([, count]) => count === fewest).map(([peer]) => peer);
  }

  #blame(peer: PeerRecord, fault: PeerFault, incident: number): void {
    const wasStruckOut = this.#book.isStruckOut(peer);
    this.#book.blame(peer, fault, incident);
    this.#emit({ _tag: 'PeerFailed', peer: peer.peer, reason: fault.reason, detail: fault.message });
    if (!wasStruckOut && this.#book.isStruckOut(peer)) {
      this.#emit({ _tag: 'PeerStruckOut', peer: peer.peer, forMs: this.#limits.faultMemoryMs });
    }
  }

  async #fetchFrom(peer: PeerRecord, request: FetchRequest): Promise<Buffer | undefined> {
    const { segment, block, signal } = request;
    const name = segmentName(segment);
    if (request.wanted > this.#limits.blocksWithoutList) {
      const ranges = this.#book.list(peer, name) ?? (await this.#fetchList(peer, segment, signal));
      if (!includesBlock(ranges, block)) return undefined;
    }
    const about = { peer: peer.peer, segment: name, block };
    this.#emit({ _tag: 'BlockRequestSent', ...about });
    const answer = await this.#ask(peer, askForBlock(segment, block), signal);
    this.#emit({ _tag: 'BlockResponseReceived', ...about, bytes: answer.length });
    const bytes = this.#accept(segment, about, answer);
    if (bytes === undefined) {
      // A peer that has proved itself may be busy; what another one lists is not worth asking for again.
      if (!peer.trusted) this.#book.setList(peer, name, []);
      return undefined;
    }
    peer.trusted = true;
    this.#emit({ _tag: 'BlockVerified', ...about, bytes: bytes.length });
    return bytes;
  }

  #accept(
    segment: SegmentInfo,
    about: { readonly peer: string; readonly segment: string; readonly block: number },
    answer: Buffer,
  ): Buffer | undefined {
    try {
      return acceptBlock(segment, about.block, answer);
    } catch (fault) {
      if (fault instanceof PeerFault) this.#emit({ _tag: 'BlockRejected', ...about, reason: fault.reason });
      throw fault;
    }
  }

  async #fetchList(
    peer: PeerRecord,
    segment: SegmentInfo,
    signal: AbortSignal,
  ): Promise<readonly BlockRange[]> {
    const ranges = acceptList(segment, await this.#ask(peer, askForList(segment), signal));
    const name = segmentName(segment);
    this.#book.setList(peer, name, ranges);
    const blocks = ranges.reduce((sum, { count }) => sum + count, 0);
    this.#emit({ _tag: 'BlockListReceived', peer: peer.peer, segment: name, blocks });
    return ranges;
  }

  /** The answer to one message within the time for it. Nothing of it is left when this has settled. */
  async #ask(peer: PeerRecord, message: Buffer, signal: AbortSignal): Promise<Buffer> {
    const exchange = this.#transport.post(peer.peer, message);
    const abort = (): void => exchange.abort(signal.reason);
    const cancelTimer = this.#clock.schedule(this.#limits.requestTimeoutMs, () =>
      exchange.abort(
        new PeerFault(`no answer within ${this.#limits.requestTimeoutMs} ms`, 'no-answer-in-time'),
      ),
    );
    signal.addEventListener('abort', abort);
    try {
      return await exchange.answer;
    } finally {
      signal.removeEventListener('abort', abort);
      cancelTimer();
    }
  }
}
