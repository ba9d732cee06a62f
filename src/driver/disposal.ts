import type { Cancel } from './clock.js';

/**
 * The end of a driver, which is told to whoever has something of it open before the rest is let go of.
 *
 * For those who write a driver: it is the driver's `disposal`, runs its `dispose`, and what would make something new is
 * refused once it has begun.
 *
 * @example
 * ```ts
 * import { Disposal } from 'peerweave/effects';
 *
 * const disposal = new Disposal();
 * disposal.whenDisposed(() => console.log('the driver is going'));
 * await disposal.run(async () => console.log('closing the socket'));
 * console.log(disposal.hasBegun); // true
 * ```
 */
export class Disposal {
  /** Why a driver refuses whatever it is asked for from then on. */
  static readonly REASON = 'the driver was disposed';

  readonly #listeners = new Set<{ readonly onDisposed: () => void }>();
  #ended: Promise<void> | undefined;
  #hasBegun = false;

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Calls back, once, when the driver is disposed of; soon if that has happened. */
  readonly whenDisposed = (onDisposed: () => void): Cancel => {
    if (this.#hasBegun) {
      queueMicrotask(onDisposed);
      return () => undefined;
    }
    const listener = { onDisposed };
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Ends the driver by `release`, once: every call answers the same promise. */
  run(release: () => Promise<void>): Promise<void> {
    this.#ended ??= this.#end(release);
    return this.#ended;
  }

  #end(release: () => Promise<void>): Promise<void> {
    this.#hasBegun = true;
    // What was opened last ends first.
    const listeners = [...this.#listeners].reverse();
    this.#listeners.clear();
    for (const { onDisposed } of listeners) onDisposed();
    return release();
  }
}
