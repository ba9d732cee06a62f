import { setMaxListeners } from 'node:events';
import type { Clock } from '../../../driver/index.js';
import { normalisePeer } from '../content/peer-address.js';
import { FoundPeers } from './found-peers.js';
import type { DiscoveryLimits } from './limits.js';
import type { PeerSource, SoughtSegment } from './peer-source.js';
import { Recent } from './recent.js';

/** What is known of one segment. */
interface Entry {
  readonly peers: FoundPeers;
  /** Until then nobody is asked again. */
  nobodyUntil: number;
  /** Resolves when all sources have told what they know. */
  search: Promise<void> | undefined;
  /** Called with the next peer, and when the search is over. */
  readonly waiting: Set<() => void>;
}

const SEGMENTS = 4_096;

const NOBODY: ReadonlySet<string> = new Set();

/** Finds peers for segments by asking all sources, and remembers for a while what they told. */
export class PeerFinder {
  readonly #entries = new Recent<Entry>(SEGMENTS);
  readonly #stop = new AbortController();

  constructor(
    private readonly sources: readonly PeerSource[],
    private readonly clock: Clock,
    private readonly limits: DiscoveryLimits,
  ) {}

  /** The peers that are known by now. */
  known(segment: SoughtSegment): readonly string[] {
    const entry = this.#entries.get(nameOf(segment));
    return entry === undefined ? [] : this.#fresh(entry);
  }

  /**
   * The peers of the first of `segments`: those known, or else the first to be found; none if nobody has it. The
   * segments after it are looked for in the same go, so that they are known when their turn comes. Rejects with the
   * signal's reason when it is aborted.
   *
   * @param tried peers that were no good: as long as a search goes on, others may be found. Liars answer first.
   */
  async find(
    segments: readonly SoughtSegment[],
    signal: AbortSignal,
    tried: ReadonlySet<string> = NOBODY,
  ): Promise<readonly string[]> {
    signal.throwIfAborted();
    // One signal may well end a hundred searches at a time; more than ten listeners are no leak here.
    setMaxListeners(0, signal, this.#stop.signal);
    const [first] = segments;
    if (first === undefined || this.sources.length === 0) return [];
    this.#search(segments.filter((segment) => this.#isUnknown(segment)));
    const entry = this.#entryOf(first);
    await this.#firstOf(entry, signal, tried);
    return this.#fresh(entry);
  }

  /** Ends all searches. */
  close(): void {
    this.#stop.abort();
  }

  #isUnknown(segment: SoughtSegment): boolean {
    const entry = this.#entryOf(segment);
    return (
      entry.search === undefined &&
      this.#fresh(entry).length === 0 &&
      !this.#isAhead(entry.nobodyUntil, this.limits.nobodyLifetimeMs)
    );
  }

  #search(segments: readonly SoughtSegment[]): void {
    if (segments.length === 0 || this.#stop.signal.aborted) return;
    const entries = new Map(segments.map((segment) => [nameOf(segment), this.#entryOf(segment)]));
    const found = (segment: SoughtSegment, told: string): void => {
      const entry = entries.get(nameOf(segment));
      const peer = normalisePeer(told);
      if (entry === undefined || peer === undefined) return;
      if (entry.peers.add(peer, this.clock.now() + this.limits.peerLifetimeMs)) wake(entry);
    };
    const search = Promise.allSettled(
      this.sources.map(async (source) => source.find(segments, found, this.#stop.signal)),
    ).then(() => {
      for (const entry of entries.values()) {
        entry.search = undefined;
        if (entry.peers.size === 0) entry.nobodyUntil = this.clock.now() + this.limits.nobodyLifetimeMs;
        wake(entry);
      }
    });
    for (const entry of entries.values()) entry.search = search;
  }

  /** Waits until another peer than those is known or none will be. */
  async #firstOf(entry: Entry, signal: AbortSignal, tried: ReadonlySet<string>): Promise<void> {
    while (entry.search !== undefined && this.#fresh(entry).every((peer) => tried.has(peer))) {
      await this.#news(entry, signal);
    }
  }

  /** Resolves with the next peer, or when the search is over. */
  #news(entry: Entry, signal: AbortSignal): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const settle = (): void => {
        signal.removeEventListener('abort', abort);
        resolve();
      };
      const abort = (): void => {
        entry.waiting.delete(settle);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', abort, { once: true });
      entry.waiting.add(settle);
    });
  }

  #fresh(entry: Entry): readonly string[] {
    return entry.peers.fresh((until) => this.#isAhead(until, this.limits.peerLifetimeMs));
  }

  /** Whether `time`, set at most `span` ahead, is still to come; if it lies farther ahead, the clock was set back. */
  #isAhead(time: number, span: number): boolean {
    const left = time - this.clock.now();
    return left > 0 && left <= span;
  }

  #entryOf(segment: SoughtSegment): Entry {
    const name = nameOf(segment);
    const entry = this.#entries.get(name) ?? {
      peers: new FoundPeers(this.limits.peersPerSegment),
      nobodyUntil: 0,
      search: undefined,
      waiting: new Set<() => void>(),
    };
    this.#entries.note(name, entry);
    return entry;
  }
}

const nameOf = ({ id }: SoughtSegment): string => Buffer.from(id).toString('hex');

const wake = (entry: Entry): void => {
  const waiting = [...entry.waiting];
  entry.waiting.clear();
  for (const tell of waiting) tell();
};
