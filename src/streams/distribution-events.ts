import { Observable, share } from 'rxjs';
import type { DistributionEvent } from '../driver/index.js';
import { type DistributionSession, observeDistribution, sessionCore } from '../effects/session.js';

/**
 * What the service does for a session, block by block: requests, answers, cache hits, failing peers. Hot while shared;
 * completes with the session; of a closed one it is an error, `HandleClosed`. A driver that cannot tell (Windows) emits nothing.
 */
export function distributionEvents(session: DistributionSession): Observable<DistributionEvent> {
  return new Observable<DistributionEvent>((subscriber) => {
    subscriber.add(observeDistribution(session, (event) => subscriber.next(event)));
    subscriber.add(sessionCore(session, 'distributionEvents').onClose(() => subscriber.complete()));
  }).pipe(share());
}
