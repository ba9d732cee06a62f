import type { Clock } from '../../../driver/index.js';
import { asError } from '../../../driver/errors.js';

/** What `promise` brings, or `'timeout'` if it takes longer than `ms`. Rejects with the signal's reason if that aborts. */
export const waitFor = <Value>(
  promise: Promise<Value>,
  limits: { readonly clock: Clock; readonly ms: number; readonly signal: AbortSignal },
): Promise<Value | 'timeout'> =>
  new Promise((resolve, reject) => {
    const { clock, ms, signal } = limits;
    const stopWaiting = (): void => {
      cancelTimeout();
      signal.removeEventListener('abort', onAbort);
    };
    const onAbort = (): void => {
      stopWaiting();
      reject(signal.reason as Error);
    };
    const cancelTimeout = clock.schedule(ms, () => {
      stopWaiting();
      resolve('timeout');
    });
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    promise.then(
      (value) => {
        stopWaiting();
        resolve(value);
      },
      (error: unknown) => {
        stopWaiting();
        reject(asError(error));
      },
    );
  });
