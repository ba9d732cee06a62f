import type { Pump, WaitCalls } from './pump.js';

/** Listening to a {@link SharedEvent}. */
export interface Listening {
  /** The Win32 event that native code is to signal. */
  readonly event: bigint;
  /** The listener is not called any more; the process does not wait for the event on its account. */
  leave(): Promise<void>;
}

/**
 * One auto-reset event for any number of native registrations, so that a wait for 64 handles at most is enough. A
 * signal means that one of them has something: every listener looks.
 *
 * The event itself lives until {@link dispose}, because native code may still signal it just after the completion that
 * made the last listener leave.
 */
export class SharedEvent {
  readonly #pump: Pump;
  readonly #calls: WaitCalls;
  readonly #listeners = new Set<() => void>();
  #event: bigint | undefined;
  #kept = false;

  constructor(pump: Pump, calls: WaitCalls) {
    this.#pump = pump;
    this.#calls = calls;
  }

  listen(listener: () => void): Listening {
    // A function of its own, as the same one may listen twice.
    const entry = (): void => listener();
    const event = (this.#event ??= this.#calls.createEvent());
    if (this.#listeners.size === 0) this.#pump.add(event, this.#onSignal);
    this.#listeners.add(entry);
    return { event, leave: () => this.#leave(event, entry) };
  }

  /** Makes every listener look, as if native code had signalled. */
  signal(): void {
    if (this.#event === undefined || this.#calls.setEvent(this.#event)) return;
    setImmediate(this.#onSignal);
  }

  /** The event there is now is never closed: native code that has not answered may signal it at any time. */
  keep(): void {
    this.#kept = true;
  }

  async dispose(): Promise<void> {
    const event = this.#event;
    const kept = this.#kept;
    if (event === undefined) return;
    this.#event = undefined;
    this.#kept = false;
    this.#listeners.clear();
    await this.#pump.remove(event);
    if (!kept) this.#calls.closeHandle(event);
  }

  async #leave(event: bigint, entry: () => void): Promise<void> {
    if (this.#listeners.delete(entry) && this.#listeners.size === 0) await this.#pump.remove(event);
  }

  readonly #onSignal = (): void => {
    for (const listener of [...this.#listeners]) if (this.#listeners.has(listener)) told(listener);
  };
}

/** What a listener throws is for the process to hear of, as with any event, but not at the cost of the others. */
const told = (listener: () => void): void => {
  try {
    listener();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
};
