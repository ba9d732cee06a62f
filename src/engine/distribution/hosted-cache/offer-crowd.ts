import type { Clock } from '../../../driver/index.js';

export interface OfferCrowdOptions {
  readonly clock: Clock;
  /** How long each waits. */
  readonly patienceMs: number;
  /** Offers that may wait at a time. */
  readonly places: number;
}

/** Of all places one host has no more, whatever ports it names. */
const PLACES_PER_HOST = 16;

interface Waiting {
  readonly host: string;
  readonly tryIt: () => boolean;
  readonly end: (isIn: boolean) => void;
}

/**
 * Offers for which there was no room, in the order they came. Their answers are kept back meanwhile: a client makes one
 * offer after the other, so it goes on at the pace at which the cache fetches. PCHC has no word for "later".
 */
export class OfferCrowd {
  readonly #options: OfferCrowdOptions;
  readonly #waiting = new Set<Waiting>();

  constructor(options: OfferCrowdOptions) {
    this.#options = options;
  }

  /** Tries again whenever room was made; `false`: in vain, or too many are waiting. */
  wait(host: string, tryIt: () => boolean): Promise<boolean> {
    const { clock, places, patienceMs } = this.#options;
    const ofHost = [...this.#waiting].filter((other) => other.host === host).length;
    if (this.#waiting.size >= places || ofHost >= PLACES_PER_HOST) return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = (isIn: boolean): void => {
        cancel();
        this.#waiting.delete(waiting);
        resolve(isIn);
      };
      const waiting: Waiting = { host, tryIt, end };
      const cancel = clock.schedule(patienceMs, () => end(false));
      this.#waiting.add(waiting);
    });
  }

  /** Room was made. */
  review(): void {
    for (const waiting of this.#waiting) if (waiting.tryIt()) waiting.end(true);
  }

  close(): void {
    for (const waiting of this.#waiting) waiting.end(false);
  }
}
