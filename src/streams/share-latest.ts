import {
  asyncScheduler,
  type MonoTypeOperatorFunction,
  ReplaySubject,
  type SchedulerLike,
  share,
  timer,
} from 'rxjs';

export interface ShareOptions {
  /** Milliseconds to stay subscribed after the last subscriber left, in case another comes. 0 by default. */
  readonly graceMs?: number | undefined;
  readonly scheduler?: SchedulerLike | undefined;
}

/**
 * One subscription of the source for any number of subscribers; who comes later gets the latest value at once. After
 * the last one has left, or after an end, the next subscriber starts the source anew.
 *
 * Not `shareReplay(1)`: that one keeps the source of a completed or abandoned stream and replays it for ever.
 */
export const shareLatest = <T>({
  graceMs = 0,
  scheduler = asyncScheduler,
}: ShareOptions = {}): MonoTypeOperatorFunction<T> =>
  share({
    connector: () => new ReplaySubject<T>(1),
    resetOnError: true,
    resetOnComplete: true,
    resetOnRefCountZero: graceMs > 0 ? () => timer(graceMs, scheduler) : true,
  });
