import { randomBytes } from 'node:crypto';

const POOL_LENGTH = 4_096;

/** A source of random bytes that asks the system for many at a time: one call costs as much as 16 or 4096 bytes. */
export const pooledRandomBytes = (): ((length: number) => Uint8Array) => {
  let pool = Buffer.alloc(0);
  return (length) => {
    if (pool.length < length) pool = randomBytes(Math.max(POOL_LENGTH, length));
    const taken = pool.subarray(0, length);
    pool = pool.subarray(length);
    return taken;
  };
};
