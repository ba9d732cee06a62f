import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, posix, resolve, win32 } from 'node:path';
import { makePrivateDirectory } from './private-directory.js';
import { messageOf } from '../driver/errors.js';

/** The surroundings that the default depends on; those of this process unless a test says otherwise. */
export interface DataDirectorySurroundings {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/** Why there is no data directory to work in; `cause` is the system's error. */
export class DataDirectoryError extends Error {
  constructor(
    readonly path: string,
    cause: unknown,
  ) {
    super(`cannot use ${path} as data directory: ${messageOf(cause)}`, {
      cause,
    });
    this.name = 'DataDirectoryError';
  }
}

/**
 * Where an application keeps data of its user on this platform: `$XDG_DATA_HOME` or `~/.local/share`, on macOS
 * `~/Library/Application Support`, on Windows `%LOCALAPPDATA%`. Only names it; nothing is made or looked at.
 *
 * Source: XDG Base Directory Specification; Known Folders of Windows.
 *
 * @example
 * ```ts
 * import { defaultDataDirectory } from 'peerweave/engine';
 *
 * console.log(defaultDataDirectory({ platform: 'linux', env: {}, home: '/home/alice' }));
 * // /home/alice/.local/share/peerweave
 * ```
 */
export const defaultDataDirectory = (surroundings: Partial<DataDirectorySurroundings> = {}): string => {
  const { platform = process.platform, env = process.env, home = homedir() } = surroundings;
  switch (platform) {
    case 'win32':
      return win32.join(env['LOCALAPPDATA'] ?? win32.join(home, 'AppData', 'Local'), 'peerweave');
    case 'darwin':
      return posix.join(home, 'Library', 'Application Support', 'peerweave');
    default: {
      const base = env['XDG_DATA_HOME'];
      // The XDG specification tells to ignore a relative path.
      const isUsable = base !== undefined && isAbsolute(base);
      return posix.join(isUsable ? base : posix.join(home, '.local', 'share'), 'peerweave');
    }
  }
};

/**
 * Makes the data directory, for the owner only, if it is missing.
 *
 * @param path instead of the default; relative to the working directory.
 * @returns its absolute path.
 * @throws DataDirectoryError if it cannot be made, or is no directory that can be searched.
 */
export const openDataDirectory = async (path: string = defaultDataDirectory()): Promise<string> => {
  const absolute = resolve(path);
  try {
    makePrivateDirectory(absolute);
    await access(absolute, constants.R_OK | constants.X_OK);
    return absolute;
  } catch (error) {
    throw new DataDirectoryError(absolute, error);
  }
};
