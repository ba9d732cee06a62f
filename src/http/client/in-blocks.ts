const BLOCK_BYTES = 64 * 1024;
const LEAST_BYTES = 4 * BLOCK_BYTES;

/** Puts pieces together so that, but for the last one, they end where a block of the content does. */
export async function* inBlocks(
  pieces: AsyncIterable<Uint8Array>,
  offset: number,
): AsyncGenerator<Uint8Array, void> {
  let at = offset;
  let held: readonly Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    held = [...held, piece];
    length += piece.length;
    const whole = length - ((at + length) % BLOCK_BYTES);
    if (whole < LEAST_BYTES) continue;
    const all = Buffer.concat(held);
    yield all.subarray(0, whole);
    at += whole;
    length -= whole;
    held = [all.subarray(whole)];
  }
  if (length > 0) yield Buffer.concat(held);
}
