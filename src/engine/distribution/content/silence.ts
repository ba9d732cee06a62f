import type { Cancel, Clock } from '../../../driver/index.js';
import { TransientSet } from '../transient-set.js';

/**
 * Notices that a source delivers nothing although somebody waits for it. Nobody is silent who has only much to do: what
 * counts is when anything came, not how long one of many blocks takes.
 */
export class Silence {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #waiting = new TransientSet<() => void>();
  #isSilent = false;
  /** Whether anything was delivered since the timer began. */
  #hasDelivered = false;
  #cancel: Cancel | undefined;

  /** @param ms that it has to last, twice that at most. */
  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
  }

  /** Calls `listener` when there is silence, at once if there is. Returns how to wait no longer. */
  wait(listener: () => void): () => void {
    if (this.#isSilent) {
      listener();
      return () => undefined;
    }
    this.#waiting.add(listener);
    if (this.#cancel === undefined) this.#listen();
    return () => {
      this.#waiting.delete(listener);
      if (this.#waiting.size > 0) return;
      this.#cancel?.();
      this.#cancel = undefined;
    };
  }

  /** The source has delivered something. */
  end(): void {
    this.#isSilent = false;
    this.#hasDelivered = true;
  }

  #listen(): void {
    this.#hasDelivered = false;
    this.#cancel = this.#clock.schedule(this.#ms, () => {
      if (this.#hasDelivered) {
        this.#listen();
        return;
      }
      this.#cancel = undefined;
      this.#isSilent = true;
      const waiting = [...this.#waiting];
      this.#waiting.clear();
      for (const listener of waiting) listener();
    });
  }
}
