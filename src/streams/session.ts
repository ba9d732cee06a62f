import type { DistributionSession } from '../effects/session.js';
import * as effects from '../effects/session.js';
import { type PeerStream, resourceOf } from './from-effect.js';

/**
 * A distribution session while subscribed. Cold, one session for each subscription; what was published or opened
 * through it ends with it. The service need not be available: see `distributionStatus`.
 *
 * Source: PeerDistStartup, PeerDistShutdown.
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
 *   .subscribe((event) => console.log(event._tag));
 * ```
 */
export const openSession = (): PeerStream<DistributionSession> =>
  resourceOf('openSession', (signal) => effects.openSession({ signal }));
