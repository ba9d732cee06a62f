import type { PeerAttempt } from '../../../driver/index.js';
import { SEGMENTS_PER_PROBE, type Discovery } from '../discovery/index.js';
import {
  FetchFailure,
  type FetchedBlock,
  type PendingBlock,
  type RetrievalClient,
  type SegmentInfo,
} from '../ports.js';
import { versionOf } from '../wire/index.js';
import { fetchInTurn } from './fetch-in-turn.js';
import type { AskedCache } from './suppliers.js';

/** Peers of this content that have delivered, asked first for what comes next. */
const PROVEN_PEERS = 16;

type FetchRequest = Omit<Parameters<RetrievalClient['fetch']>[0], 'peers'>;

/** All segments of a content, of which there may be too many for a list. */
interface SegmentSlices {
  at(index: number): SegmentInfo | undefined;
  slice(from: number, to: number): readonly SegmentInfo[];
}

export interface ContentPeersParts {
  readonly segments: SegmentSlices;
  readonly client: RetrievalClient;
  /** Those that the reader has named, in normal form. */
  readonly named: readonly string[];
  /** Those that have asked here for the same, as they want it, too. */
  readonly met?: (() => readonly string[]) | undefined;
  /** Finds others; `undefined`: nobody does. */
  readonly discovery: Discovery | undefined;
  /** Asked for what no peer has, or before them. */
  readonly hosted?: AskedCache | undefined;
}

/**
 * Fetches the blocks of one content from the peers that were named for it and those that discovery finds. Nobody waits
 * for discovery who has a peer to ask; who asked in vain does.
 */
export class ContentPeers {
  readonly #parts: ContentPeersParts;
  readonly #proven = new Set<string>();
  /** Parts of the content that were looked for, by their number. */
  readonly #soughtParts = new Set<number>();

  constructor(parts: ContentPeersParts) {
    this.#parts = parts;
  }

  /** Whether there is anybody to ask, or somebody who may know. */
  get mayHelp(): boolean {
    return this.#haveAnybody || this.#parts.hosted !== undefined;
  }

  /** Those that may want a segment or have it, as far as is known by now. */
  known(segment: SegmentInfo): readonly string[] {
    const { discovery } = this.#parts;
    return [...new Set([...this.#told, ...this.#proven, ...(discovery?.known(segment) ?? [])])];
  }

  /** How long peers are looked for; `undefined`: they are not. */
  get searchMs(): number | undefined {
    return this.#parts.discovery?.answerTimeoutMs;
  }

  /** @param index of the block's segment in the content. */
  fetch(index: number, request: FetchRequest): PendingBlock {
    const { client, hosted } = this.#parts;
    const fromPeers = (): PendingBlock => this.#fetchFromPeers(index, request);
    if (hosted === undefined) return fromPeers();
    const fromCache = (): PendingBlock => client.fetch({ peers: [hosted.address], ...request });
    if (!this.#haveAnybody) return fromCache();
    return hosted.isAskedFirst ? fetchInTurn(fromCache, fromPeers) : fetchInTurn(fromPeers, fromCache);
  }

  /** Whether there is a peer, or somebody who may know one. */
  get #haveAnybody(): boolean {
    return this.#told.length > 0 || this.#parts.discovery !== undefined;
  }

  #fetchFromPeers(index: number, request: FetchRequest): PendingBlock {
    const { client, discovery } = this.#parts;
    if (discovery === undefined) return client.fetch({ peers: this.#told, ...request });
    this.#lookAhead(discovery, index, request.signal);
    return this.#fetchFromFound(discovery, request);
  }

  /** Those that need not be looked for. */
  get #told(): readonly string[] {
    const { named, met } = this.#parts;
    const others = met?.() ?? [];
    return others.length === 0 ? named : [...new Set([...named, ...others])];
  }

  /** Looks for the part of the content with this segment and for the part after it, once. */
  #lookAhead(discovery: Discovery, index: number, signal: AbortSignal): void {
    const { segments } = this.#parts;
    const size = SEGMENTS_PER_PROBE[versionOf(segments.at(0)?.hash ?? 'sha256')];
    const part = Math.floor(index / size);
    for (const wanted of [part, part + 1]) {
      if (this.#soughtParts.has(wanted)) continue;
      const sought = segments.slice(wanted * size, (wanted + 1) * size);
      if (sought.length === 0) continue;
      this.#soughtParts.add(wanted);
      // Whoever needs what comes of it asks again.
      discovery.find(sought, signal).catch(() => undefined);
    }
  }

  #fetchFromFound(discovery: Discovery, request: FetchRequest): PendingBlock {
    const ending = new AbortController();
    let pending: PendingBlock | undefined;
    const fetchFrom = (peers: readonly string[]): Promise<FetchedBlock> => {
      ending.signal.throwIfAborted();
      pending = this.#parts.client.fetch({ peers, ...request });
      return pending.block;
    };
    return {
      block: this.#tryAll(discovery, request, ending.signal, fetchFrom),
      cancel: (reason) => {
        ending.abort(reason);
        pending?.cancel(reason);
      },
    };
  }

  /** Asks one set of peers after the other, until all that are known or can be found have been asked. */
  async #tryAll(
    discovery: Discovery,
    { segment }: FetchRequest,
    signal: AbortSignal,
    fetchFrom: (peers: readonly string[]) => Promise<FetchedBlock>,
  ): Promise<FetchedBlock> {
    const attempts: PeerAttempt[] = [];
    const tried = new Set<string>();
    const untried = (found: readonly string[]): readonly string[] =>
      [...new Set([...this.#told, ...this.#proven, ...found])].filter((peer) => !tried.has(peer));
    let peers = untried(discovery.known(segment));
    for (;;) {
      if (peers.length === 0) peers = untried(await discovery.find([segment], signal, tried));
      const [first] = peers;
      if (first === undefined) throw new FetchFailure(attempts);
      try {
        const fetched = await fetchFrom(peers);
        this.#prove(fetched.peer);
        return fetched;
      } catch (error) {
        if (!(error instanceof FetchFailure)) throw error;
        attempts.push(...error.attempts);
        // The client takes so many at once only, but always the first.
        for (const peer of [first, ...error.attempts.map((attempt) => attempt.peer)]) tried.add(peer);
        peers = untried(discovery.known(segment));
      }
    }
  }

  #prove(peer: string): void {
    if (this.#proven.has(peer)) return;
    this.#proven.add(peer);
    if (this.#proven.size <= PROVEN_PEERS) return;
    for (const oldest of this.#proven) {
      this.#proven.delete(oldest);
      return;
    }
  }
}
