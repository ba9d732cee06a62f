import { WIN32_CODES, type Cancel } from '../driver/index.js';
import { Aborted } from './failure.js';
import { NULL } from './frame.js';
import { OVERLAPPED } from './layouts.js';
import {
  bufferOf,
  completionOf,
  endedWith,
  STATUS_PENDING,
  type Completion,
  type OperationBlock,
} from './completion.js';
import type { Native } from './native.js';
import type { Runtime } from './runtime.js';
import type { Listening } from './shared-event.js';

export interface OperationPlan {
  /** Starts it; answers the Win32 code. */
  readonly start: (native: Native, overlapped: bigint, buffer: bigint) => number;
  /** Bytes the system reads from the buffer. */
  readonly input?: Uint8Array | undefined;
  /** Room in the buffer for what the system writes. */
  readonly room?: number | undefined;
  /** The answer is the buffer as a whole, whatever count of bytes is reported. */
  readonly whole?: boolean | undefined;
  /** The Offset pair to start with. */
  readonly offset?: bigint | undefined;
  /** Whether ERROR_SUCCESS, too, means that the completion is still to come. */
  readonly successIsPending?: boolean | undefined;
}

interface Pending extends OperationBlock {
  readonly finish: (completion: Completion) => void;
}

const { ERROR_SUCCESS, ERROR_IO_PENDING } = WIN32_CODES;
const LINGER_MS = 50;
const { Internal, Offset, hEvent } = OVERLAPPED.fields;

/** A started operation: what its OVERLAPPED is called by, and its end. */
export interface Operation {
  readonly overlapped: bigint;
  readonly finished: Promise<Completion>;
}

/**
 * The asynchronous operations of one session. Each has an OVERLAPPED and a buffer in one block of native memory that is
 * freed at its own completion and never before: not by a cancel, a close or a shutdown, as the system may still write.
 */
export class Operations {
  readonly #runtime: Runtime;
  readonly #pending = new Set<Pending>();
  readonly #idle: (() => void)[] = [];
  #listening: Listening | undefined;
  #cancelRest: Cancel | undefined;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Starts an operation. One that ends at once, well or not, is finished when this returns. */
  begin(plan: OperationPlan): Operation {
    const { native, distributionEvent } = this.#runtime;
    const room = plan.room ?? 0;
    const overlapped = native.allocate(OVERLAPPED.size + Math.max(room, plan.input?.length ?? 0));
    const block = { overlapped, room, whole: plan.whole === true };
    const buffer = bufferOf(block);
    let code: number;
    try {
      this.#listening ??= distributionEvent.listen(() => this.settle());
      this.#cancelRest?.();
      this.#cancelRest = undefined;
      native.write(overlapped, this.#overlapped(this.#listening.event, plan.offset ?? 0n));
      if (plan.input !== undefined) native.write(buffer, plan.input);
      code = plan.start(native, overlapped, plan.input === undefined && room === 0 ? NULL : buffer);
    } catch (error) {
      native.free(overlapped);
      this.#restIfIdle();
      throw error;
    }
    const finished = new Promise<Completion>((resolve) => {
      const pending = { ...block, finish: resolve };
      if (code === ERROR_IO_PENDING || (code === ERROR_SUCCESS && plan.successIsPending === true)) {
        this.#pending.add(pending);
        // Starting an operation may have reset the event that the end of another one had set.
        if (this.#pending.size > 1) distributionEvent.signal();
      } else {
        this.#finish(pending, { ...this.#endOf(pending, code), code });
      }
    });
    return { overlapped, finished };
  }

  /**
   * {@link begin}, and waits. When `signal` ends the waiting, `cancel` is asked to end the operation, and its result
   * counts if it was already there.
   */
  async run(
    plan: OperationPlan,
    signal: AbortSignal | undefined,
    cancel: (native: Native, overlapped: bigint) => void,
  ): Promise<Completion> {
    if (signal?.aborted === true) throw new Aborted();
    const { overlapped, finished } = this.begin(plan);
    if (signal === undefined) return finished;
    let onAbort: () => void = () => undefined;
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => {
        this.settle();
        try {
          if (this.isPending(overlapped)) cancel(this.#runtime.native, overlapped);
        } catch {
          // It has just ended, or it cannot be stopped: nobody waits for it any more either way.
        }
        this.settle();
        reject(new Aborted());
      };
    });
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([finished, aborted]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Whether its completion has not been found yet, see {@link settle}. */
  isPending(overlapped: bigint): boolean {
    return [...this.#pending].some((pending) => pending.overlapped === overlapped);
  }

  /** Ends, in their order, the operations whose completion has come. */
  settle(): void {
    for (const pending of [...this.#pending]) {
      if (!this.#pending.has(pending)) continue;
      const completion = completionOf(this.#runtime.native, pending);
      if (completion !== undefined) this.#complete(pending, completion);
    }
  }

  /** Ends the operation of this OVERLAPPED, if it is still pending, with a completion that came another way. */
  completed(overlapped: bigint): void {
    const pending = [...this.#pending].find((one) => one.overlapped === overlapped);
    if (pending === undefined) return;
    this.#complete(pending, this.#endOf(pending, ERROR_SUCCESS));
  }

  /** Waits until nothing is pending, `limitMs` at most. */
  async drain(limitMs: number): Promise<void> {
    this.settle();
    if (this.#pending.size === 0) return;
    await new Promise<void>((resolve) => {
      const cancelTimer = this.#runtime.clock.schedule(limitMs, resolve);
      this.#idle.push(() => {
        cancelTimer();
        resolve();
      });
    });
  }

  /**
   * Nobody waits any longer. The memory of what is still pending is never freed, as it may yet be written, and what it
   * signals is never closed.
   */
  abandon(): void {
    const { distributionEvent, completionPort } = this.#runtime;
    if (this.#pending.size > 0) {
      distributionEvent.keep();
      completionPort.keep();
    }
    const none = new Uint8Array(0);
    for (const { finish } of this.#pending) {
      finish({ code: WIN32_CODES.ERROR_OPERATION_ABORTED, transferred: 0, offset: 0n, bytes: none });
    }
    this.#pending.clear();
    this.#rest();
  }

  /** How an operation ended of which it is known from elsewhere that it has: with `code` if the system does not tell. */
  #endOf(block: OperationBlock, code: number): Completion {
    const { native } = this.#runtime;
    return completionOf(native, block) ?? endedWith(native, block, { code, transferred: 0 });
  }

  #complete(pending: Pending, completion: Completion): void {
    this.#pending.delete(pending);
    this.#finish(pending, completion);
  }

  #finish({ overlapped, finish }: Pending, completion: Completion): void {
    this.#runtime.native.free(overlapped);
    finish(completion);
    this.#restIfIdle();
  }

  /** One operation is often followed by the next, so the event is still listened to for a moment. */
  #restIfIdle(): void {
    if (this.#pending.size > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
    this.#cancelRest ??= this.#runtime.clock.schedule(LINGER_MS, () => this.#rest());
  }

  #rest(): void {
    this.#cancelRest?.();
    this.#cancelRest = undefined;
    if (this.#pending.size > 0) return;
    const listening = this.#listening;
    this.#listening = undefined;
    void listening?.leave();
  }

  #overlapped(event: bigint, offset: bigint): Uint8Array {
    const view = new DataView(new ArrayBuffer(OVERLAPPED.size));
    // The system is to set it when it takes the operation; until then it must not read as complete.
    view.setBigUint64(Internal.offset, BigInt(STATUS_PENDING), true);
    view.setBigUint64(Offset.offset, offset, true);
    view.setBigUint64(hEvent.offset, event, true);
    return new Uint8Array(view.buffer);
  }
}
