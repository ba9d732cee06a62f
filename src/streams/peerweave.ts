import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { Observable } from 'rxjs';
import type { Driver } from '../driver/index.js';
import { type BoundEffects, createEffects } from '../effects/bound-effects.js';
import { promiseOf } from '../effects/effect.js';
import type { DiagnosticEvent } from '../effects/diagnostics.js';
import { createEnv, type PeerEnv } from '../effects/env.js';
import type { PeerError } from '../effects/error/index.js';
import type { PeerGroup } from '../effects/group.js';
import type { DistributionSession } from '../effects/session.js';
import { diagnosticEvents } from './diagnostics.js';
import * as groups from './groups.js';
import { openSession } from './session.js';

/** All streams and effects with one environment applied. */
export interface Peerweave {
  /** What all of it was made with; a {@link PeerStream} of your own can be applied to it. */
  readonly env: PeerEnv;
  /** Every effect of `peerweave/effects`, as a task that still has to be run: by `()`, or by `promise`. */
  readonly effects: BoundEffects;
  /** See the stream `createGroup`. */
  createGroup(...args: Parameters<typeof groups.createGroup>): Observable<PeerGroup>;
  /** See the stream `openGroup`. */
  openGroup(...args: Parameters<typeof groups.openGroup>): Observable<PeerGroup>;
  /** See the stream `joinGroup`. */
  joinGroup(...args: Parameters<typeof groups.joinGroup>): Observable<PeerGroup>;
  /** See the stream `joinGroupWithPassword`. */
  joinGroupWithPassword(...args: Parameters<typeof groups.joinGroupWithPassword>): Observable<PeerGroup>;
  /** See the stream `openSession`. */
  openSession(): Observable<DistributionSession>;
  /** See {@link diagnosticEvents}. */
  readonly diagnostics$: Observable<DiagnosticEvent>;
  /** Runs one of the {@link effects}; its error rejects. */
  promise<A>(task: TaskEither<PeerError, A>): Promise<A>;
}

/**
 * The SDK over one driver: everything that needs an environment has it applied, nothing else happens here. Streams of
 * a handle (`distributionStatus(session)`, `groupEvents(group)`, `publish(source, { session })`) need none.
 *
 * @example
 * ```ts
 * import { createPeerweave } from 'peerweave';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const peers = createPeerweave({ driver: createFakeDriver() });
 * console.log(await peers.effects.getDefaultIdentity()());
 * ```
 */
export const createPeerweave = (parts: { readonly driver: Driver } & Partial<PeerEnv>): Peerweave => {
  const env = createEnv(parts);
  const peerweave: Peerweave = {
    env,
    effects: createEffects(env),
    createGroup(...args) {
      return groups.createGroup(...args)(env);
    },
    openGroup(...args) {
      return groups.openGroup(...args)(env);
    },
    joinGroup(...args) {
      return groups.joinGroup(...args)(env);
    },
    joinGroupWithPassword(...args) {
      return groups.joinGroupWithPassword(...args)(env);
    },
    openSession() {
      return openSession()(env);
    },
    diagnostics$: diagnosticEvents()(env),
    promise: promiseOf,
  };
  return peerweave;
};
