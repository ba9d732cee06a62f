import { asyncScheduler, Observable, type OperatorFunction, type SchedulerLike } from 'rxjs';

/** So many values were lost here because nobody took them fast enough. */
export interface Dropped {
  readonly _tag: 'Dropped';
  readonly count: number;
}

/** Which values to lose when the queue is full. */
export type Overflow = 'drop-oldest' | 'drop-newest';

export interface QueueOptions {
  /** Most values to hold back; 10 000 by default. */
  readonly capacity?: number | undefined;
  readonly overflow?: Overflow | undefined;
  /** Values handed on before the event loop gets its turn; 2 048 by default. */
  readonly batch?: number | undefined;
  readonly scheduler?: SchedulerLike | undefined;
}

/**
 * Puts a bounded queue between a source that may burst and its subscriber, and hands values on in batches with a turn
 * of the event loop between them. What does not fit is counted, and the count is emitted where the values are missing.
 */
export const boundedQueue =
  <T>({
    capacity = 10_000,
    overflow = 'drop-oldest',
    batch = 2_048,
    scheduler = asyncScheduler,
  }: QueueOptions = {}): OperatorFunction<T, T | Dropped> =>
  (source$) =>
    new Observable((subscriber) => {
      let queue: T[] = [];
      let lost = 0;
      let scheduled = false;
      let ended = false;

      const reportLost = (): void => {
        if (lost === 0) return;
        const count = lost;
        lost = 0;
        subscriber.next({ _tag: 'Dropped', count });
      };

      const flush = (): void => {
        scheduled = false;
        // The oldest are missing before what is left, the newest after it.
        if (overflow === 'drop-oldest') reportLost();
        const due = queue.splice(0, batch);
        for (const value of due) subscriber.next(value);
        if (queue.length > 0) schedule();
        else {
          reportLost();
          if (ended) subscriber.complete();
        }
      };

      const schedule = (): void => {
        if (scheduled) return;
        scheduled = true;
        subscriber.add(scheduler.schedule(flush));
      };

      subscriber.add(() => (queue = []));
      subscriber.add(
        source$.subscribe({
          next: (value) => {
            queue.push(value);
            if (queue.length > capacity) {
              lost += 1;
              if (overflow === 'drop-oldest') queue.shift();
              else queue.pop();
            }
            schedule();
          },
          error: (error: unknown) => subscriber.error(error),
          complete: () => {
            ended = true;
            schedule();
          },
        }),
      );
    });
