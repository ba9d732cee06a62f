import type { Driver } from '../../src/driver/index.js';

type Member = (...args: readonly unknown[]) => unknown;

export interface NamedCall {
  readonly name: string;
  readonly call: (...args: readonly unknown[]) => Promise<unknown>;
}

/** These two are about events, of which there are none; they do not answer a promise. */
const SYNCHRONOUS = new Set(['observe', 'report']);

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
