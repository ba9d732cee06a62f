import type { Clock } from '../../driver/index.js';
import { cancelled } from '../../effects/error/index.js';
import { OPERATION } from './origin-failure.js';

/** Waits; rejects with `Cancelled` as soon as the signal fires. */
export const pause = (clock: Clock, ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = (): void => {
      cancel();
      reject(cancelled(OPERATION));
    };
    const cancel = clock.schedule(ms, () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
