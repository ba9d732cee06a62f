import { eitherSignal, type SignalLink } from './either-signal.js';
import type { Handle } from './handle.js';
import { dispose } from '../driver/dispose-symbols.js';

/** For a wait for somebody else that is of use as long as a handle is open: its end would not end the wait otherwise. */
export class UntilClosed implements Disposable {
  readonly #closed = new AbortController();
  readonly #outer: AbortSignal;
  readonly #link: SignalLink;

  /** @param outer that ends the wait, too. */
  constructor(outer: AbortSignal) {
    this.#outer = outer;
    this.#link = eitherSignal(this.#closed.signal, outer);
  }

  get signal(): AbortSignal {
    return this.#link.signal;
  }

  /** Whether it was the handle that ended it. */
  get isHandleClosed(): boolean {
    return this.#closed.signal.aborted && !this.#outer.aborted;
  }

  watch(handle: Handle<unknown>): void {
    void handle.closed.then(() => this.#closed.abort());
  }

  [dispose](): void {
    this.#link.unlink();
  }
}
