import { optional, type Rule } from './rule.js';
import { integer, UINT32_MAX } from './scalars.js';

/** The two largest numbers stand for the default and for "wait for ever". */
const LONGEST_TIMEOUT = UINT32_MAX - 2;

/** How long to wait; `undefined`: as long as is usual. */
export const timeoutMs: Rule<number | undefined> = optional(integer(0, LONGEST_TIMEOUT, 'milliseconds'));
