import * as E from 'fp-ts/lib/Either.js';
import type { Problem, ProblemCode } from '../error/index.js';
import type { Secret } from '../secret.js';

/** Where in the input a rule stands. */
export interface At {
  readonly path: string;
  /** Secrets that rules made on the way, to be wiped if the input turns out to be bad. */
  readonly made: Secret[];
}

/** Every problem of a value, or what the contract takes for it. A rule accepts anything and does not throw. */
export type Rule<A> = (value: unknown, at: At) => E.Either<readonly Problem[], A>;

export type Checked<R> = R extends Rule<infer A> ? A : never;

export const problem = ({ path }: At, code: ProblemCode, message: string): Problem => ({
  path,
  code,
  message,
});

export const bad = (at: At, code: ProblemCode, message: string): E.Either<readonly Problem[], never> =>
  E.left([problem(at, code, message)]);

/** The answer to a value of the wrong type, or to none at all. */
export const expected = (what: string, value: unknown, at: At): E.Either<readonly Problem[], never> =>
  value === undefined
    ? bad(at, 'required', `is required: ${what}`)
    : bad(at, 'type', `must be ${what}, not ${kindOf(value)}`);

const kindOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object of another kind' : `a ${typeof value}`;
};

/** The place of a field or item. */
export const inside = (at: At, key: string | number): At => ({
  ...at,
  path: typeof key === 'number' ? `${at.path}[${key}]` : at.path === '' ? key : `${at.path}.${key}`,
});

/** `undefined` is allowed. */
export const optional =
  <A>(rule: Rule<A>): Rule<A | undefined> =>
  (value, at) =>
    value === undefined ? E.right(undefined) : rule(value, at);

/** `undefined` stands for `fallback`. */
export const withDefault =
  <A, B>(rule: Rule<A>, fallback: B): Rule<A | B> =>
  (value, at) =>
    value === undefined ? E.right(fallback) : rule(value, at);
