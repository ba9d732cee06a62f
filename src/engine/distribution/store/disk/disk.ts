import fs from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { FileVersion } from '../../../../driver/index.js';
import { makePrivateDirectory } from '../../../private-directory.js';
import { systemCode } from '../../../system-code.js';

/**
 * What the store needs of a file system, so that a test can make any single step fail. Missing files and directories
 * are answers, all other faults are the system's errors. Calls that answer at once are those the port promises to.
 */
export interface Disk {
  /** With its parents, for the owner only. */
  makeDirectory(path: string): Promise<void>;
  /** The names in a directory; none if it is missing. */
  list(path: string): Promise<readonly string[]>;
  listNow(path: string): readonly string[];
  /**
   * `false`: `to` is a directory that is not empty, or on Windows a directory could not be moved because somebody has a
   * file of it open. Files are replaced, on Windows by their bytes if they are open.
   */
  rename(from: string, to: string): Promise<boolean>;
  /** `false`: there was none. */
  removeFile(path: string): Promise<boolean>;
  removeEmptyDirectory(path: string): Promise<'removed' | 'not-empty' | 'missing'>;
  /** On Windows, what is open may stay until later. */
  removeTree(path: string): Promise<void>;
  /** Creates a file for the owner only. `false`: it exists already and was left alone. */
  create(path: string, bytes: Uint8Array): Promise<boolean>;
  /** Gives a file a second name. `false`: that cannot be done here, or not with these two names. */
  link(path: string, name: string): Promise<boolean>;
  /** Adds to the end of a file, which is made for the owner only if it is missing. */
  append(path: string, bytes: Uint8Array): Promise<void>;
  readWhole(path: string): Buffer | undefined;
  exists(path: string): boolean;
  /** Tells a file from another one that took its path; `undefined` if there is none. */
  identity(path: string): string | undefined;
  /** When a directory or file last changed, in milliseconds since 1970; `undefined` if there is none. */
  changedMs(path: string): number | undefined;
  /** When the bytes of a file last changed, or it was touched, in milliseconds since 1970. */
  modifiedMs(path: string): number | undefined;
  /** Makes now the time of a file's last change, if it is there. */
  touch(path: string): Promise<void>;
  /** Of a regular file, by its path or open; `undefined` if it is missing or of another kind. */
  version(file: string | number): FileVersion | undefined;
  /** Opens for reading and writing; `undefined` if it is missing. */
  open(path: string): number | undefined;
  /** Opens for reading, without waiting for whoever may write a pipe; `undefined` if it is missing. */
  openToRead(path: string): number | undefined;
  /** Creates a file for the owner only and opens it. */
  openNew(path: string): number;
  close(fd: number): void;
  readNow(fd: number, target: Uint8Array, position?: number): number;
  writeNow(fd: number, bytes: Uint8Array, position: number): void;
  /** Fewer bytes than asked mean the end of the file. */
  read(fd: number, target: Uint8Array, position: number): Promise<number>;
  /** All of the bytes of the pieces, one after the other. */
  write(fd: number, pieces: readonly Uint8Array[], position: number): Promise<void>;
}

/** Windows has no pipes among its files and no such flag: there it is 0. */
const READ = fs.constants.O_RDONLY | fs.constants.O_NONBLOCK;
const FILE_MODE = 0o600;

/** `instead` of one of these system errors; anything else stays thrown. */
const unless = <Instead>(error: unknown, codes: readonly string[], instead: Instead): Instead => {
  if (codes.includes(systemCode(error) ?? '')) return instead;
  throw error;
};

const MISSING = ['ENOENT', 'ENOTDIR'];
const IS_WINDOWS = process.platform === 'win32';
// What Windows answers where somebody has a file open, or a directory has files.
const IN_USE = IS_WINDOWS ? ['EPERM', 'EACCES', 'EBUSY'] : [];
/**
 * Another file system, one without second names, too many of them, or not for this user. Windows has them, but refuses to
 * replace a file by a rename while somebody has it open by any name.
 */
const NO_LINK = ['EXDEV', 'EPERM', 'EACCES', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'ENOENT', 'EEXIST'];
// POSIX lets a system choose between the first two.
const NOT_EMPTY = ['ENOTEMPTY', 'EEXIST', ...IN_USE];

/** The file system of this machine. */
export const nodeDisk: Disk = {
  makeDirectory: async (path) => {
    // At once for the reason that `create` has.
    makePrivateDirectory(path);
  },
  list: (path) => fs.promises.readdir(path).catch((error: unknown) => unless(error, MISSING, [])),
  listNow: (path) => {
    try {
      return fs.readdirSync(path);
    } catch (error) {
      return unless(error, MISSING, []);
    }
  },
  rename: (from, to) =>
    fs.promises.rename(from, to).then(
      () => true,
      (error: unknown) =>
        IN_USE.includes(systemCode(error) ?? '') && isFile(from)
          ? replaceBytes(from, to)
          : unless(error, NOT_EMPTY, false),
    ),
  removeFile: (path) =>
    fs.promises.unlink(path).then(
      () => true,
      (error: unknown) => unless(error, MISSING, false),
    ),
  removeEmptyDirectory: (path) =>
    fs.promises.rmdir(path).then(
      () => 'removed' as const,
      (error: unknown) => {
        const notEmpty = NOT_EMPTY.includes(systemCode(error) ?? '');
        return notEmpty ? ('not-empty' as const) : unless(error, MISSING, 'missing' as const);
      },
    ),
  removeTree: (path) =>
    fs.promises
      .rm(path, { recursive: true, force: true })
      .catch((error: unknown) => unless(error, IS_WINDOWS ? NOT_EMPTY : [], undefined)),
  // At once: a few kilobytes, for which three ways to the thread pool and back would cost more than writing them.
  create: async (path, bytes) => {
    try {
      fs.writeFileSync(path, bytes, { flag: 'wx', mode: FILE_MODE });
      return true;
    } catch (error) {
      return unless(error, ['EEXIST'], false);
    }
  },
  link: (path, name) =>
    IS_WINDOWS
      ? Promise.resolve(false)
      : fs.promises.link(path, name).then(
          () => true,
          (error: unknown) => unless(error, NO_LINK, false),
        ),
  append: (path, bytes) => fs.promises.appendFile(path, bytes, { mode: FILE_MODE }),
  readWhole: (path) => {
    try {
      return fs.readFileSync(path);
    } catch (error) {
      unless(error, MISSING, undefined);
      return;
    }
  },
  exists: (path) => fs.existsSync(path),
  identity: (path) => {
    const stat = fs.statSync(path, { throwIfNoEntry: false, bigint: true });
    return stat === undefined ? undefined : `${stat.dev}:${stat.ino}:${stat.ctimeNs}`;
  },
  changedMs: (path) => fs.statSync(path, { throwIfNoEntry: false })?.ctimeMs,
  modifiedMs: (path) => fs.statSync(path, { throwIfNoEntry: false })?.mtimeMs,
  touch: async (path) => {
    const now = new Date();
    await fs.promises.utimes(path, now, now).catch((error: unknown) => unless(error, MISSING, undefined));
  },
  version: (file) => {
    const stat =
      typeof file === 'number'
        ? fs.fstatSync(file, { bigint: true })
        : fs.statSync(file, { throwIfNoEntry: false, bigint: true });
    return stat?.isFile() === true
      ? {
          device: stat.dev,
          inode: stat.ino,
          size: stat.size,
          modifiedNs: stat.mtimeNs,
          changedNs: stat.ctimeNs,
        }
      : undefined;
  },
  open: (path) => openIfThere(path, 'r+'),
  openToRead: (path) => openIfThere(path, READ),
  openNew: (path) => fs.openSync(path, 'wx+', FILE_MODE),
  close: (fd) => fs.closeSync(fd),
  readNow: (fd, target, position = 0) => fs.readSync(fd, target, 0, target.length, position),
  writeNow: (fd, bytes, position) => {
    fs.writeSync(fd, bytes, 0, bytes.length, position);
  },
  read: (fd, target, position) =>
    new Promise((resolve, reject) => {
      fs.read(fd, target, 0, target.length, position, (error, count) =>
        error === null ? resolve(count) : reject(error),
      );
    }),
  write: async (fd, pieces, position) => {
    let [rest, at] = [pieces, position];
    while (rest.length > 0) {
      const written = await writeSome(fd, rest, at);
      rest = withoutFirst(rest, written);
      at += written;
    }
  },
};

const isFile = (path: string): boolean => fs.statSync(path, { throwIfNoEntry: false })?.isFile() === true;

/** Not at once, as a rename is: whoever reads meanwhile finds a broken record or block, which is checked for. */
const replaceBytes = async (from: string, to: string): Promise<true> => {
  await pipeline(fs.createReadStream(from), fs.createWriteStream(to, { flags: 'r+' }));
  await fs.promises.truncate(to, fs.statSync(from).size);
  await fs.promises.unlink(from);
  return true;
};

const openIfThere = (path: string, flags: string | number): number | undefined => {
  try {
    return fs.openSync(path, flags);
  } catch (error) {
    unless(error, MISSING, undefined);
    return;
  }
};

const writeSome = (fd: number, pieces: readonly Uint8Array[], position: number): Promise<number> =>
  new Promise((resolve, reject) => {
    fs.writev(fd, pieces, position, (error, count) => (error === null ? resolve(count) : reject(error)));
  });

/** What is left of the pieces after their first `count` bytes. */
const withoutFirst = (pieces: readonly Uint8Array[], count: number): readonly Uint8Array[] => {
  let left = count;
  const index = pieces.findIndex((piece) => {
    if (left < piece.length) return true;
    left -= piece.length;
    return false;
  });
  const [first, ...others] = index === -1 ? [] : pieces.slice(index);
  return first === undefined ? [] : [first.subarray(left), ...others];
};
