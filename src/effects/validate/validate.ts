import * as E from 'fp-ts/lib/Either.js';
import { badArgument, type PeerError, type Problem } from '../error/index.js';
import type { Secret } from '../secret.js';
import type { Rule } from './rule.js';

declare const valid: unique symbol;

/** An `A` that passed its rule, so that a driver call can ask for nothing less. */
export type Valid<A> = A extends undefined ? A : A & { readonly [valid]: true };

/** Checks an input by a rule: BadArgument with all its problems, or the value as the contract takes it. */
export const validate = <A>(
  rule: Rule<A>,
  input: unknown,
  operation: string,
): E.Either<PeerError, Valid<A>> => {
  const made: Secret[] = [];
  const checked = E.flatten(E.tryCatch(() => rule(input, { path: '', made }), unreadable));
  if (E.isRight(checked)) return E.right(checked.right as Valid<A>);
  for (const secret of made) secret.release();
  return E.left(badArgument(checked.left, operation));
};

/** A getter or proxy of the caller's threw. */
const unreadable = (): readonly Problem[] => [
  { path: '', code: 'type', message: 'cannot be read: one of its properties throws' },
];
