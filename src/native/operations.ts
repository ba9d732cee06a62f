import { WIN32_CODES, type Cancel } from '../driver/index.js';
import { Aborted } from './failure.js';
import { NULL } from './frame.js';
import { OVERLAPPED } from './layouts.js';
import { completionOf, STATUS_PENDING } from './completion.js';
import type { Native } from './native.js';
import type { Runtime } from './runtime.js';
import type { Listening } from './shared-event.js';

/** How an asynchronous operation ended. */
export interface Finished {
  readonly code: number;
  readonly transferred: number;
  /** The Offset pair: where what was read, or is missing, begins. */
  readonly offset: bigint;
  /** A copy of what was written into the buffer. */
  readonly bytes: Uint8Array;
}

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

interface Pending {
  readonly block: bigint;
  readonly room: number;
  readonly whole: boolean;
  readonly finish: (finished: Finished) => void;
}

const { ERROR_SUCCESS, ERROR_IO_PENDING } = WIN32_CODES;
const LINGER_MS = 50;
const { Internal, Offset, hEvent } = OVERLAPPED.fields;

/** A started operation: what its OVERLAPPED is called by, and its end. */
export interface Operation {
  readonly overlapped: bigint;
  readonly finished: Promise<Finished>;
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
    const block = native.allocate(OVERLAPPED.size + Math.max(room, plan.input?.length ?? 0));
    const buffer = block + BigInt(OVERLAPPED.size);
    let code: number;
    try {
      this.#listening ??= distributionEvent.listen(() => this.settle());
      this.#cancelRest?.();
      this.#cancelRest = undefined;
      native.write(block, this.#overlapped(this.#listening.event, plan.offset ?? 0n));
      if (plan.input !== undefined) native.write(buffer, plan.input);
      code = plan.start(native, block, plan.input === undefined && room === 0 ? NULL : buffer);
    } catch (error) {
      native.free(block);
      this.#restIfIdle();
      throw error;
    }
    const finished = new Promise<Finished>((resolve) => {
      const pending = { block, room, whole: plan.whole === true, finish: resolve };
      if (code === ERROR_IO_PENDING || (code === ERROR_SUCCESS && plan.successIsPending === true)) {
        this.#pending.add(pending);
        // Starting an operation may have reset the event that the end of another one had set.
        if (this.#pending.size > 1) distributionEvent.signal();
      } else {
        this.#finish(pending, code, completionOf(native, block)?.transferred ?? 0);
      }
    });
    return { overlapped: block, finished };
  }

  /**
   * {@link begin}, and waits. When `signal` ends the waiting, `cancel` is asked to end the operation, and its result
   * counts if it was already there.
   */
  async run(
    plan: OperationPlan,
    signal: AbortSignal | undefined,
    cancel: (native: Native, overlapped: bigint) => void,
  ): Promise<Finished> {
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
    return [...this.#pending].some(({ block }) => block === overlapped);
  }

  /** Ends, in their order, the operations whose completion has come. */
  settle(): void {
    for (const pending of [...this.#pending]) {
      if (!this.#pending.has(pending)) continue;
      const completion = completionOf(this.#runtime.native, pending.block);
      if (completion !== undefined) this.#complete(pending, completion.code, completion.transferred);
    }
  }

  /** Ends the operation of this OVERLAPPED, if it is still pending, with a completion that came another way. */
  completed(overlapped: bigint): void {
    const pending = [...this.#pending].find(({ block }) => block === overlapped);
    if (pending === undefined) return;
    const completion = completionOf(this.#runtime.native, overlapped) ?? {
      code: ERROR_SUCCESS,
      transferred: 0,
    };
    this.#complete(pending, completion.code, completion.transferred);
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

  #complete(pending: Pending, code: number, transferred: number): void {
    this.#pending.delete(pending);
    this.#finish(pending, code, transferred);
  }

  #finish({ block, room, whole, finish }: Pending, code: number, transferred: number): void {
    const { native } = this.#runtime;
    const view = new DataView(native.memory.bytes(block, OVERLAPPED.size).buffer);
    const bytes = native.memory.bytes(
      block + BigInt(OVERLAPPED.size),
      whole ? room : Math.min(transferred, room),
    );
    native.free(block);
    finish({ code, transferred, bytes, offset: view.getBigUint64(Offset.offset, true) });
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
