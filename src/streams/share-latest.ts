import {
  asyncScheduler,
  type MonoTypeOperatorFunction,
  ReplaySubject,
  type SchedulerLike,
  share,
  timer,
} from 'rxjs';

/** How long {@link shareLatest} outlives its subscribers, and by which time. */
export interface ShareOptions {
  /** Milliseconds to stay subscribed after the last subscriber left, in case another comes. 0 by default. */
  readonly graceMs?: number | undefined;
  readonly scheduler?: SchedulerLike | undefined;
}

/**
 * One subscription of the source for any number of subscribers; who comes later gets the latest value at once. {@link
 * distributionStatus} is shared by it.
 *
 * After the last one has left, or after an end, the next subscriber starts the source anew. An error reaches everybody
 * who is subscribed. Not `shareReplay(1)`: that one keeps the source of an abandoned stream and replays a finished one
 * for ever.
 *
 * @example
 * ```ts
 * import { concat, NEVER, of } from 'rxjs';
 * import { shareLatest } from 'peerweave';
 *
 * const latest$ = concat(of('a', 'b'), NEVER).pipe(shareLatest());
 * const first = latest$.subscribe((value) => console.log('first', value)); // a, b
 * latest$.subscribe((value) => console.log('second', value)).unsubscribe(); // b
 * first.unsubscribe();
 * ```
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
