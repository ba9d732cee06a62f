import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../../driver/index.js';
import { makePrivateDirectory } from '../../private-directory.js';
import { systemCode } from '../../system-code.js';
import type { RandomSource } from '../crypto/keys.js';
import { DamagedRecord } from './record.js';

const PRIVATE_FILE = 0o600;
const PRIVATE_DIRECTORY = 0o700;

/** No file of ours is larger; one that is was not written by us. */
const MAX_FILE_BYTES = 1_048_576;

/** Unfinished work of a process that died is cleared away after this long. */
const LEFTOVER_AGE_MS = 60 * 60 * 1000;

/** A directory name for any text: names from outside never become part of a path. */
export const directoryNameFor = (text: string): string => createHash('sha256').update(text).digest('hex');

const syncDirectory = async (path: string): Promise<void> => {
  // Windows cannot open a directory; there the file system's own journal has to do.
  const directory = await open(path, 'r').catch(() => undefined);
  if (directory === undefined) return;
  await directory.sync().catch(() => undefined);
  await directory.close();
};

const writeNewFile = async (path: string, bytes: Uint8Array): Promise<void> => {
  const file = await open(path, 'wx', PRIVATE_FILE);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
};

/** A name that is not there, or that a plain file stands in the way of. */
const isMissing = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '');

/** The bytes of a file, `undefined` if there is none. @throws DamagedRecord for what no file of ours can be. */
export const readIfPresent = async (path: string): Promise<Buffer | undefined> => {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw new DamagedRecord(`${path} is no file`);
    if (found.size > MAX_FILE_BYTES)
      throw new DamagedRecord(`${path} is larger than ${MAX_FILE_BYTES} bytes`);
    return await readFile(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
};

/** The names in a directory, none if there is no such directory. */
export const listDirectory = async (path: string): Promise<string[]> => {
  try {
    return (await readdir(path)).sort();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
};

export const exists = async (path: string): Promise<boolean> => {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
};

/**
 * The directory that all processes of a user share. Everything is prepared in `staging` and appears by one rename, and
 * disappears by one rename, so that nobody ever sees half of it, whenever a process dies.
 */
export class DataDirectory {
  readonly identities: string;
  readonly #staging: string;
  readonly #random: RandomSource;

  constructor(root: string, random: RandomSource) {
    this.identities = join(root, 'identities');
    this.#staging = join(root, 'staging');
    this.#random = random;
  }

  /** Makes the directory if need be, readable by its owner only. */
  prepare(): void {
    makePrivateDirectory(this.identities);
    makePrivateDirectory(this.#staging);
  }

  /** Removes what processes that died have left unfinished. */
  async sweep(clock: Clock): Promise<void> {
    for (const name of await listDirectory(this.#staging)) {
      const path = join(this.#staging, name);
      const leftover = await stat(path).catch(() => undefined);
      if (leftover !== undefined && clock.now() - leftover.mtimeMs > LEFTOVER_AGE_MS)
        await rm(path, { recursive: true, force: true });
    }
  }

  /**
   * Creates a directory with these files and sub-directories in one step. @returns false if it exists already. ENOENT
   * if its parent has gone.
   */
  async publish(
    target: string,
    files: Readonly<Record<string, Uint8Array>>,
    directories: readonly string[],
    beforeCommit: () => void,
  ): Promise<boolean> {
    const staged = this.#stagingPath();
    await mkdir(staged, { mode: PRIVATE_DIRECTORY });
    try {
      for (const name of directories) await mkdir(join(staged, name), { mode: PRIVATE_DIRECTORY });
      for (const [name, bytes] of Object.entries(files)) await writeNewFile(join(staged, name), bytes);
      await syncDirectory(staged);
      beforeCommit();
      await rename(staged, target);
      await syncDirectory(dirname(target));
      return true;
    } catch (error) {
      await rm(staged, { recursive: true, force: true });
      // POSIX says ENOTEMPTY or EEXIST, Windows EPERM.
      if (systemCode(error) !== 'ENOENT' && (await exists(target))) return false;
      throw error;
    }
  }

  /** Puts new content under an existing file's name in one step. ENOENT if its directory has gone. */
  async replaceFile(target: string, bytes: Uint8Array): Promise<void> {
    const staged = this.#stagingPath();
    try {
      await writeNewFile(staged, bytes);
      await rename(staged, target);
      await syncDirectory(dirname(target));
    } catch (error) {
      await rm(staged, { force: true });
      throw error;
    }
  }

  /** Removes a directory; it is out of sight in one step. @returns false if there is none. */
  async remove(target: string): Promise<boolean> {
    const doomed = this.#stagingPath();
    try {
      await rename(target, doomed);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return false;
      throw error;
    }
    await syncDirectory(dirname(target));
    await rm(doomed, { recursive: true, force: true });
    return true;
  }

  #stagingPath(): string {
    return join(this.#staging, Buffer.from(this.#random(16)).toString('hex'));
  }
}
