import type { PeerEnv } from '../../effects/env.js';
import type { ContentState } from './content-state.js';
import type { Origin } from './origin.js';
import { readOrigin } from './read-origin.js';

/** So many times as long as it took to fail an origin is left alone: what its failing costs is a tenth, then. */
const REST_FACTOR = 10;
export const LONGEST_REST_MS = 300_000;

/** An origin behind which others can be asked. One that has failed rests for a while, and is asked only if it must be. */
export class RestingOrigin {
  readonly #origin: Origin;
  readonly #state: ContentState;
  readonly #env: PeerEnv;
  #failedAt = 0;
  #restMs = 0;

  constructor(origin: Origin, state: ContentState, env: PeerEnv) {
    this.#origin = origin;
    this.#state = state;
    this.#env = env;
  }

  get rests(): boolean {
    // However the clock is set.
    return Math.abs(this.#env.clock.now() - this.#failedAt) < this.#restMs;
  }

  /** See {@link readOrigin}. @param insists Whether it is asked again and again; otherwise it gets one attempt. */
  async *read(
    range: { readonly offset: number; readonly end: number },
    insists: boolean,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void> {
    const { clock } = this.#env;
    let since = clock.now();
    try {
      const most = insists ? undefined : 0;
      for await (const piece of readOrigin(this.#origin, this.#state, range, this.#env, signal, most)) {
        this.#restMs = 0;
        yield piece;
        since = clock.now();
      }
    } catch (error) {
      this.#failedAt = clock.now();
      this.#restMs = Math.min(LONGEST_REST_MS, REST_FACTOR * Math.abs(this.#failedAt - since));
      throw error;
    }
  }
}
