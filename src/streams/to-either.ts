import * as E from 'fp-ts/lib/Either.js';
import { catchError, map, of, type OperatorFunction } from 'rxjs';
import { toPeerError } from '../effects/effect.js';
import type { PeerError } from '../effects/error/index.js';

/**
 * Turns a stream that may fail into one of `Either`s that does not: values are `Right`, an error is a last `Left`.
 *
 * Use it where a pipeline goes on with fp-ts. What was thrown and is no `PeerError` becomes one tagged `Defect`.
 *
 * @example
 * ```ts
 * import { throwError } from 'rxjs';
 * import { toEither } from 'peerweave';
 *
 * throwError(() => new Error('no'))
 *   .pipe(toEither())
 *   .subscribe((either) => console.log(either._tag === 'Left' ? either.left._tag : either.right)); // Defect
 * ```
 */
export const toEither =
  <T>(): OperatorFunction<T, E.Either<PeerError, T>> =>
  (source$) =>
    source$.pipe(
      map((value): E.Either<PeerError, T> => E.right(value)),
      catchError((thrown: unknown) => of(E.left(toPeerError(thrown, 'toEither')))),
    );
