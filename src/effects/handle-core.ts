import { setMaxListeners } from 'node:events';
import { Disposal, win32Fault, type Cancel } from '../driver/index.js';
import type { PeerEnv } from './env.js';
import { cancelled, handleClosed, invalidated, type PeerError, type PeerErrorTag } from './error/index.js';
import { eitherSignal } from './either-signal.js';
import { toPeerError } from './effect.js';
import { registerLive, unregisterLive } from './live-handles.js';
import { tearDown } from './tear-down.js';

/**
 * - `opening`: asked for, not there yet.
 * - `open`: usable.
 * - `closed`: closed by its owner, by its parent or by the end of the process.
 * - `invalidated`: voided by the service (distribution was disabled or became unavailable, a group was deleted).
 */
export type HandleState = 'opening' | 'open' | 'closed' | 'invalidated';

export interface HandleSpec<Raw> {
  /** What it is, in the words of a user: `group`, `content`, … */
  readonly kind: string;
  /** The effect that opens it, for errors. */
  readonly operation: string;
  readonly env: PeerEnv;
  readonly parent?: HandleCore<unknown> | undefined;
  readonly open: (signal: AbortSignal) => Promise<Raw>;
  /** Waited for between the end of children and calls and `close`, for what else still uses the handle. */
  readonly settle?: (() => Promise<void>) | undefined;
  /** Called exactly once for every `open` that succeeded, after all children are closed. */
  readonly close: (raw: Raw) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

/** Why an operation is refused on a handle that is void because what it stood for, or its driver, is gone. */
export type Deletion = (operation: string) => PeerError;

/** What a call answers whose handle ended under it. */
const ENDED: ReadonlySet<PeerErrorTag> = new Set(['Cancelled', 'HandleClosed', 'Invalidated']);

const VOID: ReadonlySet<PeerErrorTag> = new Set(['HandleClosed', 'Invalidated']);

/**
 * One thing a driver has opened, and the tree below it.
 *
 * It closes its children first, last-in first-out, then itself, once, under every interleaving: a handle that arrives
 * after its owner gave up is closed on arrival; RxJS tears a parent down before its child, this tree does not.
 */
export class HandleCore<Raw> {
  readonly kind: string;
  readonly env: PeerEnv;
  /** Resolves, never rejects, when everything below and the handle itself are really closed. */
  readonly closed: Promise<void>;
  readonly #children = new Set<HandleCore<unknown>>();
  readonly #cleanups = new Set<Cancel>();
  /** Calls under way. They are counted: a Set that many pass through keeps what they answered until V8 collects all. */
  #calls = 0;
  #onQuiet: () => void = () => undefined;
  readonly #abort = new AbortController();
  #state: HandleState = 'opening';
  /** What voided it, where that was not the distribution service. */
  #deletion: Deletion | undefined;
  #raw: Raw | undefined;
  /** Closes what the driver opened; there from the moment it is open until it is called. */
  #release: (() => Promise<void>) | undefined;
  /** Resolves when the driver has answered the opening, one way or the other. */
  readonly #answered: Promise<void>;
  readonly #settleOther: (() => Promise<void>) | undefined;
  /** Leaves its parent or, where it has none, the driver. */
  readonly #leave: Cancel;
  #onAnswered!: () => void;
  #onClosed!: () => void;

  private constructor(spec: HandleSpec<Raw>) {
    this.kind = spec.kind;
    this.env = spec.env;
    this.#settleOther = spec.settle;
    this.closed = new Promise((resolve) => (this.#onClosed = resolve));
    this.#answered = new Promise((resolve) => (this.#onAnswered = resolve));
    this.#leave = spec.parent?.adopt(this) ?? this.#endWithDriver();
    // Every call in flight listens to it, and there may be many.
    setMaxListeners(0, this.#abort.signal);
  }

  /** Opens a handle; rejects with a {@link PeerError}, and nothing stays open then. */
  static async open<Raw>(spec: HandleSpec<Raw>): Promise<HandleCore<Raw>> {
    const { operation } = spec;
    spec.parent?.assertOpen(operation);
    if (isAborted(spec.signal)) throw cancelled(operation, spec.signal?.reason);
    const core = new HandleCore(spec);
    registerLive(core);
    const onAbort = (): void => void core.close();
    spec.signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const raw = await spec.open(core.#abort.signal);
      core.#raw = raw;
      core.#release = () => spec.close(raw);
      if (core.#state === 'opening') core.#state = 'open';
    } catch (thrown) {
      if (core.#state === 'opening') {
        core.#forget();
        throw toPeerError(thrown, operation);
      }
    } finally {
      core.#onAnswered();
      spec.signal?.removeEventListener('abort', onAbort);
    }
    if (core.#state === 'open') return core;
    await core.closed;
    // Why it was closed while it opened, not the abort that this caused in the driver.
    throw isAborted(spec.signal) ? cancelled(operation, spec.signal?.reason) : core.#refusal(operation);
  }

  get state(): HandleState {
    return this.#state;
  }

  /** Throws the reason why the handle cannot be used, if it cannot. */
  assertOpen(operation: string): Raw {
    if (this.#state !== 'open') throw this.#refusal(operation);
    return this.#raw as Raw;
  }

  /**
   * Runs one call on the handle. The call's signal fires when the caller's does or the handle closes; the answer of a
   * service that says the handle is void closes it here too.
   */
  async use<A>(
    operation: string,
    run: (raw: Raw, signal: AbortSignal) => Promise<A>,
    signal?: AbortSignal,
  ): Promise<A> {
    const raw = this.assertOpen(operation);
    if (isAborted(signal)) throw cancelled(operation, signal?.reason);
    const link = eitherSignal(this.#abort.signal, signal);
    this.#calls += 1;
    try {
      return await run(raw, link.signal);
    } catch (thrown) {
      const error = toPeerError(thrown, operation);
      if (!ENDED.has(error._tag)) throw error;
      if (this.#state !== 'open') throw this.#refusal(operation);
      // Someone else ended it: the service went away, or another process deleted the group.
      if (error._tag === 'HandleClosed')
        void this.close('invalidated', (later) => toPeerError(thrown, later));
      else if (error._tag === 'Invalidated') void this.close('invalidated');
      throw error;
    } finally {
      link.unlink();
      this.#calls -= 1;
      if (this.#calls === 0) this.#onQuiet();
    }
  }

  /** Takes a handle in below this one until the answer is called. */
  adopt(child: HandleCore<unknown>): Cancel {
    this.#children.add(child);
    return () => this.#children.delete(child);
  }

  /** Runs `cleanup` when the handle starts to close: before its children and itself. The answer takes that back. */
  onClose(cleanup: Cancel): Cancel {
    if (this.#isEnded) cleanup();
    else this.#cleanups.add(cleanup);
    return () => this.#cleanups.delete(cleanup);
  }

  /**
   * Closes children, then the handle. Every call answers the same promise, which never rejects.
   *
   * @param deletion what later calls answer, of a void handle that was not voided by the distribution service.
   */
  close(state: 'closed' | 'invalidated' = 'closed', deletion?: Deletion): Promise<void> {
    if (!this.#isEnded) void this.#close(state, deletion);
    return this.closed;
  }

  /** Closes the children of the given kinds as void, last-in first-out. */
  async invalidateChildren(kinds: ReadonlySet<string>): Promise<readonly HandleCore<unknown>[]> {
    const doomed = [...this.#children].reverse().filter((child) => kinds.has(child.kind));
    for (const child of doomed) await child.close('invalidated');
    // One that its owner was closing already is gone too, but not by this.
    return doomed.filter((child) => child.state === 'invalidated');
  }

  /**
   * Lets go without waiting, for the end of the process: finalizers do not run then and promises are not awaited, but
   * what a driver does synchronously on close still happens.
   */
  closeAtExit(): void {
    for (const child of [...this.#children].reverse()) child.closeAtExit();
    void this.close();
    void this.#releaseRaw();
  }

  /** Whether it is closed, or being closed. */
  get #isEnded(): boolean {
    return this.#state === 'closed' || this.#state === 'invalidated';
  }

  async #close(state: 'closed' | 'invalidated', deletion: Deletion | undefined): Promise<void> {
    this.#state = state;
    this.#deletion = deletion;
    for (const cleanup of [...this.#cleanups].reverse()) void this.#tearDown(async () => cleanup());
    this.#cleanups.clear();
    this.#abort.abort();
    for (const child of [...this.#children].reverse()) await child.close(state, deletion);
    await this.#answered;
    // They were told to end, but a driver may still be using the handle for them, on another thread even.
    if (this.#calls > 0) await new Promise<void>((resolve) => (this.#onQuiet = resolve));
    await this.#tearDown(async () => this.#settleOther?.());
    await this.#releaseRaw();
    this.#forget();
  }

  async #releaseRaw(): Promise<void> {
    const release = this.#release;
    if (release === undefined) return;
    this.#release = undefined;
    await this.#tearDown(async () => {
      try {
        await release();
      } catch (thrown) {
        // That a void handle is not open is no news.
        const { _tag } = toPeerError(thrown, `close ${this.kind}`);
        if (this.#state !== 'invalidated' || !VOID.has(_tag)) throw thrown;
      }
    });
  }

  /** Not waited for by the driver: what it does not answer before its end would keep that from coming. */
  #endWithDriver(): Cancel {
    const { disposal } = this.env.driver;
    return disposal?.whenDisposed(() => void this.close('invalidated', disposed)) ?? (() => undefined);
  }

  #tearDown(run: () => Promise<void>): Promise<void> {
    return tearDown(this.env, this.kind, run);
  }

  #forget(): void {
    this.#leave();
    unregisterLive(this);
    this.#onClosed();
  }

  #refusal(operation: string): PeerError {
    if (this.#state !== 'invalidated') return handleClosed(operation);
    return this.#deletion?.(operation) ?? invalidated(operation);
  }
}

const disposed: Deletion = (operation) =>
  toPeerError(win32Fault(operation, 'ERROR_INVALID_HANDLE', { reason: Disposal.REASON }), operation);

const isAborted = (signal: AbortSignal | undefined): boolean => signal?.aborted === true;
