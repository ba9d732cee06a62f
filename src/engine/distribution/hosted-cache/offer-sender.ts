import type { Cancel, Clock, DistributionEvent } from '../../../driver/index.js';
import { segmentName } from '../segment-name.js';
import {
  BLOCK_LENGTH,
  blockCount,
  describeForOffer,
  encodeOffer,
  isOfferedHash,
  MAX_OFFERED_SEGMENTS,
  versionOf,
  type OfferedSegment,
  type PlacedSegment,
} from '../wire/index.js';
import type { HostedCacheServer } from './hosted-cache-server.js';
import { postOffer, type OfferFailure } from './post-offer.js';

export interface OfferSenderOptions {
  readonly server: HostedCacheServer;
  /** Where this machine serves blocks to the cache; `undefined`: nowhere, so nothing is offered. */
  readonly servingPort: number | undefined;
  readonly clock: Clock;
  readonly emit: (event: DistributionEvent) => void;
}

interface Fresh {
  readonly segment: PlacedSegment;
  readonly contentTag: Uint8Array;
  blocks: number;
}

/** What came of an offer: what the cache will fetch, or why nothing. */
type OfferOutcome = { readonly wanted: readonly Fresh[] } | { readonly failure: OfferFailure };

/** What the cache has no room for is offered again after that. */
export const RETRY_MS = 1_000;
/** So often, without that it takes anything meanwhile. */
export const TRIES = 24;
/** Segments that wait for their turn to be offered. */
export const MOST_IN_LINE = 32_768;
/** How often offers are made. */
export const TICK_MS = 5_000;
/** A segment is worth an offer when this share of it is new. */
const WORTH = 0.2;
/** Who stays looks this often whether the cache has fetched anything. */
const LOOK_MS = 100;
/** After so many looks without that, it has all it wants. */
const LOOKS_WHEN_ALL_IS_FETCHED = 4;
/** The same while it lacks something: a cache that stands still for a moment would not come back for the rest. */
const LOOKS_WHEN_SOME_IS_NOT = 20;
/** The same while it has offers to answer, for which it may take its time. */
const LOOKS_FOR_AN_ANSWER = 100;
/** So long at most, for a cache that goes on fetching. */
export const LONGEST_STAY_MS = 60_000;
/** What it has not fetched for so long it did not want. */
const UNWANTED_AFTER_MS = 10_000;

/** Offers to a hosted cache what this machine has fetched from elsewhere. PCHC 3.1. */
export class OfferSender {
  readonly #options: OfferSenderOptions;
  /** By name of segment. */
  readonly #fresh = new Map<string, Fresh>();
  readonly #controller = new AbortController();
  #cancelTick: Cancel | undefined;
  /** What is to be offered, in this order. */
  readonly #line: Fresh[] = [];
  /** Until the line is empty. */
  #sending: Promise<void> | undefined;
  /** When the cache has last accepted something or been served, on the clock. */
  #lastActivity = -Infinity;
  /** How often it has. */
  #activities = 0;
  /** Blocks that it was offered and has not fetched, as far as can be told: a peer may fetch the same ones. */
  #unfetched = 0;

  constructor(options: OfferSenderOptions) {
    this.#options = options;
  }

  /** The cache as a peer to get blocks from. */
  get address(): string {
    return this.#options.server.address;
  }

  get isAskedFirst(): boolean {
    return this.#options.server.turn === 'before-peers';
  }

  /** Notes one more block of a segment that did not come from the hosted cache. */
  kept(segment: PlacedSegment, contentTag: Uint8Array): void {
    if (this.#controller.signal.aborted || !this.#canOffer(segment)) return;
    const name = segmentName(segment.info);
    const fresh = this.#fresh.get(name) ?? { segment, contentTag, blocks: 0 };
    fresh.blocks += 1;
    this.#fresh.set(name, fresh);
    this.#cancelTick ??= this.#options.clock.schedule(TICK_MS, () => {
      this.#cancelTick = undefined;
      this.#offer((one) => one.blocks >= WORTH * blockCount(one.segment.info));
    });
  }

  /** Offers what is left, however little, and resolves when the cache has answered or cannot be reached. */
  async flush(): Promise<void> {
    this.#offer(() => true);
    await this.#sending;
  }

  /** Notes that a block was served to somebody, perhaps to the cache. */
  served(): void {
    this.#unfetched = Math.max(0, this.#unfetched - 1);
    this.#noteActivity();
  }

  /** Offers what is left and stays until the cache seems to have fetched it, not for ever. */
  async settle(): Promise<void> {
    const { clock } = this.#options;
    const begun = clock.now();
    const isOver = (): boolean => clock.now() - begun >= LONGEST_STAY_MS;
    this.#offer(() => true);
    // Looks are counted and not the time: when this process has stood still, requests of the cache wait to be read.
    let looks = 0;
    while (this.#sending !== undefined && looks < LOOKS_FOR_AN_ANSWER && !isOver()) {
      looks = (await this.#look(this.#sending)) ? 0 : looks + 1;
    }
    if (this.#line.length > 0) this.#tellRefusal('no-answer-in-time');
    looks = Math.floor((clock.now() - this.#lastActivity) / LOOK_MS);
    while (looks < this.#patience && !isOver()) looks = (await this.#look()) ? 0 : looks + 1;
  }

  /** Whether the cache does anything for a moment, or until `end`. */
  async #look(end?: Promise<void>): Promise<boolean> {
    const before = this.#activities;
    let cancel: Cancel = () => undefined;
    const moment = new Promise<void>((resolve) => (cancel = this.#options.clock.schedule(LOOK_MS, resolve)));
    await (end === undefined ? moment : Promise.race([end, moment]));
    cancel();
    return this.#activities > before;
  }

  /** Gives up what was not offered yet. */
  async close(): Promise<void> {
    this.#cancelTick?.();
    this.#controller.abort();
    this.#fresh.clear();
    this.#line.length = 0;
    await this.#sending;
  }

  /** Looks without activity after which the cache is thought to want nothing more. */
  get #patience(): number {
    return this.#unfetched === 0 ? LOOKS_WHEN_ALL_IS_FETCHED : LOOKS_WHEN_SOME_IS_NOT;
  }

  #noteActivity(): void {
    this.#lastActivity = this.#options.clock.now();
    this.#activities += 1;
  }

  /** Before the offer is sent, as the first blocks may be fetched before its answer is read. */
  #expect(blocks: number): void {
    const isOld = this.#options.clock.now() - this.#lastActivity > UNWANTED_AFTER_MS;
    this.#unfetched = (isOld ? 0 : this.#unfetched) + blocks;
  }

  /** HTTPS is for version 1, and a batch has no number for the longer hashes of that. */
  #canOffer({ info: { hash } }: PlacedSegment): boolean {
    if (this.#options.server.secure !== undefined) return versionOf(hash) === 1;
    return isOfferedHash(hash);
  }

  #offer(isWorth: (fresh: Fresh) => boolean): void {
    const port = this.#options.servingPort;
    const chosen = [...this.#fresh].filter(([, fresh]) => isWorth(fresh));
    for (const [name] of chosen) this.#fresh.delete(name);
    if (port === undefined || chosen.length === 0) return;
    const room = Math.max(0, MOST_IN_LINE - this.#line.length);
    this.#line.push(...chosen.slice(0, room).map(([, fresh]) => fresh));
    if (chosen.length > room) this.#tellRefusal('limit');
    if (!this.#controller.signal.aborted) this.#sending ??= this.#sendLine(port);
  }

  async #sendLine(port: number): Promise<void> {
    let size = MAX_OFFERED_SEGMENTS;
    let refusals = 0;
    while (this.#line.length > 0) {
      const batch = this.#line.slice(0, size);
      const failure = await this.#send(batch, port);
      if (failure === undefined) {
        this.#line.splice(0, batch.length);
        refusals = 0;
      } else if (failure === 'limit' && refusals < TRIES) {
        // A cache may have room for less than that.
        size = Math.ceil(size / 2);
        refusals += 1;
        await this.#pause(RETRY_MS);
      } else this.#line.length = 0;
    }
    this.#sending = undefined;
  }

  async #send(batch: readonly Fresh[], port: number): Promise<OfferFailure | undefined> {
    const { emit } = this.#options;
    const send = this.#options.server.secure === undefined ? this.#sendBatch : this.#sendOneByOne;
    const peer = this.#peer;
    const blocks = blocksIn(batch);
    this.#expect(blocks);
    emit({ _tag: 'OfferSent', peer, segments: batch.map(({ segment }) => segmentName(segment.info)) });
    const outcome = await send(batch, port);
    if (this.#controller.signal.aborted) return undefined;
    const unwanted = 'failure' in outcome ? blocks : blocks - blocksIn(outcome.wanted);
    this.#unfetched = Math.max(0, this.#unfetched - unwanted);
    if ('failure' in outcome) {
      this.#tellRefusal(outcome.failure);
      return outcome.failure;
    }
    this.#noteActivity();
    const accepted = outcome.wanted.map(({ segment }) => segmentName(segment.info));
    emit({ _tag: 'OfferAccepted', peer, segments: accepted });
    return undefined;
  }

  get #peer(): string {
    const { server } = this.#options;
    return server.secure?.address ?? server.address;
  }

  #tellRefusal(reason: OfferFailure): void {
    this.#options.emit({ _tag: 'OfferRefused', peer: this.#peer, reason });
  }

  /** Ends at once when offers are given up. */
  #pause(ms: number): Promise<void> {
    const { signal } = this.#controller;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const cancel = this.#options.clock.schedule(ms, end);
      signal.addEventListener('abort', end);
    });
  }

  /** Its answer does not tell which of them it wants. */
  readonly #sendBatch = async (batch: readonly Fresh[], port: number): Promise<OfferOutcome> => {
    const body = encodeOffer({ _tag: 'BatchedOffer', port, segments: batch.flatMap(offered) });
    const answer = await this.#post(2, body);
    return typeof answer === 'object' ? answer : { wanted: batch };
  };

  /** What Windows 7 does: a question for each segment, and its content information if the answer is yes. */
  readonly #sendOneByOne = async (batch: readonly Fresh[], port: number): Promise<OfferOutcome> => {
    const wanted: Fresh[] = [];
    for (const fresh of batch) {
      const { segment, contentTag } = fresh;
      const asked = await this.#post(
        1,
        encodeOffer({ _tag: 'InitialOffer', port, segmentId: segment.info.id }),
      );
      if (typeof asked === 'object') return asked;
      if (asked === 'ok') continue;
      const contentInformation = describeForOffer(segment);
      const told = await this.#post(
        1,
        encodeOffer({ _tag: 'SegmentInfo', port, contentTag, contentInformation }),
      );
      if (typeof told === 'object') return told;
      wanted.push(fresh);
    }
    return { wanted };
  };

  #post(version: 1 | 2, body: Buffer): ReturnType<typeof postOffer> {
    const { server, clock } = this.#options;
    return postOffer(server, version, body, { clock, signal: this.#controller.signal });
  }
}

const blocksIn = (offers: readonly Fresh[]): number => offers.reduce((sum, { blocks }) => sum + blocks, 0);

const offered = ({ segment: { info }, contentTag }: Fresh): readonly OfferedSegment[] =>
  isOfferedHash(info.hash)
    ? [
        {
          blockLength: versionOf(info.hash) === 1 ? BLOCK_LENGTH : info.length,
          segmentLength: info.length,
          contentTag,
          hash: info.hash,
          segmentId: info.id,
        },
      ]
    : [];
