import type { Observable } from 'rxjs';
import { type Dropped, type Overflow, OverflowBuffer } from './overflow-buffer.js';
import { checkedBounds } from './queue-bounds.js';

/** How many values {@link toAsyncIterable} holds, and which it loses. */
export interface IterableOptions {
  /** Most values to hold for a slow consumer, 1 or more; 1 024 by default. */
  readonly capacity?: number | undefined;
  /** What to lose when it is full; `drop-oldest` by default. */
  readonly overflow?: Overflow | undefined;
}

/**
 * A stream as an AsyncIterable, for `for await`.
 *
 * An Observable cannot be slowed down, so what a slow consumer does not take in time is dropped beyond `capacity` and
 * counted where it is missing by a {@link Dropped}. Subscribes when the loop starts; leaving the loop unsubscribes. An
 * error of the stream is thrown from the loop, after the values before it; bad options are a PeerError `BadArgument`,
 * thrown at once.
 *
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { toAsyncIterable } from 'peerweave';
 *
 * for await (const value of toAsyncIterable(of(1, 2, 3))) console.log(value);
 * ```
 */
export function toAsyncIterable<T>(
  source$: Observable<T>,
  options: IterableOptions = {},
): AsyncGenerator<T | Dropped, void> {
  const { capacity = 1_024, overflow = 'drop-oldest' } = checkedBounds(options, 'toAsyncIterable');
  const inbox = new Inbox<T>(new OverflowBuffer(capacity, overflow));
  const values = valuesOf(source$, inbox);
  const leave = values.return.bind(values);
  // A generator answers `return` only after a pending `next`, for which there may never be a value.
  values.return = (value) => {
    inbox.end();
    return leave(value);
  };
  return values;
}

/** What has arrived, and how it ended. */
class Inbox<T> {
  readonly buffer: OverflowBuffer<T>;
  ended: { readonly error?: unknown } | undefined;
  #wake = (): void => undefined;

  constructor(buffer: OverflowBuffer<T>) {
    this.buffer = buffer;
  }

  push(value: T): void {
    this.buffer.push(value);
    this.#wake();
  }

  end(how: { readonly error?: unknown } = {}): void {
    this.ended ??= how;
    this.#wake();
  }

  news(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }
}

async function* valuesOf<T>(source$: Observable<T>, inbox: Inbox<T>): AsyncGenerator<T | Dropped, void> {
  const subscription = source$.subscribe({
    next: (value) => inbox.push(value),
    error: (error: unknown) => inbox.end({ error }),
    complete: () => inbox.end(),
  });
  try {
    for (;;) {
      yield* inbox.buffer.take(1);
      if (!inbox.buffer.isEmpty) continue;
      if (inbox.ended !== undefined) {
        if ('error' in inbox.ended) throw inbox.ended.error;
        return;
      }
      await inbox.news();
    }
  } finally {
    subscription.unsubscribe();
  }
}
