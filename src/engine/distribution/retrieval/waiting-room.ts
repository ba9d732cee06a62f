import type { Clock } from '../../../driver/index.js';

/** So many may be in at a time; whoever comes later waits for one to leave, the first one first, but not for ever. */
export class WaitingRoom {
  readonly #clock: Clock;
  readonly #places: number;
  readonly #patienceMs: number;
  readonly #waiting = new Set<(isIn: boolean) => void>();
  #taken = 0;

  constructor(clock: Clock, places: number, patienceMs: number) {
    this.#clock = clock;
    this.#places = places;
    this.#patienceMs = patienceMs;
  }

  /** Whether there is a place now. It has to be given back by {@link leave}. */
  enter(): boolean | Promise<boolean> {
    if (this.#taken < this.#places) {
      this.#taken += 1;
      return true;
    }
    return new Promise((resolve) => {
      const settle = (isIn: boolean): void => {
        this.#waiting.delete(settle);
        cancel();
        resolve(isIn);
      };
      const cancel = this.#clock.schedule(this.#patienceMs, () => settle(false));
      this.#waiting.add(settle);
    });
  }

  leave(): void {
    for (const next of this.#waiting) {
      // The place goes from one to the other.
      next(true);
      return;
    }
    this.#taken -= 1;
  }

  /** Nobody waits any longer. */
  close(): void {
    for (const settle of this.#waiting) settle(false);
  }
}
