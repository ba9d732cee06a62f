import { GROUPING, IDENTITY, UTILITY } from './bindings-p2p.js';
import { DISTRIBUTION, DISTRIBUTION_CLIENT, DISTRIBUTION_SERVER } from './bindings-peerdist.js';
import { SYSTEM } from './bindings-system.js';
import type { Arguments } from './signature.js';

/** The 82 functions of the two APIs. */
export const API_BINDINGS = {
  ...GROUPING,
  ...IDENTITY,
  ...UTILITY,
  ...DISTRIBUTION,
  ...DISTRIBUTION_SERVER,
  ...DISTRIBUTION_CLIENT,
} as const;

/** Every native function this driver can call. Each is looked up on its first call, so that one that an older Windows
 * lacks is missed by its own callers only. */
export const BINDINGS = { ...API_BINDINGS, ...SYSTEM } as const;

export type FunctionName = keyof typeof BINDINGS;
export type ArgumentsOf<Name extends FunctionName> = Arguments<(typeof BINDINGS)[Name]['parameters']>;
