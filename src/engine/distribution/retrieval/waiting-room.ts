import type { Clock } from '../../../driver/index.js';

export interface WaitingRoomOptions {
  readonly clock: Clock;
  readonly places: number;
  /** Most places of one client, so that nobody can take them all and not give them back. */
  readonly placesPerClient: number;
  readonly patienceMs: number;
}

type Waiter = (isIn: boolean) => void;

/**
 * So many may be in at a time. Whoever comes later waits, but not for ever: a place that is given back goes to the client
 * that has the fewest, so that one who asks for much does not keep the others waiting.
 */
export class WaitingRoom {
  readonly #options: WaitingRoomOptions;
  /** How many places each client has. */
  readonly #inside = new Map<string, number>();
  /** Those of one client first come, first served; of two clients the one that has waited longer comes first. */
  readonly #waiting = new Map<string, Set<Waiter>>();
  #taken = 0;

  constructor(options: WaitingRoomOptions) {
    this.#options = options;
  }

  /** Whether there is a place now. It has to be given back by {@link leave}. */
  enter(client: string): boolean | Promise<boolean> {
    if (this.#taken < this.#options.places && this.#mayHaveMore(client)) {
      this.#take(client);
      return true;
    }
    return new Promise((resolve) => {
      const settle: Waiter = (isIn) => {
        this.#forget(client, settle);
        cancel();
        resolve(isIn);
      };
      const cancel = this.#options.clock.schedule(this.#options.patienceMs, () => settle(false));
      const others = this.#waiting.get(client);
      if (others === undefined) this.#waiting.set(client, new Set([settle]));
      else others.add(settle);
    });
  }

  leave(client: string): void {
    this.#taken -= 1;
    const left = this.#placesOf(client) - 1;
    if (left > 0) this.#inside.set(client, left);
    else this.#inside.delete(client);
    const next = this.#next();
    if (next !== undefined) this.#admit(next);
  }

  /** Nobody waits any longer. */
  close(): void {
    for (const waiters of [...this.#waiting.values()]) for (const settle of waiters) settle(false);
  }

  #placesOf(client: string): number {
    return this.#inside.get(client) ?? 0;
  }

  #mayHaveMore(client: string): boolean {
    return this.#placesOf(client) < this.#options.placesPerClient;
  }

  #take(client: string): void {
    this.#taken += 1;
    this.#inside.set(client, this.#placesOf(client) + 1);
  }

  /** The client that a place goes to. */
  #next(): string | undefined {
    let best: string | undefined;
    for (const client of this.#waiting.keys()) {
      if (!this.#mayHaveMore(client)) continue;
      if (best === undefined || this.#placesOf(client) < this.#placesOf(best)) best = client;
    }
    return best;
  }

  #admit(client: string): void {
    const waiters = this.#waiting.get(client) ?? new Set();
    for (const settle of waiters) {
      this.#take(client);
      settle(true);
      break;
    }
    // What is left of it comes after the others.
    if (this.#waiting.delete(client)) this.#waiting.set(client, waiters);
  }

  #forget(client: string, waiter: Waiter): void {
    const waiters = this.#waiting.get(client);
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.#waiting.delete(client);
  }
}
