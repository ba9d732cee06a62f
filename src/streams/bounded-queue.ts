import { Observable, type OperatorFunction, type SchedulerLike } from 'rxjs';
import { type Dropped, type Overflow, OverflowBuffer } from './overflow-buffer.js';
import { checkedBounds } from './queue-bounds.js';

/** How {@link boundedQueue} holds values back. */
export interface QueueOptions {
  /** Most values to hold back, 1 or more; 10 000 by default. */
  readonly capacity?: number | undefined;
  /** What to lose when it is full; `drop-oldest` by default. */
  readonly overflow?: Overflow | undefined;
  /** Values handed on before the event loop gets its turn, 1 or more; 2 048 by default. */
  readonly batch?: number | undefined;
  /** Who gives the turns; by default Node's event loop, without a pause. */
  readonly scheduler?: SchedulerLike | undefined;
}

/**
 * Puts a bounded queue between a source that may burst and its subscriber, and hands values on in batches with a turn
 * of the event loop between them. {@link groupEvents} has one built in.
 *
 * What does not fit is counted, and the count is emitted as a {@link Dropped} where the values are missing. An end,
 * with or without an error, comes after what was queued before it. Each subscription has a queue of its own;
 * unsubscribing drops what waits. It adds no errors to the stream; bad options are a PeerError `BadArgument`, thrown at
 * once.
 *
 * @example
 * ```ts
 * import { range } from 'rxjs';
 * import { boundedQueue } from 'peerweave';
 *
 * range(1, 5)
 *   .pipe(boundedQueue({ capacity: 2 }))
 *   .subscribe((value) => console.log(value)); // { _tag: 'Dropped', count: 3 }, 4, 5
 * ```
 */
export const boundedQueue = <T>(options: QueueOptions = {}): OperatorFunction<T, T | Dropped> => {
  const bounds = checkedBounds(options, 'boundedQueue');
  const { capacity = 10_000, overflow = 'drop-oldest', batch = 2_048 } = bounds;
  const { scheduler } = options;
  return (source$) =>
    new Observable((subscriber) => {
      const buffer = new OverflowBuffer<T>(capacity, overflow);
      const nextTurn = scheduler === undefined ? onImmediate : on(scheduler);
      let cancelTurn: (() => void) | undefined;
      let end: (() => void) | undefined;

      const flush = (): void => {
        cancelTurn = undefined;
        for (const value of buffer.take(batch)) subscriber.next(value);
        if (!buffer.isEmpty) schedule();
        else end?.();
      };
      const schedule = (): void => {
        if (!subscriber.closed) cancelTurn ??= nextTurn(flush);
      };
      const endWith = (how: () => void): void => {
        end = how;
        schedule();
      };

      // Before the source, so that it is also done if the source ends by itself while it is subscribed.
      subscriber.add(() => cancelTurn?.());
      subscriber.add(
        source$.subscribe({
          next: (value) => {
            buffer.push(value);
            schedule();
          },
          error: (error: unknown) => endWith(() => subscriber.error(error)),
          complete: () => endWith(() => subscriber.complete()),
        }),
      );
    });
};

type NextTurn = (task: () => void) => () => void;

/** RxJS has no scheduler for this: `asap` gives the event loop no turn, `async` waits a millisecond. */
const onImmediate: NextTurn = (task) => {
  const handle = setImmediate(task);
  return () => clearImmediate(handle);
};

const on =
  (scheduler: SchedulerLike): NextTurn =>
  (task) => {
    const action = scheduler.schedule(task);
    return () => action.unsubscribe();
  };
