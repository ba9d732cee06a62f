import { Observable } from 'rxjs';
import type { DiagnosticEvent } from '../effects/diagnostics.js';
import type { PeerStream } from './from-effect.js';

/**
 * Faults that nobody was left to be told: a close that failed, a handle that was dropped without closing.
 *
 * Use it for logs and alarms; an application with one environment has it as `diagnostics$` of {@link createPeerweave}.
 * Hot: events before the subscription are lost. It never completes and has no errors. The same events are on the
 * `node:diagnostics_channel` `peerweave:diagnostics`.
 *
 * @example
 * ```ts
 * import { createPeerweave, diagnosticEvents } from 'peerweave';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const driver = createFakeDriver();
 * const peers = createPeerweave({ driver });
 * diagnosticEvents()(peers.env).subscribe(({ _tag, kind }) => console.log(_tag, kind));
 * driver.script('distribution.shutdown').fail('PEERDIST_ERROR_SERVICE_UNAVAILABLE');
 * const session = await peers.promise(peers.effects.openSession());
 * await session.close(); // CloseFailed session
 * ```
 */
export const diagnosticEvents = (): PeerStream<DiagnosticEvent> => (env) =>
  new Observable((subscriber) => env.diagnostics.listen((event) => subscriber.next(event)));
