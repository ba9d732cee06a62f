import type { Clock } from '../driver/index.js';

// A call that hangs in the system must not make a close hang as well.
const LIMIT_MS = 5_000;

/**
 * Native calls on threads, by the handle they use, or none for one that is to make a handle. They go on when nobody waits
 * for them any more; nothing may be closed or shut down under them.
 */
export class RunningCalls {
  readonly #running = new Map<Promise<unknown>, bigint | undefined>();

  async run<Result>(handle: bigint | undefined, call: () => Promise<Result>): Promise<Result> {
    const running = call();
    this.#running.set(running, handle);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Resolves when the calls that use `handle` now have ended, after {@link LIMIT_MS} at the latest. */
  async ended(clock: Clock, handle: bigint | undefined): Promise<void> {
    const calls = [...this.#running].filter(([, used]) => used === handle).map(([call]) => call);
    if (calls.length === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = clock.schedule(LIMIT_MS, resolve);
      void Promise.allSettled(calls).then(() => {
        cancel();
        resolve();
      });
    });
  }
}
