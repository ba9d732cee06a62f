import { type PeerEffect, promiseOf } from '../effects/effect.js';
import type { PeerEnv } from '../effects/env.js';
import { type Closeable, resource } from './resource.js';
import type { Observable } from 'rxjs';

/** A stream that still needs its environment. `createPeerweave` applies one to all of them. */
export type PeerStream<A> = (env: PeerEnv) => Observable<A>;

/** The stream of a handle that an effect opens. */
export const resourceOf =
  <H extends Closeable>(operation: string, open: (signal: AbortSignal) => PeerEffect<H>): PeerStream<H> =>
  (env) =>
    resource(operation, (signal) => promiseOf(open(signal)(env)));
