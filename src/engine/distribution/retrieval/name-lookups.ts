import { lookup, type LookupAddress, type LookupOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';

/** A name that cannot be resolved is not asked about again for so long. */
const FAILED_MS = 10_000;

type Listener = Parameters<LookupFunction>[2];
type System = (hostname: string, options: LookupOptions, listener: Listener) => void;

interface Failure {
  readonly error: NodeJS.ErrnoException;
  readonly until: number;
}

/**
 * Names of peers, each looked up once at a time. The system takes seconds for one whose server does not answer, cannot be
 * told to stop, and does few at a time, which files wait for as well: every connection to that peer asked anew, and kept
 * the process alive until all of them were answered.
 */
export class NameLookups {
  readonly #system: System;
  readonly #now: () => number;
  readonly #listeners = new Map<string, Listener[]>();
  readonly #failures = new Map<string, Failure>();

  constructor(system: System = lookup, now = (): number => performance.now()) {
    this.#system = system;
    this.#now = now;
  }

  readonly find: LookupFunction = (hostname, options, listener) => {
    const key = JSON.stringify([hostname, options.family, options.hints, options.all]);
    const failure = this.#failures.get(key);
    if (failure !== undefined && this.#now() < failure.until) {
      process.nextTick(listener, failure.error, '');
      return;
    }
    const others = this.#listeners.get(key);
    if (others !== undefined) {
      others.push(listener);
      return;
    }
    const listeners = [listener];
    this.#listeners.set(key, listeners);
    this.#system(hostname, options, (error, address: string | LookupAddress[], family) => {
      this.#listeners.delete(key);
      if (error === null) this.#failures.delete(key);
      else this.#fail(key, error);
      for (const tell of listeners) tell(error, address, family);
    });
  };

  #fail(key: string, error: NodeJS.ErrnoException): void {
    const now = this.#now();
    for (const [other, { until }] of this.#failures) if (until <= now) this.#failures.delete(other);
    this.#failures.set(key, { error, until: now + FAILED_MS });
  }
}
