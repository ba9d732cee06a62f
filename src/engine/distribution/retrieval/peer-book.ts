import type { Clock } from '../../../driver/index.js';
import type { BlockRange } from '../wire/index.js';
import { DEFAULT_CLIENT_LIMITS, type RetrievalClientLimits } from './limits.js';
import type { PeerFault } from './peer-fault.js';

/** What is remembered of a peer, across contents and connections. */
export interface PeerRecord {
  readonly peer: string;
  /** Requests under way. */
  outstanding: number;
  /** Grows from use to use, across peers. */
  lastUse: number;
  /** Whether its last answer was a verified block; a peer without that gets one request at a time. */
  trusted: boolean;
  /** What a block takes of its time, as of late; `undefined` before the first one. */
  blockMs: number | undefined;
  /** How many requests at a time it is trusted with, and has not refused. */
  most: number;
  /** Faults that count. */
  faults: number;
  /** Grows with every fault that counts, so that a request can tell whether one happened meanwhile. */
  incident: number;
  /** When the faults are forgotten. */
  forgetAt: number;
  /** What it says it has, by the key of the question. */
  readonly lists: Map<string, BlockList>;
  /** Keys of the questions that it is being asked. */
  readonly awaitedLists: Set<string>;
  /** Whether it may tell which segments it has: peers of version 1 cannot. */
  listsSegments: boolean;
  /** Whether it passes on what others gave it and cannot check that, as a hosted cache does. */
  readonly isMailbox: boolean;
  /** Of such a one: blocks of which it has spoiled bytes, how often it sent them, and until when that counts. */
  readonly spoiled: Map<string, { readonly times: number; readonly until: number }>;
  /** Spoiled blocks since the last good one. */
  spoiledInARow: number;
}

interface BlockList {
  readonly ranges: readonly BlockRange[];
  readonly expiresAt: number;
}

/** From here on the book drops peers it has nothing to say about. */
const MANY_PEERS = 1_024;

/** A peer is given so many requests that the last one should be answered in this part of the time for it. */
const SAFETY = 2;

/** So many requests at a time a peer gets whose first block was good: if it lies then, it costs no more than that. */
const MOST_AT_FIRST = 8;

/** After so many blocks it is tried whether a peer takes one request more. */
const RECOVERY = 64;

/** Of so many blocks the time is averaged. */
const WEIGHT = 4;

/** A mailbox may have another copy of a block, which it gives whoever asks again. */
const COPIES = 2;

/** So many spoiled blocks in a row are one fault, or a mailbox full of lies would be asked for every block. */
const ONE_FAULT = 16;

/** Spoiled blocks of a mailbox that are remembered, the latest ones. */
const MOST_SPOILED = 4_096;

/** The memory of peers: who misbehaved, who is fast, and who has what. */
export class PeerBook {
  private readonly limits: RetrievalClientLimits;
  readonly #records = new Map<string, PeerRecord>();

  constructor(
    private readonly clock: Clock,
    limits: Partial<RetrievalClientLimits> = {},
    /** The address of a hosted cache. */
    private readonly mailbox?: string,
  ) {
    this.limits = { ...DEFAULT_CLIENT_LIMITS, ...limits };
  }

  /** The record of `peer`, without what is too old to matter. */
  get(peer: string): PeerRecord {
    const known = this.#records.get(peer);
    if (known !== undefined) {
      if (!this.#isAhead(known.forgetAt, this.limits.faultMemoryMs)) known.faults = 0;
      return known;
    }
    if (this.#records.size >= MANY_PEERS) this.#forgetStrangers();
    const record: PeerRecord = {
      peer,
      outstanding: 0,
      lastUse: 0,
      trusted: false,
      blockMs: undefined,
      most: Math.min(MOST_AT_FIRST, this.limits.requestsPerPeer),
      faults: 0,
      incident: 0,
      forgetAt: 0,
      lists: new Map(),
      awaitedLists: new Set(),
      listsSegments: true,
      isMailbox: peer === this.mailbox,
      spoiled: new Map(),
      spoiledInARow: 0,
    };
    this.#records.set(peer, record);
    return record;
  }

  isStruckOut(record: PeerRecord): boolean {
    return (
      record.faults >= this.limits.faultsPerPeer && this.#isAhead(record.forgetAt, this.limits.faultMemoryMs)
    );
  }

  /** How many requests at a time the peer gets: a slow one no more than it can answer in time. */
  places({ trusted, blockMs = 0, most }: PeerRecord): number {
    const { requestsPerPeer, requestTimeoutMs } = this.limits;
    const inTime = Math.floor(requestTimeoutMs / SAFETY / Math.max(1, blockMs));
    return trusted ? Math.max(1, Math.min(requestsPerPeer, Math.floor(most), inTime)) : 1;
  }

  hasRoom(peer: PeerRecord): boolean {
    return peer.outstanding < this.places(peer);
  }

  /** Notes that one of `together` requests has brought a good block after `ms`. */
  praise(record: PeerRecord, ms: number, together: number): void {
    // The clock counts whole milliseconds.
    const blockMs = (ms + 0.5) / together;
    const before = record.trusted ? record.blockMs : undefined;
    record.blockMs = before === undefined ? blockMs : before + (blockMs - before) / WEIGHT;
    record.trusted = true;
    record.spoiledInARow = 0;
    record.most = Math.min(this.limits.requestsPerPeer, record.most + 1 / RECOVERY);
  }

  /**
   * Notes that the peer took one connection less than it was offered, while it was busy with others of ours. That is no
   * fault: how many it has for all is its own affair.
   */
  crowd(record: PeerRecord): void {
    record.most = Math.max(1, record.outstanding - 1);
  }

  /**
   * Notes a fault of a request that began at `incident`. Requests that fail together because the peer went away are
   * one fault.
   */
  blame(record: PeerRecord, fault: PeerFault, incident: number): void {
    record.trusted = false;
    record.blockMs = this.limits.requestTimeoutMs;
    if (fault.isOutage && incident !== record.incident) return;
    record.incident += 1;
    record.faults += 1;
    record.forgetAt = this.clock.now() + this.limits.faultMemoryMs;
  }

  /** Notes that a mailbox has sent spoiled bytes of a block, for which it is not to blame, unless it does nothing else. */
  spoil(record: PeerRecord, block: string, fault: PeerFault, incident: number): void {
    record.trusted = false;
    record.spoiledInARow += 1;
    if (record.spoiledInARow % ONE_FAULT === 0) this.blame(record, fault, incident);
    const times = (record.spoiled.get(block)?.times ?? 0) + 1;
    record.spoiled.delete(block);
    record.spoiled.set(block, { times, until: this.clock.now() + this.limits.faultMemoryMs });
    const [oldest] = record.spoiled.keys();
    if (record.spoiled.size > MOST_SPOILED && oldest !== undefined) record.spoiled.delete(oldest);
  }

  /** Whether there is no use in asking it for the block. */
  hasSpoiled({ spoiled }: PeerRecord, block: string): boolean {
    const known = spoiled.get(block);
    if (known === undefined) return false;
    if (this.#isAhead(known.until, this.limits.faultMemoryMs)) return known.times >= COPIES;
    spoiled.delete(block);
    return false;
  }

  /** What the peer answered to the question with this key; `undefined` if it was not asked lately. */
  list(record: PeerRecord, key: string): readonly BlockRange[] | undefined {
    const list = record.lists.get(key);
    return list !== undefined && this.#isAhead(list.expiresAt, this.limits.listLifetimeMs)
      ? list.ranges
      : undefined;
  }

  setList(record: PeerRecord, key: string, ranges: readonly BlockRange[]): void {
    const now = this.clock.now();
    for (const [other, { expiresAt }] of record.lists) if (expiresAt <= now) record.lists.delete(other);
    record.lists.set(key, { ranges, expiresAt: now + this.limits.listLifetimeMs });
  }

  /** The peer has that as well by now, if what it has is known. */
  addToList(record: PeerRecord, key: string, more: BlockRange): void {
    const list = record.lists.get(key);
    if (list !== undefined) record.lists.set(key, { ...list, ranges: [...list.ranges, more] });
  }

  /** Whether `time`, set at most `span` ahead, is still to come; if it lies farther ahead, the clock was set back. */
  #isAhead(time: number, span: number): boolean {
    const left = time - this.clock.now();
    return left > 0 && left <= span;
  }

  /** Keeps the book from growing with every address that was ever heard of. */
  #forgetStrangers(): void {
    const now = this.clock.now();
    for (const [peer, record] of this.#records) {
      if (record.outstanding > 0 || record.forgetAt > now) continue;
      if ([...record.lists.values()].every(({ expiresAt }) => expiresAt <= now)) this.#records.delete(peer);
    }
  }
}
