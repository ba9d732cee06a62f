import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { PeerEffect } from '../effects/effect.js';
import { orThrow } from '../effects/effect.js';
import type { PeerEnv } from '../effects/env.js';
import type { PeerError } from '../effects/error/index.js';
import { type Closeable, resource } from './resource.js';
import type { Observable } from 'rxjs';

/** A stream that still needs its environment. `createPeerweave` applies one to all of them. */
export type PeerStream<A> = (env: PeerEnv) => Observable<A>;

/** The promise of a task: the `Left` rejects, which is how RxJS takes errors. */
export const promiseOf = async <A>(task: TaskEither<PeerError, A>): Promise<A> => orThrow(await task());

/** The stream of a handle that an effect opens. */
export const resourceOf =
  <H extends Closeable>(operation: string, open: (signal: AbortSignal) => PeerEffect<H>): PeerStream<H> =>
  (env) =>
    resource(operation, (signal) => promiseOf(open(signal)(env)));
