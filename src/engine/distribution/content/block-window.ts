import type { PeerAttempt } from '../../../driver/index.js';
import { FetchFailure, type FetchedBlock } from '../ports.js';

/** How the attempt to get a block ended. */
export type BlockOutcome =
  | ({ readonly _tag: 'Block' } & FetchedBlock)
  /** It has come into the local cache by another way. */
  | { readonly _tag: 'Local' }
  /** No peer delivered it. */
  | { readonly _tag: 'Lacking' }
  | { readonly _tag: 'Broken'; readonly error: unknown };

/** Blocks `from` to `to` (exclusive), by number in the content, that somebody reads or is about to. */
export interface BlockRange {
  readonly from: number;
  readonly to: number;
}

interface Entry {
  readonly fetching: AbortController;
  readonly ended: Promise<BlockOutcome>;
  readonly end: (outcome: BlockOutcome) => void;
  outcome?: BlockOutcome;
  /** The peers that did not deliver so far. */
  readonly attempts: PeerAttempt[];
  /** On its way to the cache. */
  writing: boolean;
}

export interface BlockRequest {
  /** How many blocks from this one on are wanted. */
  readonly wanted: number;
  /** Told of each peer that does not deliver. */
  readonly onAttempt: (attempt: PeerAttempt) => void;
  readonly signal: AbortSignal;
}

export interface WindowParts {
  /** Most blocks that are fetched, kept for a reader or written at a time by reading ahead. */
  readonly capacity: number;
  isLocal(block: number): boolean;
  fetch(block: number, request: BlockRequest): Promise<FetchedBlock>;
  /** Puts a fetched block into the cache; never rejects. */
  keep(block: number, bytes: Buffer): Promise<void>;
}

/** One for all, as making an error costs more than all else that is done for a block here. */
const NOT_WANTED = new Error('nobody wants the block any more');

/**
 * The blocks of one content on their way from peers to readers. It fetches what is wanted, in order, until it is full;
 * what nobody wants any more is given up, and forgotten once it is in the cache. So a reader that stops reading stops
 * the fetching, and the memory taken is bounded.
 */
export class BlockWindow {
  readonly #parts: WindowParts;
  readonly #entries = new Map<number, Entry>();
  readonly #wanted = new Set<BlockRange>();
  readonly #writes = new Set<Promise<void>>();

  constructor(parts: WindowParts) {
    this.#parts = parts;
  }

  /** Fetches the range, as far as there is room, until it is given up by the same object. */
  want(range: BlockRange): void {
    this.#wanted.add(range);
    this.#fill();
  }

  giveUp(range: BlockRange): void {
    if (!this.#wanted.delete(range)) return;
    for (const [block, entry] of this.#entries) {
      if (!this.#isWanted(block)) this.#forget(block, entry);
    }
  }

  /** Gets a block of a wanted range, full or not. */
  get({ from, to }: BlockRange): Promise<BlockOutcome> {
    return (this.#entries.get(from) ?? this.#fetch(from, to - from)).ended;
  }

  /** A fetched block that is still in memory; not to be changed. */
  fetched(block: number): FetchedBlock | undefined {
    const outcome = this.#entries.get(block)?.outcome;
    return outcome?._tag === 'Block' ? outcome : undefined;
  }

  /** What each peer made of the request for a block so far. */
  attempts(block: number): readonly PeerAttempt[] {
    return this.#entries.get(block)?.attempts ?? [];
  }

  /**
   * How many blocks from `block` on peers are known to lack. They are forgotten, so that the next read of them asks
   * again.
   */
  takeLacking(block: number): number {
    let count = 0;
    while (this.#entries.get(block + count)?.outcome?._tag === 'Lacking') {
      this.#entries.delete(block + count);
      count += 1;
    }
    return count;
  }

  /** A block came into the cache by another way: nobody needs to wait for a peer any more. */
  supply(block: number): void {
    const entry = this.#entries.get(block);
    if (entry === undefined || entry.outcome?._tag === 'Block') return;
    this.#entries.delete(block);
    entry.end({ _tag: 'Local' });
    entry.fetching.abort(NOT_WANTED);
  }

  /** Stops fetching; resolves when nothing is being written any more. */
  async close(): Promise<void> {
    this.#wanted.clear();
    for (const [block, entry] of this.#entries) this.#forget(block, entry);
    await Promise.all(this.#writes);
  }

  #fill(): void {
    const ranges = [...this.#wanted].sort((one, other) => one.from - other.from);
    for (const { from, to } of ranges) {
      for (let block = from; block < to; block += 1) {
        if (this.#entries.size >= this.#parts.capacity) return;
        if (!this.#entries.has(block) && !this.#parts.isLocal(block)) this.#fetch(block, to - block);
      }
    }
  }

  #isWanted(block: number): boolean {
    for (const { from, to } of this.#wanted) if (block >= from && block < to) return true;
    return false;
  }

  /** A block that is just being written stays, as it still takes memory. */
  #forget(block: number, entry: Entry): void {
    if (entry.writing) return;
    this.#entries.delete(block);
    if (entry.outcome === undefined) entry.fetching.abort(NOT_WANTED);
  }

  #fetch(block: number, wanted: number): Entry {
    const fetching = new AbortController();
    let end: Entry['end'] = () => undefined;
    const ended = new Promise<BlockOutcome>((resolve) => (end = resolve));
    const entry: Entry = { fetching, ended, end, attempts: [], writing: false };
    this.#entries.set(block, entry);
    void this.#attempt(block, wanted, entry).then((outcome) => {
      if (this.#entries.get(block) === entry) {
        entry.outcome = outcome;
        if (outcome._tag === 'Block') this.#keep(block, entry, outcome.bytes);
      }
      end(outcome);
    });
    return entry;
  }

  async #attempt(block: number, wanted: number, { attempts, fetching }: Entry): Promise<BlockOutcome> {
    const onAttempt = (attempt: PeerAttempt): void => void attempts.push(attempt);
    try {
      const { signal } = fetching;
      return { _tag: 'Block', ...(await this.#parts.fetch(block, { wanted, onAttempt, signal })) };
    } catch (error) {
      return error instanceof FetchFailure ? { _tag: 'Lacking' } : { _tag: 'Broken', error };
    }
  }

  #keep(block: number, entry: Entry, bytes: Buffer): void {
    entry.writing = true;
    const write = this.#parts.keep(block, bytes).then(() => {
      entry.writing = false;
      this.#writes.delete(write);
      if (this.#isWanted(block)) return;
      this.#forget(block, entry);
      this.#fill();
    });
    this.#writes.add(write);
  }
}
