import type { Cancel, Clock } from '../../../driver/index.js';
import { normalisePeer } from '../content/peer-address.js';
import type { BlockSource } from '../ports.js';
import { segmentName } from '../segment-name.js';
import { Departure } from './departure.js';
import { prevails, type Claim } from './claim.js';
import {
  blocksOf,
  decodeQuestion,
  encodeAnswer,
  type BlockRun,
  type ClaimAnswer,
  type ClaimQuestion,
} from './claim-message.js';

/** One open content of this machine, seen from its neighbours. */
export interface Fetching {
  /** Of its own for each content. */
  readonly token: string;
  /** What its reader fetches from the origin just now, or is about to. */
  readonly claim: Claim | undefined;
  /** The number of a segment's first block in the content; `undefined` if it has no such segment. */
  firstBlockOf(segment: string): number | undefined;
  /** Whether somebody is looked for who wants the same, and so may look for this one. */
  readonly isFindable: boolean;
  /** Gives the claim up. */
  yield(): void;
  /** Learns of a machine that wants the same content. */
  meet(peer: string): void;
}

/** Answers that are held back at a time; beyond that they are given at once. */
export const MOST_HELD = 256;

/** Tells the machines of a crowd, which all want the same from an origin, what this one fetches and has. */
export class Crowd {
  readonly #source: BlockSource;
  readonly #clock: Clock;
  readonly #contents = new Set<Fetching>();
  readonly #waiting = new Set<() => void>();
  readonly #departure: Departure;
  #isClosed = false;

  constructor(source: BlockSource, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
    this.#departure = new Departure(clock);
  }

  /** @returns takes the content out again. */
  add(content: Fetching): Cancel {
    this.#contents.add(content);
    return () => {
      this.#contents.delete(content);
      this.changed();
    };
  }

  /** Whether a content with this segment is being fetched here, and wants to be known to others that fetch it. */
  fetches(segmentId: Uint8Array): boolean {
    const segment = segmentName({ id: segmentId });
    return [...this.#contents].some(
      (content) => content.isFindable && content.firstBlockOf(segment) !== undefined,
    );
  }

  /** Another machine fetches contents with this segment, too. */
  meet(segmentId: Uint8Array, told: string): void {
    const peer = normalisePeer(told);
    if (peer !== undefined) this.#introduce([segmentName({ id: segmentId })], peer);
  }

  /** A block has come in, or a claim has changed. */
  changed(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** Resolves with the next change, and after `ms` at the latest. */
  async change(ms: number): Promise<void> {
    if (this.#isClosed) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        cancel();
        this.#waiting.delete(wake);
        resolve();
      };
      const cancel = this.#clock.schedule(ms, wake);
      this.#waiting.add(wake);
    });
  }

  /** Somebody was served a block. */
  served(): void {
    this.#departure.served();
  }

  /** Resolves when no neighbour seems to want anything any more that was fetched here. Blocks are to be had until then. */
  settle(): Promise<void> {
    return this.#departure.settle();
  }

  /** What is held back is answered now, and nothing is held back any more. */
  close(): void {
    this.#isClosed = true;
    this.changed();
  }

  /**
   * Answers a neighbour; `undefined` for what is no question.
   *
   * @param host that it asks from.
   */
  async answer(message: Buffer, host: string): Promise<Buffer | undefined> {
    const question = decodeQuestion(message);
    if (question === undefined) return undefined;
    const asker = normalisePeer(`${host}:${question.port}`);
    if (asker !== undefined) {
      this.#introduce(
        question.runs.map(({ segment }) => segment),
        asker,
      );
    }
    const until = this.#clock.now() + question.holdMs;
    for (;;) {
      const answer = this.judge(question, this.#source);
      if (answer._tag !== 'Free') this.#departure.wished();
      const left = until - this.#clock.now();
      const isOfUse = answer._tag !== 'Claimed' || (answer.isFetching && !question.follows);
      if (isOfUse || left <= 0 || this.#isClosed || this.#waiting.size >= MOST_HELD) {
        return encodeAnswer(answer);
      }
      await this.change(Math.min(left, question.holdMs));
    }
  }

  /**
   * What a question is answered with just now. Claims that are in its way and have to yield do.
   *
   * @param source of blocks that the asker may have; it knows those of its own machine.
   */
  judge(question: Omit<ClaimQuestion, 'holdMs'>, source?: BlockSource): ClaimAnswer {
    const { runs, token } = question;
    const others = [...this.#contents].filter((content) => content.token !== token);
    let blocks = 0;
    let first: 'Here' | 'Free' | undefined;
    for (const { segment, first: start, count } of runs) {
      const stored = source?.find(Buffer.from(segment, 'hex'));
      for (let index = start; index < start + count; index += 1) {
        const state = stored?.has(index) === true ? 'Here' : this.#claimOn(others, question, segment, index);
        if (typeof state === 'object') {
          if (first === undefined) return { _tag: 'Claimed', isFetching: state.isFetching };
          return this.#counted(others, question, first, blocks);
        }
        first ??= state;
        if (state !== first) return this.#counted(others, question, first, blocks);
        blocks += 1;
      }
    }
    return this.#counted(others, question, first ?? 'Free', blocks);
  }

  #counted(
    others: readonly Fetching[],
    { runs, port, follows }: Omit<ClaimQuestion, 'holdMs'>,
    _tag: 'Here' | 'Free',
    blocks: number,
  ): ClaimAnswer {
    if (_tag === 'Free' && port !== 0 && !follows) {
      for (const content of others) {
        if (content.claim?.isFetching === false && overlaps(content, content.claim, runs, blocks)) {
          content.yield();
        }
      }
    }
    return { _tag, blocks };
  }

  /** The claim that keeps the asker from fetching the block. */
  #claimOn(
    others: readonly Fetching[],
    asker: Pick<ClaimQuestion, 'token' | 'port'>,
    segment: string,
    index: number,
  ): Claim | 'Free' {
    const now = this.#clock.now();
    for (const content of others) {
      const { claim, token } = content;
      if (claim === undefined || !prevails(claim, token, asker, now)) continue;
      const first = content.firstBlockOf(segment);
      if (first !== undefined && first + index >= claim.from && first + index < claim.to) return claim;
    }
    return 'Free';
  }

  #introduce(segments: readonly string[], peer: string): void {
    for (const content of this.#contents) {
      if (segments.some((segment) => content.firstBlockOf(segment) !== undefined)) content.meet(peer);
    }
  }
}

/** Whether a claim has something of the first `blocks` of the runs. */
const overlaps = (content: Fetching, claim: Claim, runs: readonly BlockRun[], blocks: number): boolean => {
  let left = Math.min(blocks, blocksOf(runs));
  return runs.some(({ segment, first, count }) => {
    const start = content.firstBlockOf(segment);
    const end = first + Math.min(count, left);
    left -= Math.min(count, left);
    return start !== undefined && start + first < claim.to && start + end > claim.from;
  });
};
