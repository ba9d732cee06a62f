import { Observable, share } from 'rxjs';
import type { DistributionEvent } from '../driver/index.js';
import { type DistributionSession, observeDistribution, sessionCore } from '../effects/session.js';

/**
 * What the service does, step by step: discovery, requests and answers, blocks verified, rejected and served, the source
 * of every byte, cache, hosted cache, publications. What belongs to a content of another session is not among it.
 *
 * Use it for progress and statistics; sums are in `getDistributionCounters`. Hot while shared: one observer for all
 * subscribers of the returned Observable; events before the subscription are lost, the others come in the order they
 * happened, those while the session closes included. Completes when it is closed; of a closed one it is an error,
 * `HandleClosed`. A driver that cannot tell (Windows) emits nothing. The same events, of all sessions, are on the
 * `node:diagnostics_channel` `peerweave:distribution`; docs/EVENTS.md lists them.
 * Source: the names of the provider Microsoft-Windows-BranchCacheMonitoring.
 *
 * @example
 * ```ts
 * import { lastValueFrom } from 'rxjs';
 * import { createPeerweave, distributionEvents, publish, retrieve } from 'peerweave';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const peers = createPeerweave({ driver: createFakeDriver() });
 * await using session = await peers.promise(peers.effects.openSession());
 * distributionEvents(session).subscribe((event) => console.log(event._tag));
 * const published = await lastValueFrom(publish(Buffer.from('hello'), { session }));
 * if (published._tag === 'Published') await lastValueFrom(retrieve(published.contentInformation, { session }));
 * ```
 */
export function distributionEvents(session: DistributionSession): Observable<DistributionEvent> {
  return new Observable<DistributionEvent>((subscriber) => {
    subscriber.add(observeDistribution(session, (event) => subscriber.next(event)));
    const core = sessionCore(session, 'distributionEvents');
    // While a session closes the service may have something left to do for it.
    subscriber.add(core.onClose(() => void core.closed.then(() => subscriber.complete())));
  }).pipe(share());
}
