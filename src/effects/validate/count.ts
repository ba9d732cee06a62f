import type { Rule } from './rule.js';
import { integer, UINT32_MAX } from './scalars.js';

/** How many at most: one or more. */
export const count: Rule<number> = integer(1, UINT32_MAX);
