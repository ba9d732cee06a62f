import type { Driver } from '../../src/driver/index.js';

type Member = (...args: readonly unknown[]) => unknown;

export interface NamedCall {
  readonly name: string;
  readonly call: (...args: readonly unknown[]) => Promise<unknown>;
}

/** `observe` answers a function instead of a promise; it is the only one. */
const SYNCHRONOUS = new Set(['observe']);

/** Every member of the four families, to be called with whatever one likes. */
export const everyMember = (driver: Driver): readonly NamedCall[] =>
  (['grouping', 'identity', 'enumeration', 'distribution'] as const).flatMap((family) =>
    Object.entries(driver[family] as unknown as Record<string, unknown>)
      .filter(([name, member]) => typeof member === 'function' && !SYNCHRONOUS.has(name))
      .map(([name, member]) => ({
        name: `${family}.${name}`,
        call: async (...args: readonly unknown[]) => (member as Member)(...args),
      })),
  );
