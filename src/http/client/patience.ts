/** Below this asking peers is of no use at all. */
const LEAST_MS = 50;

/** How long to wait for peers: less after each wait that was for nothing, more again after each that was not. */
export class Patience {
  readonly #most: number;
  #ms: number;

  constructor(most: number) {
    this.#most = most;
    this.#ms = most;
  }

  get ms(): number {
    return this.#ms;
  }

  disappoint(): void {
    this.#ms = Math.min(this.#most, Math.max(LEAST_MS, this.#ms / 2));
  }

  reward(): void {
    this.#ms = Math.min(this.#most, this.#ms * 2);
  }
}
