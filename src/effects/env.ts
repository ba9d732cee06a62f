import { isLeft } from 'fp-ts/lib/Either.js';
import { type Clock, type Driver, systemClock } from '../driver/index.js';
import { createDiagnostics, type Diagnostics } from './diagnostics.js';
import { object } from './validate/object.js';
import { validate } from './validate/validate.js';

/** What every effect reads: the platform, the time, chance, and where unheard faults go. */
export interface PeerEnv {
  readonly driver: Driver;
  readonly clock: Clock;
  /** A number in [0, 1), for the jitter of back-offs only. */
  readonly random: () => number;
  readonly diagnostics: Diagnostics;
}

/**
 * An environment around a driver, with the wall clock, `Math.random` and fresh diagnostics unless given. Throws
 * `BadArgument` for what is no driver.
 *
 * @example
 * ```ts
 * import { createEnv } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const env = createEnv({ driver: createFakeDriver() });
 * console.log(env.driver.name);
 * ```
 */
export const createEnv = (parts: Pick<PeerEnv, 'driver'> & Partial<PeerEnv>): PeerEnv => {
  const checked = validate(PARTS, parts, 'createEnv');
  if (isLeft(checked)) throw checked.left;
  return { clock: systemClock, random: Math.random, diagnostics: createDiagnostics(), ...parts };
};

const PARTS = object({ driver: object({ grouping: object({}), distribution: object({}) }) });
