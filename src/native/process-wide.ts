import type { Pump } from './pump.js';

// The ESM and the CommonJS build of this package can both be loaded by one process, which must still wait only once.
const SLOT = Symbol.for('peerweave/1');

interface Shared {
  /** One pump for each kernel32, of which only tests have more than one. */
  pumps?: Map<string, Pump>;
}

export const sharedPump = (kernel32: string, create: () => Pump): Pump => {
  const slots = globalThis as unknown as Record<symbol, Shared | undefined>;
  const shared = (slots[SLOT] ??= {});
  const pumps = (shared.pumps ??= new Map());
  const pump = pumps.get(kernel32) ?? create();
  pumps.set(kernel32, pump);
  return pump;
};
