import type { OpenSource } from './content-source.js';
import { isPeerError, PeerError } from './error/index.js';

/** The two ways in which bytes get into a publication. */
export interface Additions {
  bytes(piece: Uint8Array): Promise<void>;
  /** Lets the driver read the next bytes of the file. */
  fromSource(length: number): Promise<void>;
}

/** Bytes that a driver is asked to read at once, after which progress is told. */
const STEP_BYTES = 16 * 1024 * 1024;

/** Adds all of a content: a file by letting the driver read it, if it does that. Yields how many bytes each step added. */
export async function* addContent(
  { file, length, pieces }: OpenSource,
  add: Additions,
): AsyncGenerator<number, void> {
  if (file !== undefined && length !== undefined && (yield* addFile(length, add))) return;
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.length;
    if (length !== undefined && bytes > length) throw sourceChanged(length);
    await add.bytes(piece);
    yield piece.length;
  }
}

/** @returns `false` if the driver wants to be given the bytes; then none were added. */
async function* addFile(length: number, add: Additions): AsyncGenerator<number, boolean> {
  for (let at = 0; at < length; at += STEP_BYTES) {
    const step = Math.min(STEP_BYTES, length - at);
    try {
      await add.fromSource(step);
    } catch (thrown) {
      if (at === 0 && isPeerError(thrown) && thrown._tag === 'Unsupported') return false;
      throw thrown;
    }
    yield step;
  }
  return true;
}

/** @param length that the file had at first. */
export const sourceChanged = (length?: number): PeerError =>
  new PeerError({
    tag: 'System',
    code: 'PEERWEAVE_SOURCE_CHANGED',
    operation: 'publish',
    what:
      length === undefined
        ? 'somebody wrote to the file while it was read'
        : `the file had ${length} bytes at first, but not when it was read to its end`,
    advice: 'Publish it again once nobody writes to it.',
  });
