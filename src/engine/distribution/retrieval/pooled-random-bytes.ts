import { randomBytes } from 'node:crypto';

const POOL_LENGTH = 4_096;

/** Takes many random bytes at a time: one call to the system costs as much for 16 as for 4096 of them. */
export const pooledRandomBytes = (
  source: (length: number) => Uint8Array = randomBytes,
): ((length: number) => Uint8Array) => {
  let pool: Uint8Array = new Uint8Array(0);
  return (length) => {
    if (pool.length < length) pool = source(Math.max(POOL_LENGTH, length));
    const taken = pool.subarray(0, length);
    pool = pool.subarray(length);
    return taken;
  };
};
