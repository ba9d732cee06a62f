import type { DispatchController } from './dispatch-types.js';

/**
 * The hold that a program has on its answer: on what comes from the dispatcher as long as that is passed on, and on what
 * is put in its place.
 */
export class Hold implements DispatchController {
  rawHeaders: unknown = null;
  rawTrailers: unknown = null;
  /** Whose answer is passed on; `undefined`: nobody's. */
  inner: DispatchController | undefined;
  /** Whether the program has it. */
  isShown = false;
  readonly #ending = new AbortController();
  #reason: Error | null = null;
  #paused = false;
  #resumed: (() => void) | undefined;

  get aborted(): boolean {
    return this.#ending.signal.aborted;
  }

  get reason(): Error | null {
    return this.#reason;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Fires when the program wants nothing more. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  abort(reason: Error): void {
    if (this.aborted) return;
    this.#reason = reason;
    this.#ending.abort(reason);
    this.inner?.abort(reason);
    this.#resumed?.();
  }

  pause(): void {
    this.#paused = true;
    this.inner?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.inner?.resume();
    this.#resumed?.();
  }

  /** Resolves when the program takes more, or nothing any more. */
  async flowing(): Promise<void> {
    while (this.#paused && !this.aborted) {
      await new Promise<void>((resolve) => (this.#resumed = resolve));
    }
  }
}
