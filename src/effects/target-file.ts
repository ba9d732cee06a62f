import { type FileHandle, lstat, open, readlink, realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fromSystem, onFile } from './error/from-system.js';
import { badArgument, type PeerError } from './error/index.js';

/** As many as Linux follows. */
const MOST_LINKS = 40;

/**
 * The path to put a complete file at by a rename, which would replace a link, not what it leads to: so links are
 * followed here, also one that leads to nothing yet. A rename would put the file in the place of a device as well, and
 * refuse a directory only once everything is fetched.
 */
export const targetFile = async (named: string, operation: string): Promise<string> => {
  const found = await stat(named).catch((thrown: unknown) => {
    const fault = fromSystem(thrown, operation);
    // The file that is complete could not be given it.
    if (fault?.code === 'ENAMETOOLONG') throw fault;
    return undefined;
  });
  if (found?.isFile() === false)
    throw notAFile(found.isDirectory() ? 'a directory' : 'a device or pipe', operation);
  return onFile(operation, async () => {
    let path = named;
    for (let links = 0; await isLink(path); links += 1) {
      if (links === MOST_LINKS) throw notAFile('a link that leads round in a circle', operation);
      const folder = await realpath(dirname(path));
      // /dev/stdout leads here. Whoever has the file open would never see the one that takes its name.
      if (OPEN_FILES.test(folder))
        throw notAFile('what a process has open, such as its standard output', operation);
      path = resolve(folder, await readlink(path));
    }
    return path;
  });
};

/**
 * A new file that is to take the place of `target`, if there is one: whoever may not read that must not read this either.
 * Its owner can write to it, whatever the other says.
 */
export const createInPlaceOf = async (target: string, path: string): Promise<FileHandle> => {
  const replaced = await stat(target).catch(() => undefined);
  if (replaced === undefined) return open(path, 'wx+');
  const mode = (replaced.mode & 0o777) | 0o600;
  const file = await open(path, 'wx+', mode);
  // Not every file system has modes.
  await file.chmod(mode).catch(() => undefined);
  return file;
};

const OPEN_FILES = /^\/proc\/\d+(?:\/task\/\d+)?\/fd$/;

const isLink = async (path: string): Promise<boolean> =>
  (await lstat(path).catch(() => undefined))?.isSymbolicLink() === true;

const notAFile = (what: string, operation: string): PeerError =>
  badArgument([{ path: 'to', code: 'type', message: `is ${what}; name a file` }], operation);
