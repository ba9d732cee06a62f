import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import type { FileVersion, SourceFile } from '../driver/index.js';
import { badArgument, cancelled, type PeerError, type ProblemCode } from './error/index.js';
import { onFile } from './error/from-system.js';
import { untilAborted } from './until-aborted.js';
import { asyncDispose } from '../driver/dispose-symbols.js';
import { isError } from '../driver/errors.js';

/** What can be published: a file by its path, bytes, or bytes as they come. */
export type ContentSource = string | URL | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Bytes of a file read at a time. Large, because a driver may spread one piece over several threads. */
const PIECE_BYTES = 2 * 1024 * 1024;

/** A source with its length, where that is known before it is read. */
export interface OpenSource {
  readonly length: number | undefined;
  /** If the source is a file that others can open too: as it was when it was opened. */
  readonly file: SourceFile | undefined;
  readonly pieces: AsyncIterable<Uint8Array>;
  /** Whether nobody has written to the file since then; what is no file does not change. */
  isUnchanged(): Promise<boolean>;
}

/** What is wrong with a source that was given as an argument. */
type Complaint = (code: ProblemCode, message: string) => PeerError;

export interface SourceUse {
  readonly operation: string;
  /** What the source is called among the arguments. */
  readonly argument?: string;
  /** Bytes of a file read at a time. */
  readonly pieceBytes?: number;
}

/** Opens a source. A piece is only valid until the next one is asked for; the signal ends the wait for one. */
export const openSource = async (
  source: ContentSource,
  { operation, argument = 'source', pieceBytes = PIECE_BYTES }: SourceUse,
  signal: AbortSignal,
): Promise<OpenSource & AsyncDisposable> => {
  const bad: Complaint = (code, message) => badArgument([{ path: argument, code, message }], operation);
  if (typeof source === 'string' || source instanceof URL) {
    return openFile(source, operation, pieceBytes, bad);
  }
  if (source instanceof Uint8Array) {
    return { ...NO_FILE, length: source.length, pieces: once(source) };
  }
  if (isIterable(source)) {
    return {
      ...NO_FILE,
      length: undefined,
      pieces: checkedPieces(iteratorOf(source), operation, bad, signal),
    };
  }
  throw bad('type', 'must be a path, a URL, bytes or an iterable of bytes');
};

const NO_FILE = {
  file: undefined,
  isUnchanged: () => Promise.resolve(true),
  [asyncDispose]: () => Promise.resolve(),
};

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

type Pieces = Iterable<unknown> | AsyncIterable<unknown>;

const isIterable = (source: unknown): source is Pieces =>
  typeof source === 'object' &&
  source !== null &&
  (Symbol.asyncIterator in source || Symbol.iterator in source);

const iteratorOf = (source: Pieces): Iterator<unknown> | AsyncIterator<unknown> =>
  Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();

/** Not `for await`: that would wait for a piece that never comes although nobody wants it any more. */
async function* checkedPieces(
  iterator: Iterator<unknown> | AsyncIterator<unknown>,
  operation: string,
  bad: Complaint,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const state = { done: false };
  try {
    for (;;) {
      const result = await untilAborted(Promise.resolve(iterator.next()), signal);
      if (result === undefined) throw cancelled(operation);
      state.done = result.done === true;
      if (state.done) return;
      if (!(result.value instanceof Uint8Array)) throw bad('type', 'must yield Uint8Arrays');
      if (result.value.length > 0) yield result.value;
      // With nothing but empty pieces nobody else would ever get a turn, not even to abort.
      else await setImmediate();
    }
  } finally {
    // A generator that still works on its next piece answers only after that.
    if (!state.done) void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}

/** A pipe without a writer would block the opening for ever; other files do not care. Windows has no such flag: 0. */
const READ = constants.O_RDONLY | constants.O_NONBLOCK;

const openFile = async (
  path: string | URL,
  operation: string,
  pieceBytes: number,
  bad: Complaint,
): Promise<OpenSource & AsyncDisposable> => {
  const file = await openPath(path, operation, bad);
  try {
    const version = await versionOf(file, operation, bad);
    const length = Number(version.size);
    return {
      length,
      // Of what is open, unless somebody moves it just now: whoever opens it looks at the version.
      file: await realpath(path).then(
        (real) => ({ path: real, version }),
        () => undefined,
      ),
      pieces: readAhead(
        (buffer, at) => onFile(operation, () => file.read(buffer, 0, buffer.length, at)),
        Math.min(pieceBytes, Math.max(length, 1)),
      ),
      isUnchanged: async () => {
        const { modifiedNs, size } = await versionOf(file, operation, bad);
        return modifiedNs === version.modifiedNs && size === version.size;
      },
      [asyncDispose]: () => file.close().catch(() => undefined),
    };
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
};

const openPath = async (path: string | URL, operation: string, bad: Complaint): Promise<FileHandle> => {
  try {
    return await onFile(operation, () => open(path, READ));
  } catch (thrown) {
    // What Node says to a path that no file can have.
    throw isError(thrown) && thrown.name === 'TypeError' ? bad('format', thrown.message) : thrown;
  }
};

const versionOf = async (file: FileHandle, operation: string, bad: Complaint): Promise<FileVersion> => {
  const stats = await onFile(operation, () => file.stat({ bigint: true }));
  if (stats.isFile()) return fileVersion(stats);
  throw bad('type', `is ${stats.isDirectory() ? 'a directory' : 'a device or pipe'}, not a file`);
};

const fileVersion = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): FileVersion => ({
  device: dev,
  inode: ino,
  size,
  modifiedNs: mtimeNs,
  changedNs: ctimeNs,
});

/** Reads the next piece while the last one is being worked on. Shared memory, so that worker threads need no copy. */
async function* readAhead(
  read: (buffer: Uint8Array, at: number) => Promise<{ readonly bytesRead: number }>,
  pieceBytes: number,
): AsyncGenerator<Uint8Array> {
  const buffers = [0, 1].map(() => new Uint8Array(new SharedArrayBuffer(pieceBytes)));
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
