import * as E from 'fp-ts/lib/Either.js';
import { expected, type Rule } from './rule.js';

/** Of whatever realm it is. */
export const abortSignal: Rule<AbortSignal> = (value, at) =>
  isAbortSignal(value) ? E.right(value) : expected('an AbortSignal', value, at);

const isAbortSignal = (value: unknown): value is AbortSignal =>
  typeof value === 'object' &&
  value !== null &&
  'aborted' in value &&
  'addEventListener' in value &&
  'removeEventListener' in value &&
  typeof value.addEventListener === 'function' &&
  typeof value.removeEventListener === 'function';
