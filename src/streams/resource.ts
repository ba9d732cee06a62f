import { defer, Observable, type ObservableInput, take } from 'rxjs';
import { toPeerError } from '../effects/effect.js';
import { type Handle, pin } from '../effects/handle.js';

/** The side of a handle that {@link resource} needs. */
export type Closeable = Pick<Handle<unknown>, 'close' | 'closed'>;

/**
 * Something that is open while somebody is subscribed.
 *
 * Cold: every subscription opens its own, emits it once, and closes it when it ends. It does not complete by itself;
 * it completes when the handle is closed by somebody else or voided by the service. Unsubscribed while it opens, the
 * opening is aborted, and a handle that arrives all the same is closed on arrival.
 */
export function resource<H extends Closeable>(
  operation: string,
  open: (signal: AbortSignal) => ObservableInput<H>,
): Observable<H> {
  return new Observable<H>((subscriber) => {
    const controller = new AbortController();
    let release = (): void => controller.abort();
    // Outlives the subscriber on purpose: a handle that comes too late must still be seen, to be closed.
    defer(() => open(controller.signal))
      .pipe(take(1))
      .subscribe({
        next: (handle) => {
          if (subscriber.closed) {
            void handle.close();
            return;
          }
          const unpin = pin(handle);
          release = () => {
            unpin();
            void handle.close();
          };
          void handle.closed.then(() => subscriber.complete());
          subscriber.next(handle);
        },
        error: (thrown: unknown) => subscriber.error(toPeerError(thrown, operation)),
      });
    return () => release();
  });
}
