import { Observable } from 'rxjs';
import { type DistributionSession, monitorOf, sessionCore } from '../effects/session.js';
import type { StatusEvent } from '../effects/status-monitor.js';
import { withPeerErrors } from './peer-errors.js';
import { shareLatest, type ShareOptions } from './share-latest.js';

/**
 * The status of the distribution service: what it is now, then every change.
 *
 * Hot: however many subscribe, there is one registration for the session, made anew after every emission because a
 * registration is single-shot; no change between two of them is lost. When the status becomes `disabled` or
 * `unavailable`, every publication stream, content information and content of the session has been closed before that
 * emission, and `invalidated` says which; the same happens when nobody subscribes. A fault of the service is a value:
 * the stream goes on and says when it tries again. It completes with the session; of a closed one it is an error,
 * `HandleClosed`.
 *
 * Source: PeerDistRegisterForStatusChangeNotification(Ex), PeerDistGetStatusEx.
 *
 * @example
 * ```ts
 * import { switchMap, take } from 'rxjs';
 * import { createPeerweave, distributionStatus } from 'peerweave';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const peers = createPeerweave({ driver: createFakeDriver() });
 * peers
 *   .openSession()
 *   .pipe(switchMap((session) => distributionStatus(session)), take(1))
 *   .subscribe((event) => console.log(event._tag === 'Status' ? event.status : event.error.message));
 * ```
 */
export function distributionStatus(
  session: DistributionSession,
  options: ShareOptions = {},
): Observable<StatusEvent> {
  return withPeerErrors('distributionStatus', () => statusEvents(session).pipe(shareLatest(options)));
}

/** The monitor's events as they come. */
function statusEvents(session: DistributionSession): Observable<StatusEvent> {
  return new Observable((subscriber) => {
    sessionCore(session, 'distributionStatus').assertOpen('distributionStatus');
    return monitorOf(session).listen({
      next: (event) => subscriber.next(event),
      complete: () => subscriber.complete(),
    });
  });
}
