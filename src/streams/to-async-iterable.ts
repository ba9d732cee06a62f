import type { Observable, Unsubscribable } from 'rxjs';
import type { Dropped, Overflow } from './bounded-queue.js';

export interface IterableOptions {
  /** Most values to hold for a slow consumer; 1 024 by default. */
  readonly capacity?: number | undefined;
  readonly overflow?: Overflow | undefined;
}

/**
 * A stream as an AsyncIterable. An Observable cannot be slowed down, so what a slow consumer does not take in time is
 * dropped beyond `capacity` and counted where it is missing. Leaving the loop unsubscribes.
 *
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { toAsyncIterable } from 'peerweave';
 *
 * for await (const value of toAsyncIterable(of(1, 2, 3))) console.log(value);
 * ```
 */
export async function* toAsyncIterable<T>(
  source$: Observable<T>,
  { capacity = 1_024, overflow = 'drop-oldest' }: IterableOptions = {},
): AsyncGenerator<T | Dropped, void> {
  const queue: T[] = [];
  const state = { lost: 0, ended: false, failed: false, error: undefined as unknown };
  let wake = (): void => undefined;

  const subscription: Unsubscribable = source$.subscribe({
    next: (value) => {
      queue.push(value);
      if (queue.length > capacity) {
        state.lost += 1;
        if (overflow === 'drop-oldest') queue.shift();
        else queue.pop();
      }
      wake();
    },
    error: (error: unknown) => {
      Object.assign(state, { ended: true, failed: true, error });
      wake();
    },
    complete: () => {
      state.ended = true;
      wake();
    },
  });
  const takeLost = (): Dropped => {
    const count = state.lost;
    state.lost = 0;
    return { _tag: 'Dropped', count };
  };
  try {
    for (;;) {
      if (state.lost > 0 && (overflow === 'drop-oldest' || queue.length === 0)) yield takeLost();
      else if (queue.length > 0) yield queue.shift() as T;
      else if (state.failed) throw state.error;
      else if (state.ended) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    subscription.unsubscribe();
  }
}
