import { randomUUID } from 'node:crypto';
import { closeSync, constants, createReadStream, fstatSync, openSync } from 'node:fs';
import { copyFile, link, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { addAbortSignal, type Readable } from 'node:stream';
import { PeerError, type PeerErrorTag } from 'peerweave';
import { adviceFor } from './fault-of.js';

/** It is there and can be opened, but is not what it is wanted for. */
const UNUSABLE = 'PEERWEAVE_UNUSABLE_FILE';

const TAGS: Readonly<Record<string, PeerErrorTag>> = {
  ENOENT: 'NotFound',
  [UNUSABLE]: 'BadArgument',
  EISDIR: 'BadArgument',
  ENOTDIR: 'BadArgument',
  ENAMETOOLONG: 'BadArgument',
  EACCES: 'AccessDenied',
  EPERM: 'AccessDenied',
  EROFS: 'AccessDenied',
  EEXIST: 'AlreadyExists',
  ABORT_ERR: 'Cancelled',
};

/** Does something with a file that the person named. */
export const withFile = async <A>(path: string, what: string, run: () => Promise<A>): Promise<A> => {
  try {
    return await run();
  } catch (thrown) {
    throw fileError(path, what, thrown);
  }
};

const fileError = (path: string, what: string, thrown: unknown): PeerError => {
  // Somebody who knows more about it has said what is wrong.
  if (thrown instanceof PeerError) return thrown;
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'UNKNOWN';
  return new PeerError({
    tag: TAGS[code] ?? 'System',
    code,
    operation: what,
    what: `${path}: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    advice:
      code === 'EEXIST'
        ? 'Use --force to overwrite it, or another name.'
        : (adviceFor(code) ?? 'Check the path.'),
    cause: thrown,
  });
};

/** More than any file that is read as a whole has; content information has 64 MiB at most. */
const MOST_BYTES = 128 * 1024 * 1024;
const tooLarge = (most: number): string => `that has more than ${most} bytes`;

/** Large pieces make a large package fewer steps. */
const PIECE_BYTES = 1024 * 1024;

/** A pipe without a writer would block its opening, and with it the end of the process. Windows has no such flag. */
const READ = constants.O_RDONLY | (process.platform === 'win32' ? 0 : constants.O_NONBLOCK);

/** All bytes of a file, or of a pipe such as a shell makes by `<(…)`; the signal ends the wait for a pipe. */
export const readNamedFile = async (path: string, signal?: AbortSignal): Promise<Buffer> => {
  const pieces: Buffer[] = [];
  for await (const piece of namedFilePieces(path, signal)) pieces.push(piece);
  return Buffer.concat(pieces);
};

/** The same as they come. */
export async function* namedFilePieces(
  path: string,
  signal?: AbortSignal,
  most = MOST_BYTES,
): AsyncGenerator<Buffer> {
  try {
    const stream = openNamedFile(path, most);
    if (signal !== undefined) addAbortSignal(signal, stream);
    let length = 0;
    for await (const piece of stream as AsyncIterable<Buffer>) {
      length += piece.length;
      if (length > most) throw unusable(tooLarge(most));
      yield piece;
    }
  } catch (thrown) {
    throw fileError(path, 'read', thrown);
  }
}

const openNamedFile = (path: string, most: number): Readable => {
  const fd = openSync(path, READ);
  try {
    const stats = fstatSync(fd);
    // A socket waits for bytes without occupying a thread. Both close what they are given.
    if (stats.isFIFO()) return new Socket({ fd, readable: true, writable: false });
    if (stats.isDirectory()) throw unusable('that is a directory');
    if (!stats.isFile()) throw unusable('that is a device');
    if (stats.size > most) throw unusable(tooLarge(most));
    return createReadStream(path, { fd, highWaterMark: PIECE_BYTES });
  } catch (thrown) {
    closeSync(fd);
    throw thrown;
  }
};

const unusable = (what: string): Error => Object.assign(new Error(what), { code: UNUSABLE });

/**
 * Writes what only its owner may read: content information, exported keys and cached content open what they belong to.
 * The file appears whole or not at all.
 */
export const writeSecretFile = (
  named: string,
  content: Uint8Array | string | AsyncIterable<Uint8Array>,
  force: boolean,
  signal?: AbortSignal,
): Promise<void> =>
  withFile(named, 'write', async () => {
    // A rename would replace a link, not what it leads to.
    const path = force ? await realpath(named).catch(() => named) : named;
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory() === true) throw unusable('that is a directory');
    if (found !== undefined && !force) throw existing();
    // Renaming would put a file in the place of a device or pipe.
    if (found?.isFile() === false) return writeFile(path, content, { signal });
    const partial = `${path}.${randomUUID()}.part`;
    try {
      await writeFile(partial, content, { mode: 0o600, flag: 'wx', signal });
      await (force ? rename(partial, path) : putUnlessThere(partial, path));
    } finally {
      await rm(partial, { force: true });
    }
  });

const existing = (): Error => Object.assign(new Error('there is one already'), { code: 'EEXIST' });

/** Not every file system has links. */
const putUnlessThere = (from: string, to: string): Promise<void> =>
  link(from, to).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') throw existing();
    return copyFile(from, to, constants.COPYFILE_EXCL);
  });
