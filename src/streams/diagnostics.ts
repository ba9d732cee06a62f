import { Observable } from 'rxjs';
import type { DiagnosticEvent } from '../effects/diagnostics.js';
import type { PeerStream } from './from-effect.js';

/**
 * Faults that nobody was left to be told: a close that failed, a handle that was dropped without closing. Hot; never
 * completes. The same events are on the `node:diagnostics_channel` `peerweave:diagnostics`.
 */
export const diagnosticEvents = (): PeerStream<DiagnosticEvent> => (env) =>
  new Observable((subscriber) => env.diagnostics.listen((event) => subscriber.next(event)));
