/** Stops what it was returned for. Calling it again, or late, does nothing. */
export type Cancel = () => void;

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
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
};
