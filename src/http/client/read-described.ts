import * as E from 'fp-ts/lib/Either.js';
import type { ReadResult } from '../../driver/index.js';
import { addContentData, type Content, readContentAt } from '../../effects/content.js';
import type { PeerEnv } from '../../effects/env.js';
import { PeerError } from '../../effects/error/index.js';
import type { ContentPiece } from '../../effects/read-content.js';
import type { ContentState } from './content-state.js';
import { inBlocks } from './in-blocks.js';
import type { Origin } from './origin.js';
import { OPERATION, StartOver } from './origin-failure.js';
import { Patience } from './patience.js';
import { pause } from './pause.js';
import type { Step } from './places.js';
import { readOrigin } from './read-origin.js';

export interface DescribedParts {
  readonly content: Content;
  readonly origin: Origin;
  readonly state: ContentState;
  readonly start: number;
  readonly end: number;
  readonly steps: readonly Step[];
  /** Milliseconds to wait for peers before the next place is asked. */
  readonly patienceMs: number;
  readonly env: PeerEnv;
}

/** Most bytes that are asked for at once. */
const PIECE_BYTES = 1024 * 1024;

/** Beyond the patience with peers: for them to say who fetches what. */
const CLAIM_MS = 150;
/** For peers that were waited for already. */
const ONCE_MORE_MS = 20;
/** Of what is left of the patience, the most that is let pass before peers are asked again; the rest is for their answer. */
const PAUSE_SHARE = 0.75;

/**
 * The bytes that content information describes, from `start` to `end`: each gap from the first place that fills it.
 * What comes from the origin is checked and kept for later and for others; without the service the origin does alone.
 *
 * @throws StartOver when the content changed, or is not what its content information says.
 */
export async function* readDescribed(
  parts: DescribedParts,
  signal: AbortSignal,
): AsyncGenerator<ContentPiece, void> {
  const reader = new DescribedReader(parts, signal);
  for (let at = parts.start; at < parts.end;) {
    for await (const piece of reader.readAt(at)) {
      yield piece;
      at = piece.offset + piece.bytes.length;
    }
  }
}

type Data = Extract<ReadResult, { readonly _tag: 'Data' }>;
type Missing = Extract<ReadResult, { readonly _tag: 'Missing' }>;
type ServiceAnswer = E.Either<PeerError, Data | Missing>;

class DescribedReader {
  readonly #parts: DescribedParts;
  readonly #signal: AbortSignal;
  readonly #patience: Patience;
  /** For peers that are on their way to what they lack. */
  readonly #prospects: Patience;
  /** Why the service cannot be asked any more. */
  #gone: PeerError | undefined;
  /** A read that runs while its consumer works on the piece before. */
  #ahead: { readonly at: number; readonly answer: Promise<ServiceAnswer> } | undefined;

  constructor(parts: DescribedParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = signal;
    this.#patience = new Patience(parts.patienceMs);
    this.#prospects = new Patience(parts.patienceMs);
  }

  /** One piece or more from `from` on. */
  async *readAt(from: number): AsyncGenerator<ContentPiece, void> {
    let gapEnd = this.#parts.end;
    let failure: unknown;
    const { steps } = this.#parts;
    for (const [index, step] of steps.entries()) {
      if (step._tag === 'Service') {
        const fillsGaps = step.waits && steps.slice(index).some(({ _tag }) => _tag === 'Origin');
        const answer = await this.#askService(from, step.waits, fillsGaps);
        if (E.isLeft(answer)) failure = answer.left;
        else if (answer.right._tag === 'Missing') {
          gapEnd = from + answer.right.length;
          failure = lacking(answer.right);
        } else {
          const { offset, bytes } = answer.right;
          this.#readAhead(offset + bytes.length, step.waits);
          yield { offset, bytes, from: 'service' };
          return;
        }
      } else {
        let at = from;
        try {
          for await (const bytes of this.#fetch(from, gapEnd)) {
            yield { offset: at, bytes, from: 'origin' };
            at += bytes.length;
          }
          return;
        } catch (error) {
          if (error instanceof StartOver || this.#signal.aborted) throw error;
          if (at > from) return;
          failure = error;
        }
      }
    }
    throw failure;
  }

  async #askService(at: number, waits: boolean, fillsGaps: boolean): Promise<ServiceAnswer> {
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

  /** @param mostMs that peers are waited for, if they are. */
  async #read(at: number, waits: boolean, fillsGaps: boolean, mostMs: number): Promise<ServiceAnswer> {
    const { content, end, env } = this.#parts;
    const request = {
      maxBytes: Math.min(PIECE_BYTES, end - at),
      timeoutMs: waits ? Math.min(mostMs, Math.round(this.#patience.ms)) : 0,
      ...(fillsGaps ? { fillsGapsAfterMs: mostMs + CLAIM_MS } : {}),
    };
    const result = await readContentAt(content, at, request, { signal: this.#signal })(env)();
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

  #readAhead(at: number, waits: boolean): void {
    if (at >= this.#parts.end) return;
    const answer = this.#read(at, waits, false, this.#parts.patienceMs);
    // Looked at by the next read; if there is none, nobody else would.
    answer.catch(() => undefined);
    this.#ahead = { at, answer };
  }

  async *#fetch(offset: number, end: number): AsyncGenerator<Uint8Array, void> {
    const { origin, state, env } = this.#parts;
    let at = offset;
    for await (const bytes of inBlocks(
      readOrigin(origin, state, { offset, end }, env, this.#signal),
      offset,
      env.clock,
    )) {
      if (this.#gone === undefined) await this.#keep(at, bytes);
      yield bytes;
      at += bytes.length;
    }
  }

  /** Only bytes that are not the right ones matter here: what the cache cannot hold is right all the same. */
  async #keep(at: number, bytes: Uint8Array): Promise<void> {
    const { content, env } = this.#parts;
    const kept = await addContentData(content, at, bytes, { signal: this.#signal })(env)();
    if (E.isRight(kept)) return;
    if (this.#signal.aborted) throw kept.left;
    if (kept.left._tag === 'Protocol') {
      throw new StartOver('content-information', 'the content is not what its content information says');
    }
  }
}

/** A peer has some of it, or was too busy to say: a moment later it may deliver. */
const isPromising = (result: ReadResult): boolean =>
  result._tag === 'Missing' &&
  result.cause === 'missing' &&
  result.isClaimed !== true &&
  (result.attempts ?? []).some(({ reason }) => reason === 'lacks-block' || reason === 'busy');

const lacking = ({ offset, length, attempts = [] }: Missing): PeerError =>
  new PeerError({
    tag: 'NotFound',
    code: 'PEERDIST_ERROR_MISSING_DATA',
    operation: OPERATION,
    what: [
      `nobody who may be asked has the ${length} bytes from ${offset} on`,
      ...new Set(attempts.map(({ peer, detail }) => `${peer} ${detail}`)),
    ].join('; '),
    advice: "Name 'origin' among the places.",
  });
