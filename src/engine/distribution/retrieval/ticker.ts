import type { Cancel, Clock } from '../../../driver/index.js';

/** How exact deadlines are. */
const TICK_MS = 50;

/**
 * Time for many deadlines at once, counted in ticks of one timer: a timer for each of thousands of requests costs more
 * than it is worth. It does not follow the time of day, which somebody may set.
 */
export class Ticker {
  readonly #clock: Clock;
  readonly #onTick: () => void;
  #cancel: Cancel | undefined;
  /** Ticks so far. */
  now = 0;

  constructor(clock: Clock, onTick: () => void) {
    this.#clock = clock;
    this.#onTick = onTick;
  }

  /** The tick by which at least `ms` will have passed. */
  after(ms: number): number {
    // The next tick may come at once.
    return this.now + Math.ceil(ms / TICK_MS) + 1;
  }

  /** Goes on ticking until stopped. */
  start(): void {
    this.#cancel ??= this.#clock.schedule(TICK_MS, () => {
      this.#cancel = undefined;
      this.now += 1;
      this.start();
      this.#onTick();
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
