import { Observable } from 'rxjs';
import { toPeerError } from '../effects/effect.js';

/**
 * A cold stream of what a generator yields. Unsubscribing aborts the signal, which ends what the generator waits for,
 * and lets it run its `finally` blocks.
 */
export function fromGenerator<T>(
  operation: string,
  start: (signal: AbortSignal) => AsyncGenerator<T, void>,
): Observable<T> {
  return new Observable((subscriber) => {
    const controller = new AbortController();
    const run = async (): Promise<void> => {
      try {
        for await (const value of start(controller.signal)) {
          subscriber.next(value);
          if (subscriber.closed) return;
        }
        subscriber.complete();
      } catch (thrown) {
        subscriber.error(toPeerError(thrown, operation));
      }
    };
    void run();
    return () => controller.abort();
  });
}
