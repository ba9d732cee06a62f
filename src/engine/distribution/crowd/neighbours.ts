import type { Clock } from '../../../driver/index.js';
import type { PeerFault } from '../retrieval/peer-fault.js';
import type { Transport } from '../retrieval/transport.js';
import { decodeAnswer, encodeQuestion, type ClaimAnswer, type ClaimQuestion } from './claim-message.js';

interface Memory {
  /** It is not asked before that. */
  readonly leftUntil: number;
  /** How often in a row it has kept others waiting for nothing. */
  readonly disappointments: number;
}

/** How long a neighbour is left alone that cannot be reached, and one that knows no such questions. */
export const UNREACHABLE_MS = 2_000;
export const FOREIGN_MS = 60_000;
/** The same for one that was waited for in vain; each time so many times as long. Short, as it may only have been busy. */
export const DISAPPOINTED_MS = 200;
const GROWTH = 2;
/** So long after it may be asked again its disappointments are forgotten. */
const FORGIVEN_AFTER_MS = 60_000;
const LONGEST_LEFT_MS = 600_000;
const MOST_REMEMBERED = 1_024;

/** Asks other machines what they fetch and have, and remembers those that are of no use. */
export class Neighbours {
  readonly #clock: Clock;
  readonly #transport: Transport;
  readonly #memory = new Map<string, Memory>();

  constructor(clock: Clock, transport: Transport) {
    this.#clock = clock;
    this.#transport = transport;
  }

  isWorthAsking(peer: string): boolean {
    const left = (this.#memory.get(peer)?.leftUntil ?? 0) - this.#clock.now();
    // If it lies farther ahead, the clock was set back.
    return left <= 0 || left > LONGEST_LEFT_MS;
  }

  /**
   * What a neighbour says; `undefined` if that is nothing, or makes no sense.
   *
   * @param ms after which there is no answer.
   */
  ask(
    peer: string,
    question: ClaimQuestion,
    ms: number,
    signal: AbortSignal,
  ): Promise<ClaimAnswer | undefined> {
    return new Promise((resolve) => {
      const end = (answer: ClaimAnswer | undefined): void => {
        cancel();
        signal.removeEventListener('abort', giveUp);
        resolve(answer);
      };
      const giveUp = (): void => {
        exchange.abort();
        end(undefined);
      };
      const cancel = this.#clock.schedule(ms, () => {
        this.disappointed(peer);
        giveUp();
      });
      const exchange = this.#transport.post(peer, encodeQuestion(question), {
        onAnswer: (body) => {
          const answer = decodeAnswer(body);
          if (answer === undefined) this.#leaveAlone(peer, FOREIGN_MS);
          end(answer);
        },
        onFailure: ({ reason }: PeerFault) => {
          this.#leaveAlone(peer, reason === 'unreachable' ? UNREACHABLE_MS : FOREIGN_MS);
          end(undefined);
        },
      });
      if (signal.aborted) giveUp();
      else signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** It said nothing, or that it fetches or has something that it did not deliver. */
  disappointed(peer: string): void {
    const { disappointments = 0, leftUntil = 0 } = this.#memory.get(peer) ?? {};
    const before = this.#clock.now() - leftUntil > FORGIVEN_AFTER_MS ? 0 : disappointments;
    this.#leaveAlone(peer, DISAPPOINTED_MS * GROWTH ** before, before + 1);
  }

  /** It has kept what it promised. */
  delivered(peer: string): void {
    this.#memory.delete(peer);
  }

  close(): void {
    this.#transport.close();
  }

  #leaveAlone(peer: string, ms: number, disappointments?: number): void {
    const before = this.#memory.get(peer);
    this.#memory.delete(peer);
    this.#memory.set(peer, {
      leftUntil: this.#clock.now() + Math.min(ms, LONGEST_LEFT_MS),
      disappointments: disappointments ?? before?.disappointments ?? 0,
    });
    if (this.#memory.size <= MOST_REMEMBERED) return;
    for (const oldest of this.#memory.keys()) {
      this.#memory.delete(oldest);
      return;
    }
  }
}
