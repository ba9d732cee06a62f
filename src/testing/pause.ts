import type { Clock } from '../driver/index.js';

/** Waits for `ms` on a clock, or without end when `ms` is undefined. @returns whether one of the signals ended it. */
export const pause = (
  clock: Clock,
  ms: number | undefined,
  signals: readonly (AbortSignal | undefined)[],
): Promise<'elapsed' | 'aborted'> =>
  new Promise((resolve) => {
    const armed = signals.filter((signal) => signal !== undefined);
    if (armed.some((signal) => signal.aborted)) {
      resolve('aborted');
      return;
    }
    const settle = (outcome: 'elapsed' | 'aborted'): void => {
      cancel();
      for (const signal of armed) signal.removeEventListener('abort', onAbort);
      resolve(outcome);
    };
    const onAbort = (): void => settle('aborted');
    const cancel = ms === undefined ? () => undefined : clock.schedule(ms, () => settle('elapsed'));
    for (const signal of armed) signal.addEventListener('abort', onAbort, { once: true });
  });
