import * as E from 'fp-ts/lib/Either.js';
import type { ReadRequest, ReadResult } from '../../driver/index.js';
import { type Content, readContentAt } from '../../effects/content.js';
import { toPeerError } from '../../effects/effect.js';
import type { PeerEnv } from '../../effects/env.js';
import type { PeerError } from '../../effects/error/index.js';
import type { Missing } from './nobody-has-it.js';
import { OPERATION, StartOver } from './origin-failure.js';
import { Patience } from './patience.js';
import { pause } from './pause.js';

export interface ServiceParts {
  /** Asked for before each read. */
  readonly content: () => Promise<Content>;
  readonly end: number;
  /** Milliseconds to wait for peers before the next place is asked. */
  readonly patienceMs: number;
  readonly env: PeerEnv;
}

/** How to ask the service. */
interface Asking {
  /** For peers, too; otherwise its cache alone. */
  readonly waits: boolean;
  /** What it has not is fetched from the origin next. */
  readonly fillsGaps: boolean;
}

type Data = Extract<ReadResult, { readonly _tag: 'Data' }>;
type ServiceAnswer = E.Either<PeerError, Data | Missing>;

/** Most bytes that are asked for at once. */
const PIECE_BYTES = 1024 * 1024;

/** Beyond the patience with peers: for them to say who fetches what. */
const CLAIM_MS = 150;
/** For peers that were waited for already. */
const ONCE_MORE_MS = 20;
/** Of what is left of the patience, the most that is let pass before peers are asked again; the rest is for their answer. */
const PAUSE_SHARE = 0.75;

/** Asks the service for pieces of a content, and waits for its suppliers no longer than that is worth while. */
export class ServiceReader {
  readonly #parts: ServiceParts;
  readonly #signal: AbortSignal;
  readonly #patience: Patience;
  /** For peers that are on their way to what they lack. */
  readonly #prospects: Patience;
  /** Why the service cannot be asked any more. */
  #gone: PeerError | undefined;
  /** A read that runs while its consumer works on the piece before. */
  #ahead: { readonly at: number; readonly answer: Promise<ServiceAnswer> } | undefined;

  constructor(parts: ServiceParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = signal;
    this.#patience = new Patience(parts.patienceMs);
    this.#prospects = new Patience(parts.patienceMs);
  }

  get isGone(): boolean {
    return this.#gone !== undefined;
  }

  /** What the service says to a piece from `at` on. */
  async ask(at: number, { waits, fillsGaps }: Asking): Promise<ServiceAnswer> {
    if (this.#gone !== undefined) return E.left(this.#gone);
    const { patienceMs } = this.#parts;
    const { clock, random } = this.#parts.env;
    const begun = clock.now();
    // However often peers are asked for the same bytes, it is one wait for whoever wants them.
    const left = (): number => Math.max(ONCE_MORE_MS, Math.round(patienceMs - (clock.now() - begun)));
    const ahead = this.#ahead?.at === at ? this.#ahead.answer : undefined;
    this.#ahead = undefined;
    let first = await (ahead ?? this.#read(at, waits, fillsGaps, patienceMs));
    // What was read ahead leaves it open who fetches what is missing.
    if (fillsGaps && ahead !== undefined && E.isRight(first) && first.right._tag === 'Missing') {
      first = await this.#read(at, waits, true, first.right.cause === 'timeout' ? ONCE_MORE_MS : left());
    }
    if (!waits || E.isLeft(first) || !isPromising(first.right)) return first;
    // At random, so that of several that lack the same only one goes to the origin, and the others find it there then.
    const longest = Math.min(this.#prospects.ms, left() * PAUSE_SHARE);
    await pause(clock, random() * longest, this.#signal);
    const second = await this.#read(at, waits, fillsGaps, left());
    if (E.isRight(second) && second.right._tag === 'Data') this.#prospects.reward();
    else this.#prospects.disappoint();
    return second;
  }

  /** Begins to read what is asked for next. */
  readAhead(at: number, waits: boolean): void {
    if (at >= this.#parts.end) return;
    const answer = this.#read(at, waits, false, this.#parts.patienceMs);
    // Looked at by the next read; if there is none, nobody else would.
    answer.catch(() => undefined);
    this.#ahead = { at, answer };
  }

  /** @param mostMs that peers are waited for, if they are. */
  async #read(at: number, waits: boolean, fillsGaps: boolean, mostMs: number): Promise<ServiceAnswer> {
    const { end } = this.#parts;
    const request = {
      maxBytes: Math.min(PIECE_BYTES, end - at),
      timeoutMs: waits ? Math.min(mostMs, Math.round(this.#patience.ms)) : 0,
      ...(fillsGaps ? { fillsGapsAfterMs: mostMs + CLAIM_MS } : {}),
    };
    const result = await this.#readAt(at, request);
    if (E.isLeft(result)) {
      this.#gone = result.left;
      return result;
    }
    const found = result.right;
    if (found._tag === 'Data') {
      this.#patience.reward();
      return E.right(found);
    }
    if (found._tag !== 'Missing')
      throw new StartOver('content-information', 'it describes less than it says');
    if (found.cause === 'timeout') this.#patience.disappoint();
    return E.right(found);
  }

  async #readAt(at: number, request: ReadRequest): Promise<E.Either<PeerError, ReadResult>> {
    let content: Content;
    try {
      content = await this.#parts.content();
    } catch (thrown) {
      return E.left(toPeerError(thrown, OPERATION));
    }
    return readContentAt(content, at, request, { signal: this.#signal })(this.#parts.env)();
  }
}

/** A peer has some of it, or was too busy to say: a moment later it may deliver. */
const isPromising = (result: ReadResult): boolean =>
  result._tag === 'Missing' &&
  result.cause === 'missing' &&
  result.isClaimed !== true &&
  (result.attempts ?? []).some(({ reason }) => reason === 'lacks-block' || reason === 'busy');
