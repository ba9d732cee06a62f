import type { Clock } from '../../../driver/index.js';

/** Whoever asked that lately may be fetching what it was told is here. */
const NEIGHBOUR_MS = 1_000;
/** Who is about to go looks this often whether neighbours still want something. */
const LOOK_MS = 50;
/** After so many looks without that, they have what they want. */
const LOOKS = 5;
/** How long a machine stays for neighbours that were quiet, and for those that are not. */
export const QUIET_MS = LOOKS * LOOK_MS;
export const LONGEST_STAY_MS = 2_000;

/** Keeps who has fetched for its neighbours from going before they have the last of it. */
export class Departure {
  readonly #clock: Clock;
  #wishedAt = -Infinity;
  #wishes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A neighbour wants something that is here, or on its way. */
  wished(): void {
    this.#wishedAt = this.#clock.now();
    this.#wishes += 1;
  }

  /** Somebody was served a block; perhaps a neighbour, if there are any. */
  served(): void {
    if (this.#clock.now() - this.#wishedAt < NEIGHBOUR_MS) this.wished();
  }

  /** Resolves when neighbours have been quiet for a moment; at once if there are none. */
  async settle(): Promise<void> {
    const clock = this.#clock;
    const begun = clock.now();
    // Looks are counted and not the time: when this process has stood still, questions wait to be read.
    let looks = Math.floor((begun - this.#wishedAt) / LOOK_MS);
    while (looks < LOOKS && clock.now() - begun < LONGEST_STAY_MS) {
      const before = this.#wishes;
      await new Promise<void>((resolve) => void clock.schedule(LOOK_MS, resolve));
      looks = this.#wishes === before ? looks + 1 : 0;
    }
  }
}
