import type { PeerAttempt } from '../../../driver/index.js';
import { FetchFailure, type FetchedBlock, type PendingBlock } from '../ports.js';
import { releaseBytes } from '../release-bytes.js';
import { TransientMap } from '../transient-map.js';
import { TransientSet } from '../transient-set.js';

/** How the attempt to get a block ended. */
export type BlockOutcome =
  /** It is in the window, or has come into the local cache by another way. */
  | { readonly _tag: 'Here' }
  /** No peer delivered it. */
  | { readonly _tag: 'Lacking' }
  | { readonly _tag: 'Broken'; readonly error: unknown };

/** Blocks `from` to `to` (exclusive), by number in the content, that somebody reads or is about to. */
export interface BlockRange {
  readonly from: number;
  readonly to: number;
}

interface Entry {
  readonly pending: PendingBlock;
  readonly ended: Promise<BlockOutcome>;
  readonly end: (outcome: BlockOutcome) => void;
  /** The peers that did not deliver so far. */
  readonly attempts: PeerAttempt[];
  isLacking: boolean;
  fetched?: FetchedBlock;
  /** On its way to the cache. */
  isWriting: boolean;
}

export interface BlockRequest {
  /** How many blocks from this one on are wanted. */
  readonly wanted: number;
  /** Told of each peer that does not deliver. */
  readonly onAttempt: (attempt: PeerAttempt) => void;
  /** Raised when nothing of the content is wanted any more. */
  readonly signal: AbortSignal;
}

export interface WindowParts {
  /** Most blocks that are fetched, kept for a reader or written at a time by reading ahead. */
  readonly capacity: number;
  isLocal(block: number): boolean;
  fetch(block: number, request: BlockRequest): PendingBlock;
  /** Puts fetched blocks into the cache; never rejects. */
  keep(blocks: readonly NumberedBlock[]): Promise<void>;
}

/** A whole block, by its number in the content. */
export interface NumberedBlock {
  readonly block: number;
  readonly bytes: Uint8Array;
}

/** So many blocks are worth writing; fewer wait this long for company. */
const ENOUGH_TOGETHER = 16;
const WAIT_MS = 10;

/** The first block is on its way to a peer by then. */
const HEAD_START_MS = 1;

/** One for all, as making an error costs more than all else that is done for a block here. */
const NOT_WANTED = new Error('nobody wants the block any more');

const UNANSWERED = { reason: 'no-answer-in-time', detail: 'has not answered yet' } as const;

const HERE: BlockOutcome = { _tag: 'Here' };

/**
 * The blocks of one content on their way from peers to readers. It fetches what is wanted, in order, until it is full;
 * what nobody wants any more is given up, and forgotten once it is in the cache. So a reader that stops reading stops
 * the fetching, and the memory taken is bounded.
 */
export class BlockWindow {
  readonly #parts: WindowParts;
  readonly #entries = new TransientMap<number, Entry>();
  /** With the first block of each that has not been looked at. One or two, so that looking through them makes nothing. */
  #wanted: { readonly range: BlockRange; next: number }[] = [];
  readonly #writes = new TransientSet<Promise<void>>();
  #blocksInWrites = 0;
  #unwritten: { readonly block: number; readonly entry: Entry; readonly bytes: Buffer }[] = [];
  #writing: NodeJS.Timeout | undefined;
  #filling: NodeJS.Timeout | undefined;
  readonly #ending = new AbortController();

  constructor(parts: WindowParts) {
    this.#parts = parts;
  }

  /**
   * Fetches the range, as far as there is room, until it is given up by the same object. Where nothing is here yet, somebody
   * waits for the first block, which goes ahead.
   */
  want(range: BlockRange): void {
    this.#wanted.push({ range, next: range.from });
    if (this.#entries.size > 0) this.#fill();
    else {
      this.#fill(1);
      this.#filling ??= setTimeout(() => {
        this.#filling = undefined;
        this.#fill();
      }, HEAD_START_MS);
    }
  }

  giveUp(range: BlockRange): void {
    const left = this.#wanted.filter((wanted) => wanted.range !== range);
    if (left.length === this.#wanted.length) return;
    this.#wanted = left;
    for (let block = range.from; block < range.to; block += 1) {
      const entry = this.#entries.get(block);
      if (entry !== undefined && !this.#isWanted(block)) this.#forget(block, entry);
    }
  }

  /** Gets a block of a wanted range, full or not. */
  get({ from, to }: BlockRange): Promise<BlockOutcome> {
    return (this.#entries.get(from) ?? this.#fetch(from, to - from)).ended;
  }

  /** The same for any block of a wanted range, if it is being fetched. */
  pending(block: number): Promise<BlockOutcome> | undefined {
    const entry = this.#entries.get(block);
    return entry?.fetched === undefined ? entry?.ended : undefined;
  }

  /** A fetched block that is still in memory: not to be changed, and good until control returns to the event loop. */
  fetched(block: number): FetchedBlock | undefined {
    return this.#entries.get(block)?.fetched;
  }

  /** What each peer made of the request for a block so far. */
  attempts(block: number): readonly PeerAttempt[] {
    return this.#entries.get(block)?.attempts ?? [];
  }

  /** Peers that are being asked for a block, for whoever waits no longer. */
  unanswered(block: number): readonly PeerAttempt[] {
    const asked = this.#entries.get(block)?.pending.asked() ?? [];
    return asked.map((peer) => ({ peer, ...UNANSWERED }));
  }

  /**
   * How many blocks from `block` on peers are known to lack. They are forgotten, so that the next read of them asks
   * again.
   */
  takeLacking(block: number): number {
    let count = 0;
    while (this.#entries.get(block + count)?.isLacking === true) {
      this.#entries.delete(block + count);
      count += 1;
    }
    return count;
  }

  /** A block came into the cache by another way: nobody needs to wait for a peer any more. */
  supply(block: number): void {
    const entry = this.#entries.get(block);
    if (entry === undefined || entry.fetched !== undefined) return;
    this.#entries.delete(block);
    entry.end(HERE);
    entry.pending.cancel(NOT_WANTED);
  }

  /**
   * Whether the disk is so much slower than the peers that it has to catch up first; see {@link room}. A reader asks for its
   * next block whether the window is full or not, so without that there would be no end to what waits to be written.
   */
  get isBehind(): boolean {
    return this.#blocksInWrites >= this.#parts.capacity;
  }

  /** Resolves when something has been written. */
  async room(): Promise<void> {
    await Promise.race(this.#writes);
  }

  /** Resolves when everything that has been fetched by now has been given to the cache. */
  async flush(): Promise<void> {
    this.#write();
    await Promise.all(this.#writes);
  }

  /** Stops fetching; resolves when nothing is being written any more. */
  async close(): Promise<void> {
    this.#wanted = [];
    clearTimeout(this.#filling);
    this.#ending.abort(NOT_WANTED);
    for (const [block, entry] of this.#entries) this.#forget(block, entry);
    await this.flush();
  }

  #fill(capacity = this.#parts.capacity): void {
    if (this.#entries.size >= capacity) return;
    const unseen = this.#wanted.filter(({ range, next }) => next < range.to);
    if (unseen.length > 1) unseen.sort((one, other) => one.range.from - other.range.from);
    for (const wanted of unseen) {
      const { to } = wanted.range;
      for (; wanted.next < to && this.#entries.size < capacity; wanted.next += 1) {
        if (!this.#fetchAhead(wanted.next, to)) return;
      }
    }
  }

  /** `false`: what there is to know of the block cannot be read. Whoever gets to it is told so. */
  #fetchAhead(block: number, to: number): boolean {
    try {
      if (!this.#entries.has(block) && !this.#parts.isLocal(block)) this.#fetch(block, to - block);
      return true;
    } catch {
      return false;
    }
  }

  #isWanted(block: number): boolean {
    return this.#wanted.some(({ range: { from, to } }) => block >= from && block < to);
  }

  /** A block that is just being written stays, as it still takes memory. */
  #forget(block: number, entry: Entry): void {
    if (entry.isWriting) return;
    this.#entries.delete(block);
    if (entry.fetched === undefined) entry.pending.cancel(NOT_WANTED);
    else releaseBytes(entry.fetched.bytes);
  }

  #fetch(block: number, wanted: number): Entry {
    const attempts: PeerAttempt[] = [];
    const pending = this.#parts.fetch(block, {
      wanted,
      onAttempt: (attempt) => attempts.push(attempt),
      signal: this.#ending.signal,
    });
    let end: Entry['end'] = () => undefined;
    const ended = new Promise<BlockOutcome>((resolve) => (end = resolve));
    const entry: Entry = { pending, ended, end, attempts, isLacking: false, isWriting: false };
    this.#entries.set(block, entry);
    pending.block.then(
      (fetched) => this.#receive(block, entry, fetched),
      (error: unknown) => {
        entry.isLacking = error instanceof FetchFailure;
        end(entry.isLacking ? { _tag: 'Lacking' } : { _tag: 'Broken', error });
      },
    );
    return entry;
  }

  #receive(block: number, entry: Entry, fetched: FetchedBlock): void {
    if (this.#entries.get(block) !== entry) {
      // Given up in the last moment.
      releaseBytes(fetched.bytes);
      return;
    }
    entry.fetched = fetched;
    entry.isWriting = true;
    this.#unwritten.push({ block, entry, bytes: fetched.bytes });
    if (this.#unwritten.length >= ENOUGH_TOGETHER) this.#write();
    else this.#writing ??= setTimeout(() => this.#write(), WAIT_MS);
    entry.end(HERE);
  }

  #write(): void {
    clearTimeout(this.#writing);
    this.#writing = undefined;
    if (this.#unwritten.length === 0) return;
    const blocks = this.#unwritten;
    this.#unwritten = [];
    this.#blocksInWrites += blocks.length;
    const write = this.#parts.keep(blocks).then(() => {
      this.#writes.delete(write);
      this.#blocksInWrites -= blocks.length;
      for (const { block, entry } of blocks) {
        entry.isWriting = false;
        if (!this.#isWanted(block)) this.#forget(block, entry);
      }
      this.#fill();
    });
    this.#writes.add(write);
  }
}
