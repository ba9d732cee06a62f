/** The calls of kernel32 that waiting needs. */
export interface WaitCalls {
  createEvent(): bigint;
  /** Answers whether it could be set. */
  setEvent(event: bigint): boolean;
  closeHandle(handle: bigint): void;
  /** Whether an event is signalled now; takes the signal of an auto-reset event. */
  takeSignal(event: bigint): boolean;
  /** Waits on a thread; answers the index of a signalled event, or `undefined` after `milliseconds`. */
  wait(events: readonly bigint[], milliseconds: number): Promise<number | undefined>;
}

const MAXIMUM_WAIT_OBJECTS = 64;

// Bounds how long an exiting process or a terminated worker waits for the thread that waits.
const SLICE_MS = 500;

/**
 * Waits for Win32 events: one pending wait for the whole process, in slices, on one of libuv's threads. Nothing is
 * pending while there is no source, so the process can end by itself; with a source it stays alive, as with fs.watch.
 */
export class Pump {
  readonly #calls: WaitCalls;
  readonly #sources = new Map<bigint, () => void>();
  readonly #released: (() => void)[] = [];
  #wake: bigint | undefined;
  #waiting = false;
  #exiting = false;
  #warned = false;

  constructor(calls: WaitCalls) {
    this.#calls = calls;
  }

  /** Whether a thread is waiting. */
  get active(): boolean {
    return this.#wake !== undefined;
  }

  /** Calls `onSignal` after each signal of an auto-reset event. Several signals may come as one. */
  add(event: bigint, onSignal: () => void): void {
    if (this.#sources.size >= MAXIMUM_WAIT_OBJECTS - 1) {
      throw new RangeError('more than 63 events: share one between several listeners');
    }
    this.#wake ??= this.#begin();
    this.#sources.set(event, onSignal);
    this.#nudge();
  }

  /** Resolves once no wait refers to the event any more; only then may it be closed. */
  async remove(event: bigint): Promise<void> {
    this.#sources.delete(event);
    if (!this.#waiting) {
      this.#rest();
      return;
    }
    const released = new Promise<void>((resolve) => this.#released.push(resolve));
    this.#nudge();
    await released;
  }

  #nudge(): void {
    if (this.#waiting && this.#wake !== undefined) this.#calls.setEvent(this.#wake);
    else this.#rearm();
  }

  #rearm(): void {
    if (this.#waiting || this.#exiting) return;
    for (const release of this.#released.splice(0)) release();
    if (this.#sources.size === 0 || this.#wake === undefined) {
      this.#rest();
      return;
    }
    this.#waiting = true;
    const events = [this.#wake, ...this.#sources.keys()];
    this.#calls.wait(events, SLICE_MS).then(
      (index) => this.#woken(index === undefined ? [] : this.#signalled(events, index)),
      (error: unknown) => this.#failed(error),
    );
  }

  /** Re-arms before telling anybody: a signal that comes meanwhile meets a wait. */
  #woken(signalled: readonly bigint[]): void {
    this.#waiting = false;
    if (this.#exiting) return;
    this.#rearm();
    for (const event of signalled) this.#sources.get(event)?.();
  }

  /** The wait names the first signalled event only; those behind it are asked for, so that none starves. */
  #signalled(events: readonly bigint[], first: number): readonly bigint[] {
    return events.filter(
      (event, index) => index === first || (index > first && this.#calls.takeSignal(event)),
    );
  }

  /** A wait that cannot be made would otherwise silence every source: they look for themselves, once a slice. */
  #failed(error: unknown): void {
    if (!this.#warned) {
      process.emitWarning(`waiting for native events failed, polling instead: ${String(error)}`);
      this.#warned = true;
    }
    const sources = [...this.#sources.keys()];
    setTimeout(() => this.#woken(sources), SLICE_MS);
  }

  #begin(): bigint {
    const wake = this.#calls.createEvent();
    process.once('exit', this.#onExit);
    return wake;
  }

  #rest(): void {
    if (this.#wake === undefined || this.#sources.size > 0) return;
    process.removeListener('exit', this.#onExit);
    this.#calls.closeHandle(this.#wake);
    this.#wake = undefined;
  }

  readonly #onExit = (): void => {
    this.#exiting = true;
    if (this.#wake !== undefined) this.#calls.setEvent(this.#wake);
  };
}
