import * as E from 'fp-ts/lib/Either.js';
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { fromFault, isPeerError, type PeerError } from './error/index.js';
import type { PeerEnv } from './env.js';
import type { Rule } from './validate/rule.js';
import { validate } from './validate/validate.js';

/** A description of work that needs a {@link PeerEnv} and ends with an `A` or a {@link PeerError}; it never rejects. */
export type PeerEffect<A> = ReaderTaskEither<PeerEnv, PeerError, A>;

/** What effects accept besides their own arguments. */
export interface EffectOptions {
  /** Ends the work with `Cancelled`. What it had opened by then is closed. */
  readonly signal?: AbortSignal | undefined;
}

/** Turns whatever was thrown into the one error type. A {@link PeerError} passes as it is. */
export const toPeerError = (thrown: unknown, operation: string): PeerError =>
  isPeerError(thrown) ? thrown : fromFault(thrown, operation);

/** Runs a promise once it is asked to; whatever it throws becomes the `Left`. */
export const attempt =
  <A>(operation: string, run: () => Promise<A>): TaskEither<PeerError, A> =>
  async () => {
    try {
      return E.right(await run());
    } catch (thrown) {
      return E.left(toPeerError(thrown, operation));
    }
  };

/** An effect that asks the environment's driver something. */
export const fromDriver =
  <A>(operation: string, run: (env: PeerEnv) => Promise<A>): PeerEffect<A> =>
  (env) =>
    attempt(operation, () => run(env));

/**
 * The `Right` of a result, or its `Left` thrown: for code that handles errors by `try`.
 *
 * @example
 * ```ts
 * import { createEnv, getDefaultIdentity, orThrow } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * console.log(orThrow(await getDefaultIdentity()(createEnv({ driver: createFakeDriver() }))()));
 * ```
 */
export const orThrow = <A>(either: E.Either<PeerError, A>): A => {
  if (E.isLeft(either)) throw either.left;
  return either.right;
};

/** The promise of a task: its `Left` rejects. For code that is itself run by {@link attempt}, and for RxJS. */
export const promiseOf = async <A>(task: TaskEither<PeerError, A>): Promise<A> => orThrow(await task());

/** Goes on with an input that follows its rule; with a broken one the result is all its faults and nothing is called. */
export const checked =
  <A, B>(
    operation: string,
    rule: Rule<A>,
    input: unknown,
    then: (value: A) => PeerEffect<B>,
  ): PeerEffect<B> =>
  (env) =>
    attempt(operation, () => promiseOf(then(orThrow(validate(rule, input, operation)))(env)));
