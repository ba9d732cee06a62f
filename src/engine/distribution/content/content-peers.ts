import type { Clock } from '../../../driver/index.js';
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
import { Silence } from './silence.js';
import type { AskedCache } from './suppliers.js';

/** Peers of this content that have delivered, asked first for what comes next. */
const PROVEN_PEERS = 16;

type FetchRequest = Omit<Parameters<RetrievalClient['fetch']>[0], 'peers'>;

/** All segments of a content, of which there may be too many for a list. */
interface SegmentSlices {
  at(index: number): SegmentInfo | undefined;
  slice(from: number, to: number): readonly SegmentInfo[];
}

const NOBODY: ReadonlySet<string> = new Set();

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
  readonly clock: Clock;
}

/**
 * Fetches the blocks of one content from the peers that were named for it and those that discovery finds. Nobody waits
 * for discovery who has a peer to ask; who asked in vain does, or for long.
 */
export class ContentPeers {
  readonly #parts: ContentPeersParts;
  readonly #proven = new Set<string>();
  /** Parts of the content that were looked for, by their number. */
  readonly #soughtParts = new Set<number>();

  /** Of those that were asked first, before others were looked for; of all; and of the hosted cache. */
  readonly #silence: Readonly<Record<'first' | 'peers' | 'cache', Silence>>;

  constructor(parts: ContentPeersParts) {
    this.#parts = parts;
    const { clock, client, discovery } = parts;
    const after = (ms: number): Silence => new Silence(clock, client.overtakeMs + ms);
    // Others are to be found before all are said to be silent.
    this.#silence = { first: after(0), peers: after(discovery?.answerTimeoutMs ?? 0), cache: after(0) };
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
    return hosted.isAskedFirst
      ? fetchInTurn(fromCache, fromPeers, this.#silence.cache)
      : fetchInTurn(fromPeers, fromCache, this.#silence.peers);
  }

  /** Whether there is a peer, or somebody who may know one. */
  get #haveAnybody(): boolean {
    return this.#told.length > 0 || this.#parts.discovery !== undefined;
  }

  #fetchFromPeers(index: number, request: FetchRequest): PendingBlock {
    const { client, discovery } = this.#parts;
    if (discovery === undefined) return client.fetch({ peers: this.#told, ...request });
    this.#lookAhead(discovery, index, request.signal);
    return this.#fetchFromFound(discovery, request, NOBODY);
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

  /** Asks one set of peers after the other, until all that are known or can be found have been asked. */
  #fetchFromFound(discovery: Discovery, request: FetchRequest, tried: ReadonlySet<string>): PendingBlock {
    const untried = (found: readonly string[]): readonly string[] =>
      [...new Set([...this.#told, ...this.#proven, ...found])].filter((peer) => !tried.has(peer));
    const known = untried(discovery.known(request.segment));
    return known.length > 0
      ? this.#fetchFromThese(known, discovery, request, tried)
      : whenFound(async (signal) => {
          const peers = untried(await discovery.find([request.segment], signal, tried));
          if (peers.length === 0) throw new FetchFailure([]);
          signal.throwIfAborted();
          return this.#fetchFromThese(peers, discovery, request, tried);
        });
  }

  #fetchFromThese(
    peers: readonly string[],
    discovery: Discovery,
    request: FetchRequest,
    tried: ReadonlySet<string>,
  ): PendingBlock {
    const { client } = this.#parts;
    const some = peers.slice(0, client.peersPerBlock);
    const fromThese = (): PendingBlock => {
      const pending = client.fetch({ peers: some, ...request });
      return {
        block: pending.block.then((fetched) => this.#proved(fetched)),
        asked: () => pending.asked(),
        cancel: (reason) => pending.cancel(reason),
      };
    };
    const fromOthers = (): PendingBlock =>
      this.#fetchFromFound(discovery, request, new Set([...tried, ...some]));
    return fetchInTurn(fromThese, fromOthers, this.#silence.first);
  }

  #proved(fetched: FetchedBlock): FetchedBlock {
    this.#prove(fetched.peer);
    return fetched;
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

/** What is fetched once it is known from whom. */
const whenFound = (find: (signal: AbortSignal) => Promise<PendingBlock>): PendingBlock => {
  const ending = new AbortController();
  let pending: PendingBlock | undefined;
  const fetch = async (): Promise<FetchedBlock> => {
    pending = await find(ending.signal);
    return pending.block;
  };
  return {
    block: fetch(),
    asked: () => pending?.asked() ?? [],
    cancel: (reason) => {
      ending.abort(reason);
      pending?.cancel(reason);
    },
  };
};
