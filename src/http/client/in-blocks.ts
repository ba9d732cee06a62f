import type { Clock } from '../../driver/index.js';

const BLOCK_BYTES = 64 * 1024;
const LEAST_BYTES = 4 * BLOCK_BYTES;
/** Others may wait for what comes in here. */
const MOST_MS = 200;

/**
 * Puts pieces together so that, but for the last one, they end where a block of the content does. What comes in so slowly
 * that this would take long is passed on as it is.
 */
export async function* inBlocks(
  pieces: AsyncIterable<Uint8Array>,
  offset: number,
  clock: Pick<Clock, 'now'>,
): AsyncGenerator<Uint8Array, void> {
  let at = offset;
  let held: readonly Uint8Array[] = [];
  let length = 0;
  let since = clock.now();
  for await (const piece of pieces) {
    held = [...held, piece];
    length += piece.length;
    const whole = length - ((at + length) % BLOCK_BYTES);
    const isLate = Math.abs(clock.now() - since) >= MOST_MS;
    if (whole < LEAST_BYTES && !isLate) continue;
    const all = Buffer.concat(held);
    const taken = whole > 0 ? whole : length;
    yield all.subarray(0, taken);
    at += taken;
    length -= taken;
    held = [all.subarray(taken)];
    since = clock.now();
  }
  if (length > 0) yield Buffer.concat(held);
}
