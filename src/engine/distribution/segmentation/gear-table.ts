import { hash } from 'node:crypto';

/**
 * The 256 random numbers of the Gear hash. The publication leaves them open. Here number i is the first
 * four bytes (big-endian) of the SHA-256 of the one byte i, which anybody can compute again.
 */
export const GEAR_TABLE = Uint32Array.from({ length: 256 }, (_, byte) =>
  hash('sha256', Uint8Array.of(byte), 'buffer').readUInt32BE(),
);
