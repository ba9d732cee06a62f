import * as E from 'fp-ts/lib/Either.js';
import type { Problem } from '../error/index.js';
import { bad, expected, inside, type At, type Checked, type Rule } from './rule.js';

export type Fields = Readonly<Record<string, unknown>>;

type CheckedFields<Rules> = { readonly [Key in keyof Rules]: Checked<Rules[Key]> };

/**
 * An object whose fields follow `rules`; other fields are ignored. `across` judges fields against each other: it sees
 * them as they came, so that its findings stand beside those of single fields.
 */
export const object =
  <Rules extends Readonly<Record<string, Rule<unknown>>>>(
    rules: Rules,
    across: (fields: Fields, at: At) => readonly Problem[] = () => [],
  ): Rule<CheckedFields<Rules>> =>
  (value, at) => {
    if (!isFields(value)) return expected('an object', value, at);
    const checked = Object.entries(rules).map(
      ([key, rule]) => [key, rule(value[key], inside(at, key))] as const,
    );
    const problems = [
      ...checked.flatMap(([, field]) => (E.isLeft(field) ? field.left : [])),
      ...across(value, at),
    ];
    if (problems.length > 0) return E.left(problems);
    const fields = checked.flatMap(([key, field]) => (E.isRight(field) ? [[key, field.right]] : []));
    return E.right(Object.fromEntries(fields) as CheckedFields<Rules>);
  };

/** An array whose items follow `rule`. */
export const list =
  <A>(rule: Rule<A>, least = 0): Rule<readonly A[]> =>
  (value, at) => {
    if (!Array.isArray(value)) return expected('an array', value, at);
    const checked = Array.from(value as readonly unknown[], (item, index) => rule(item, inside(at, index)));
    const problems = checked.flatMap((item) => (E.isLeft(item) ? item.left : []));
    if (problems.length > 0) return E.left(problems);
    if (checked.length < least) return bad(at, 'length', `must have at least ${least} item`);
    return E.right(checked.flatMap((item) => (E.isRight(item) ? [item.right] : [])));
  };

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
