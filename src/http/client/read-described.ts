import * as E from 'fp-ts/lib/Either.js';
import { addContentData } from '../../effects/content.js';
import type { PeerEnv } from '../../effects/env.js';
import type { PeerError } from '../../effects/error/index.js';
import type { ContentPiece } from '../../effects/read-content.js';
import type { ContentState } from './content-state.js';
import { inBlocks } from './in-blocks.js';
import { type Missing, nobodyElseHasIt, nobodyHasIt } from './nobody-has-it.js';
import type { Origin } from './origin.js';
import { mayPass, StartOver } from './origin-failure.js';
import type { Step } from './places.js';
import { RestingOrigin } from './resting-origin.js';
import { ServiceReader } from './service-reader.js';
import type { SuppliedContent } from './supplied-content.js';

export interface DescribedParts {
  readonly content: SuppliedContent;
  readonly origin: Origin;
  readonly state: ContentState;
  readonly start: number;
  readonly end: number;
  readonly steps: readonly Step[];
  /** Milliseconds to wait for peers before the next place is asked. */
  readonly patienceMs: number;
  readonly env: PeerEnv;
}

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

class DescribedReader {
  readonly #parts: DescribedParts;
  readonly #signal: AbortSignal;
  /** By group of suppliers. */
  readonly #services: readonly [ServiceReader, ServiceReader];
  readonly #origin: RestingOrigin;

  constructor(parts: DescribedParts, signal: AbortSignal) {
    const { content, origin, state, env } = parts;
    this.#parts = parts;
    this.#signal = signal;
    this.#services = [
      new ServiceReader({ ...parts, content: () => content.of(0) }, signal),
      new ServiceReader({ ...parts, content: () => content.of(1) }, signal),
    ];
    this.#origin = new RestingOrigin(origin, state, env);
  }

  /** One piece or more from `from` on. */
  async *readAt(from: number): AsyncGenerator<ContentPiece, void> {
    let gapEnd = this.#parts.end;
    const lacking: Missing[] = [];
    let gone: PeerError | undefined;
    let originFailure: unknown;
    const { steps } = this.#parts;
    for (const [index, step] of steps.entries()) {
      if (step._tag === 'Service') {
        const service = this.#services[step.group];
        const answer = await service.ask(from, step);
        if (E.isLeft(answer)) {
          if (this.#signal.aborted) throw answer.left;
          gone = answer.left;
        } else if (answer.right._tag === 'Missing') {
          gapEnd = Math.min(gapEnd, from + answer.right.length);
          lacking.push(answer.right);
        } else {
          const { offset, bytes } = answer.right;
          // Others are not asked before it is their turn.
          if (index === 0) service.readAhead(offset + bytes.length, step.waits);
          yield { offset, bytes, from: 'service' };
          return;
        }
      } else if (step.insists ? originFailure === undefined || mayPass(originFailure) : !this.#origin.rests) {
        let at = from;
        try {
          for await (const bytes of this.#fetch(from, gapEnd, step.insists)) {
            yield { offset: at, bytes, from: 'origin' };
            at += bytes.length;
          }
          return;
        } catch (error) {
          if (error instanceof StartOver || this.#signal.aborted) throw error;
          if (at > from) return;
          originFailure = error;
        }
      }
    }
    const unobtainable = { offset: from, length: gapEnd - from, lacking, gone };
    if (originFailure === undefined) throw gone ?? nobodyHasIt(unobtainable);
    const hasOthers = steps.some((step) => step._tag === 'Origin' && !step.insists);
    throw hasOthers ? nobodyElseHasIt(unobtainable, originFailure) : originFailure;
  }

  async *#fetch(offset: number, end: number, insists: boolean): AsyncGenerator<Uint8Array, void> {
    const { clock } = this.#parts.env;
    let at = offset;
    for await (const bytes of inBlocks(
      this.#origin.read({ offset, end }, insists, this.#signal),
      offset,
      clock,
    )) {
      if (!this.#services[0].isGone) await this.#keep(at, bytes);
      yield bytes;
      at += bytes.length;
    }
  }

  /** Only bytes that are not the right ones matter here: what the cache cannot hold is right all the same. */
  async #keep(at: number, bytes: Uint8Array): Promise<void> {
    const { content, env } = this.#parts;
    const kept = await addContentData(content.first, at, bytes, { signal: this.#signal })(env)();
    if (E.isRight(kept)) return;
    if (this.#signal.aborted) throw kept.left;
    if (kept.left._tag === 'Protocol') {
      throw new StartOver('content-information', 'the content is not what its content information says');
    }
  }
}
