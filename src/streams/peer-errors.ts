import { catchError, type Observable, throwError } from 'rxjs';
import { toPeerError } from '../effects/effect.js';
import type { PeerError } from '../effects/error/index.js';

/** A stream that fails with nothing but a PeerError, also when its options keep it from being made at all. */
export function withPeerErrors<A>(operation: string, open: () => Observable<A>): Observable<A> {
  const peerError = (thrown: unknown): PeerError => toPeerError(thrown, operation);
  try {
    return open().pipe(catchError((thrown: unknown) => throwError(() => peerError(thrown))));
  } catch (thrown) {
    return throwError(() => peerError(thrown));
  }
}
