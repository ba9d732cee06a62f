import { open } from 'node:fs/promises';
import { badArgument } from './error/index.js';
import { onFile } from './error/from-system.js';

/** What can be published: a file by its path, bytes, or bytes as they come. */
export type ContentSource = string | URL | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Bytes of a file read at a time. Large, because a driver may spread one piece over several threads. */
const PIECE_BYTES = 4 * 1024 * 1024;

/** A source with its length, where that is known before it is read. */
export interface OpenSource {
  readonly length: number | undefined;
  readonly pieces: AsyncIterable<Uint8Array>;
}

/** Opens a source. A piece is only valid until the next one is asked for. */
export const openSource = async (
  source: ContentSource,
  operation: string,
): Promise<OpenSource & AsyncDisposable> => {
  if (typeof source === 'string' || source instanceof URL) return openFile(source, operation);
  if (source instanceof Uint8Array) {
    return { length: source.length, pieces: once(source), [Symbol.asyncDispose]: nothing };
  }
  if (Symbol.asyncIterator in source || Symbol.iterator in source) {
    return { length: undefined, pieces: checkedPieces(source, operation), [Symbol.asyncDispose]: nothing };
  }
  throw badArgument(
    [{ path: 'source', code: 'type', message: 'must be a path, a URL, bytes or an iterable of bytes' }],
    operation,
  );
};

const nothing = (): Promise<void> => Promise.resolve();

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function* checkedPieces(
  source: Iterable<unknown> | AsyncIterable<unknown>,
  operation: string,
): AsyncGenerator<Uint8Array> {
  for await (const piece of source) {
    if (!(piece instanceof Uint8Array)) {
      throw badArgument([{ path: 'source', code: 'type', message: 'must yield Uint8Arrays' }], operation);
    }
    yield piece;
  }
}

const openFile = async (path: string | URL, operation: string): Promise<OpenSource & AsyncDisposable> => {
  const file = await onFile(operation, () => open(path, 'r'));
  try {
    const { size } = await onFile(operation, () => file.stat());
    return {
      length: size,
      pieces: readAhead(
        (buffer, at) => onFile(operation, () => file.read(buffer, 0, buffer.length, at)),
        size,
      ),
      [Symbol.asyncDispose]: () => file.close(),
    };
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
};

/** Reads the next piece while the last one is being worked on. Shared memory, so that worker threads need no copy. */
async function* readAhead(
  read: (buffer: Uint8Array, at: number) => Promise<{ readonly bytesRead: number }>,
  size: number,
): AsyncGenerator<Uint8Array> {
  const buffers = [0, 1].map(
    () => new Uint8Array(new SharedArrayBuffer(Math.min(PIECE_BYTES, Math.max(size, 1)))),
  );
  const fill = async (turn: number, at: number): Promise<Uint8Array> => {
    const buffer = buffers[turn % 2] as Uint8Array;
    const { bytesRead } = await read(buffer, at);
    return buffer.subarray(0, bytesRead);
  };
  let at = 0;
  let next = fill(0, 0);
  for (let turn = 1; ; turn += 1) {
    const piece = await next;
    if (piece.length === 0) return;
    at += piece.length;
    next = fill(turn, at);
    // Awaited on the next turn; if there is none, nobody else would look at its failure.
    next.catch(() => undefined);
    yield piece;
  }
}
