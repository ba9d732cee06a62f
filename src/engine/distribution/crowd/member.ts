import { setMaxListeners } from 'node:events';
import type { Cancel, Clock } from '../../../driver/index.js';
import { waitFor } from '../content/wait.js';
import { SEGMENTS_PER_PROBE } from '../discovery/index.js';
import type { SegmentInfo } from '../ports.js';
import { askAround, type Reply } from './ask-around.js';
import type { Claim } from './claim.js';
import { MOST_CLAIMED, type BlockRun, type ClaimAnswer } from './claim-message.js';
import type { Crowd, Fetching } from './crowd.js';
import { runsOf, type CrowdContent } from './crowd-content.js';
import type { Neighbours } from './neighbours.js';
import { BUDGET_MS, WaitingBudget } from './waiting-budget.js';

/** Tells of machines that fetch any of the first of these segments. Resolves when no more are to be expected; never rejects. */
export type Meet = (
  segments: readonly SegmentInfo[],
  met: (peer: string) => void,
  signal: AbortSignal,
) => Promise<void>;

/** What came of waiting for a neighbour that fetches a block. */
export interface Waiting {
  readonly peer: string;
  readonly waitedMs: number;
  /** Whether the block can be had now. */
  readonly isThere: boolean;
}

export interface CrowdMemberParts {
  readonly crowd: Crowd;
  readonly neighbours: Neighbours;
  readonly clock: Clock;
  readonly token: string;
  /** Where this machine serves blocks; 0: nowhere. */
  readonly port: number;
  readonly content: CrowdContent;
  readonly meet?: Meet | undefined;
}

/** Blocks that somebody wants to fetch, by number in the content. */
export interface ClaimWish {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** Who may want or have the same, in order of importance. */
  readonly peers: () => readonly string[];
  /** When waiting for others ends. */
  readonly deadline: number;
  readonly signal: AbortSignal;
  /** Told each time a neighbour was waited for that fetches the first of them. */
  readonly onWaited?: ((waiting: Waiting) => void) | undefined;
}

export type ClaimOutcome =
  /** This machine is to fetch the blocks before `to`. */
  | { readonly _tag: 'Granted'; readonly to: number }
  /** So many can be had: from that peer, or on this machine. */
  | { readonly _tag: 'Elsewhere'; readonly peer: string | undefined; readonly blocks: number };

interface Limits {
  /** Milliseconds until waiting ends. */
  readonly left: () => number;
  /** Whether there were any at first. */
  readonly mayWait: boolean;
}

/** Neighbours asked. */
export const MOST_NEIGHBOURS = 16;
/** How long a neighbour is asked to hold its answer back, and how long after that it may take: less if time is short. */
export const HOLD_MS = 200;
const ANSWER_MS = 600;
const LEAST_ANSWER_MS = 100;
const LONGEST_ROUND_MS = 2 * (HOLD_MS + ANSWER_MS);
/** Before a neighbour is asked again that did not hold its answer. */
const PAUSE_MS = 10;
/** So many blocks are fetched before the others are asked again, and twice as many each time; one after trouble. */
const FIRST_BLOCKS = 4;
/** Of so many it is asked whether they have come in where they are fetched. */
const MOST_FOLLOWED = 16;

/** One content among the machines that want it: finds out which blocks this one is to fetch from the origin. */
export class CrowdMember implements Fetching {
  readonly #parts: CrowdMemberParts;
  readonly #leave: Cancel;
  readonly #ending = new AbortController();
  readonly #met = new Set<string>();
  readonly #budget = new WaitingBudget();
  #claim: Claim | undefined;
  #isAsking = false;
  #isFindable = false;
  /** Over when those that look for the same should have been heard of. */
  #meeting: Promise<void> | undefined;
  /** When whole blocks of it have come in last. */
  #measuredAt = 0;
  #blocks = FIRST_BLOCKS;

  constructor(parts: CrowdMemberParts) {
    this.#parts = parts;
    this.#leave = parts.crowd.add(this);
    // More than ten neighbours that are asked at a time are no leak.
    setMaxListeners(MOST_NEIGHBOURS * 2, this.#ending.signal);
  }

  get token(): string {
    return this.#parts.token;
  }

  get claim(): Claim | undefined {
    return this.#claim;
  }

  /** Whether neighbours are asked about this content, and so tell what they have got. */
  get isAsking(): boolean {
    return this.#isAsking;
  }

  get isFindable(): boolean {
    return this.#isFindable;
  }

  /** Machines that want this content, too, and serve. */
  get met(): readonly string[] {
    return [...this.#met];
  }

  firstBlockOf(segment: string): number | undefined {
    const { content } = this.#parts;
    const number = content.numberOf(segment);
    return number === undefined ? undefined : number * content.blocksPerSegment;
  }

  yield(): void {
    this.#claim = undefined;
  }

  meet(peer: string): void {
    if (this.#met.size < MOST_NEIGHBOURS) this.#met.add(peer);
  }

  /** Looks once for machines that want the same, from this block on, and lets itself be found. */
  lookAround(block: number): void {
    if (this.#isFindable) return;
    this.#isFindable = true;
    const { content, meet } = this.#parts;
    const first = Math.floor(block / content.blocksPerSegment);
    const wanted = content.segments.slice(first, first + SEGMENTS_PER_PROBE.crowd);
    this.#meeting = meet?.(
      wanted.map(({ info }) => info),
      (peer) => this.meet(peer),
      this.#ending.signal,
    );
  }

  /** So many blocks have come in from the origin; 0: a piece of one. */
  progress(blocks: number): void {
    const { clock, crowd } = this.#parts;
    if (this.#claim?.isFetching === true) {
      const now = clock.now();
      this.#claim.progressAt = now;
      if (blocks > 0) {
        this.#budget.fetched(blocks, now - this.#measuredAt);
        this.#measuredAt = now;
      }
    }
    crowd.changed();
  }

  /** A peer has delivered a block. */
  delivered(peer: string): void {
    this.#budget.delivered();
    this.#parts.neighbours.delivered(peer);
  }

  /** A peer has said that it has a block, and did not deliver it in that time. */
  disappointed(peer: string, ms: number): void {
    this.#budget.waited(ms);
    this.#parts.neighbours.disappointed(peer);
  }

  leave(): void {
    this.#claim = undefined;
    this.#ending.abort();
    this.#leave();
  }

  /**
   * Resolves when the first of the blocks is this machine's to fetch, or can be had. Of machines that know one another
   * one at a time is granted it. Rejects with the signal's reason.
   */
  async claimBlocks(wish: ClaimWish): Promise<ClaimOutcome> {
    const { clock, content } = this.#parts;
    this.#isAsking = true;
    const begun = clock.now();
    const { leftMs, earnedMs } = this.#budget;
    // Whoever asks to wait for longer than usual has that on top.
    const extraMs = Math.max(0, wish.deadline - begun - BUDGET_MS);
    const until = Math.min(begun + leftMs + extraMs, wish.deadline + earnedMs);
    const limits = { left: () => until - clock.now(), mayWait: until > begun };
    try {
      await this.#firstMeeting(wish, limits);
      for (;;) {
        wish.signal.throwIfAborted();
        if (content.has(wish.from)) return this.#elsewhere(undefined, 1);
        const outcome = await this.#askAll(wish, limits);
        if (outcome !== undefined) return outcome;
        await this.#pause(limits.left(), wish.signal);
      }
    } finally {
      if (this.#claim?.isFetching === false) this.#withdraw();
      this.#budget.waited(clock.now() - begun);
    }
  }

  /** Who knows nobody may be about to: usually that is known by now, as peers were looked for at the same time. */
  async #firstMeeting({ peers, signal }: ClaimWish, { left }: Limits): Promise<void> {
    const meeting = this.#meeting;
    if (meeting === undefined) return;
    if (peers().length === 0 && left() > 0) {
      await waitFor(meeting, { clock: this.#parts.clock, ms: left(), signal });
    }
    this.#meeting = undefined;
  }

  /** One round; `undefined`: another one is needed. */
  async #askAll(wish: ClaimWish, { left, mayWait }: Limits): Promise<ClaimOutcome | undefined> {
    const { crowd, clock, content, token, port, neighbours } = this.#parts;
    const { from, signal } = wish;
    const peers = wish
      .peers()
      .filter((peer) => neighbours.isWorthAsking(peer))
      .slice(0, MOST_NEIGHBOURS);
    const runs = runsOf(content, from, Math.min(wish.to, from + this.#blocks));
    const claim: Claim = { from, to: wish.to, isFetching: false, progressAt: clock.now() };
    this.#claim = claim;
    const own = crowd.judge({ runs, token, port, follows: false });
    const round = askAround(peers, (peer) => this.#ask(peer, runs, false, left()));
    const replies = await waitFor(round, { clock, ms: LONGEST_ROUND_MS, signal });
    if (replies === 'timeout') return undefined;
    for (const { peer, answer } of replies) {
      if (answer?._tag === 'Here') return this.#elsewhere(peer, answer.blocks);
      if (answer?._tag === 'Claimed' && answer.isFetching && left() > 0)
        return this.#followAndTell(peer, wish, left);
    }
    const claimants = replies.filter(({ answer }) => answer?._tag === 'Claimed');
    const isContested = claimants.length > 0 || own._tag === 'Claimed';
    if (left() > 0 && (isContested || this.#claim !== claim)) return undefined;
    if (mayWait) for (const { peer } of claimants) neighbours.disappointed(peer);
    if (isContested || replies.some(({ answer }) => answer === undefined)) this.#blocks = 1;
    return this.#grant(from, wish.to, own, replies);
  }

  async #followAndTell(peer: string, wish: ClaimWish, left: () => number): Promise<ClaimOutcome | undefined> {
    const { clock } = this.#parts;
    const begun = clock.now();
    const outcome = await this.#follow(peer, wish, left);
    wish.onWaited?.({
      peer,
      waitedMs: Math.max(0, clock.now() - begun),
      isThere: outcome !== undefined,
    });
    return outcome;
  }

  /** Waits for the block at the peer that is fetching it; `undefined`: it will not come from there. */
  async #follow(
    peer: string,
    { from, to, signal }: ClaimWish,
    left: () => number,
  ): Promise<ClaimOutcome | undefined> {
    const { clock, content } = this.#parts;
    this.#withdraw();
    const runs = runsOf(content, from, Math.min(to, from + MOST_FOLLOWED));
    while (left() > 0) {
      const asked = this.#ask(peer, runs, true, left());
      const answer = await waitFor(asked, { clock, ms: LONGEST_ROUND_MS, signal });
      if (content.has(from)) return this.#elsewhere(undefined, 1);
      if (answer === 'timeout' || answer?._tag !== 'Claimed') {
        return answer !== 'timeout' && answer?._tag === 'Here'
          ? this.#elsewhere(peer, answer.blocks)
          : undefined;
      }
      await this.#pause(left(), signal);
    }
    this.#parts.neighbours.disappointed(peer);
    return undefined;
  }

  /** Until something changes here, and not for long. */
  async #pause(leftMs: number, signal: AbortSignal): Promise<void> {
    const { crowd, clock } = this.#parts;
    const ms = Math.max(0, Math.min(PAUSE_MS, leftMs));
    await waitFor(crowd.change(ms), { clock, ms, signal });
  }

  #ask(
    peer: string,
    runs: readonly BlockRun[],
    follows: boolean,
    leftMs: number,
  ): Promise<ClaimAnswer | undefined> {
    const { neighbours, token, port } = this.#parts;
    const holdMs = Math.round(Math.max(0, Math.min(HOLD_MS, leftMs - LEAST_ANSWER_MS)));
    return neighbours.ask(
      peer,
      { runs, token, port, follows, holdMs },
      holdMs + Math.round(Math.max(LEAST_ANSWER_MS, Math.min(ANSWER_MS, leftMs - holdMs))),
      this.#ending.signal,
    );
  }

  #grant(from: number, to: number, own: ClaimAnswer, replies: readonly Reply[]): ClaimOutcome {
    const now = this.#parts.clock.now();
    const free = [own, ...replies.map(({ answer }) => answer)].flatMap((answer) =>
      answer?._tag === 'Free' ? [answer.blocks] : [],
    );
    // Nobody is there who might want some of it.
    const isAlone =
      replies.length === 0 && own._tag === 'Free' && own.blocks === Math.min(this.#blocks, to - from);
    const granted = isAlone ? to : Math.min(to, from + Math.min(this.#blocks, ...free));
    this.#blocks = Math.min(MOST_CLAIMED, this.#blocks * 2);
    this.#claim = { from, to: granted, isFetching: true, progressAt: now };
    this.#measuredAt = now;
    this.#parts.crowd.changed();
    return { _tag: 'Granted', to: granted };
  }

  #elsewhere(peer: string | undefined, blocks: number): ClaimOutcome {
    this.#withdraw();
    return { _tag: 'Elsewhere', peer, blocks };
  }

  #withdraw(): void {
    this.#claim = undefined;
    this.#parts.crowd.changed();
  }
}
