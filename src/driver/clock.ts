/** Stops what it was returned for. Calling it again, or late, does nothing. */
export type Cancel = () => void;

/** Node runs at once what is to run later than that, in some 25 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Where a component takes its time from, so that a test can own it. */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number;
  /** Runs `task` once after `ms` milliseconds unless cancelled. */
  schedule(ms: number, task: () => void): Cancel;
}

/**
 * The wall clock and Node's timers. What is scheduled keeps the process alive until it ran or was cancelled.
 *
 * @example
 * ```ts
 * import { systemClock } from 'peerweave/effects';
 *
 * const cancel = systemClock.schedule(60_000, () => console.log('never'));
 * cancel();
 * console.log(systemClock.now() > Date.UTC(2025, 0)); // true
 * ```
 */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule: (ms, task) => {
    let timer: NodeJS.Timeout;
    const wait = (left: number): void => {
      timer =
        left > LONGEST_TIMER_MS
          ? setTimeout(() => wait(left - LONGEST_TIMER_MS), LONGEST_TIMER_MS)
          : setTimeout(task, left);
    };
    wait(ms);
    return () => clearTimeout(timer);
  },
};
