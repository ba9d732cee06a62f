import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { onFile } from '../../../effects/error/from-system.js';
import { PeerError } from '../../../effects/error/index.js';
import { openFile, openFileResource, type OpenResource } from '../resource.js';
import { isHidden } from './request-path.js';

/** Where to look, and whether names that start with a dot are there too. */
export interface Confinement {
  readonly root: string;
  readonly hidden: boolean;
}

/** What a path leads to. */
export type Found =
  | { readonly _tag: 'File'; readonly resource: OpenResource }
  | { readonly _tag: 'Directory'; readonly path: string };

/** A file may be replaced while it is opened, each time anew: by a program that does nothing else, up to forty times (ran). */
const MOST_TRIES = 100;

/**
 * Opens what lies below a directory. Links may lead elsewhere below it, but not out of it, and not to a hidden name
 * unless those are served. Everything else is as if it did not exist.
 */
export const openInDirectory = async (
  { root, hidden }: Confinement,
  names: readonly string[],
  now: number,
): Promise<Found> => {
  if (!hidden && names.some(isHidden)) throw noSuchFile();
  const realRoot = await onFile(OPERATION, () => realpath(root));
  const path = join(realRoot, ...names);
  for (let tries = 1; tries <= MOST_TRIES; tries += 1) {
    const found = await openAt(path, realRoot, hidden, now);
    if (found !== 'led elsewhere meanwhile') return found;
  }
  throw noSuchFile();
};

const openAt = async (
  path: string,
  realRoot: string,
  hidden: boolean,
  now: number,
): Promise<Found | 'led elsewhere meanwhile'> => {
  const stats = await onFile(OPERATION, () => stat(path));
  if (stats.isDirectory()) {
    refuseUnlessBelow(realRoot, await real(path), hidden);
    return { _tag: 'Directory', path };
  }
  // Opening a device may do something.
  if (!stats.isFile()) throw noSuchFile();
  const file = await openFile(path);
  try {
    const realPath = await real(path);
    refuseUnlessBelow(realRoot, realPath, hidden);
    // What is open has to be what lies below. Since it was opened, the path may have been led out of there and back, or,
    // as many programs save, to another file that has taken its name.
    const [opened, named] = await Promise.all([
      file.stat({ bigint: true }),
      onFile(OPERATION, () => stat(realPath, { bigint: true })),
    ]);
    if (opened.ino !== named.ino || opened.dev !== named.dev) {
      await file.close();
      return 'led elsewhere meanwhile';
    }
    return { _tag: 'File', resource: await openFileResource(file, { path: realPath }, now) };
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
};

const OPERATION = 'answer';

const real = (path: string): Promise<string> => onFile(OPERATION, () => realpath(path));

const refuseUnlessBelow = (realRoot: string, realPath: string, hidden: boolean): void => {
  const below = relative(realRoot, realPath);
  const names = below === '' ? [] : below.split(sep);
  if (isAbsolute(below) || names[0] === '..' || (!hidden && names.some(isHidden))) throw noSuchFile();
};

export const noSuchFile = (): PeerError =>
  new PeerError({
    tag: 'NotFound',
    code: 'ENOENT',
    operation: OPERATION,
    what: 'there is no such file',
    advice: 'Check the path.',
  });
