import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemCode } from './system-code.js';

const OWNER_ONLY = 0o700;

/**
 * Makes a directory and its parents, for the owner only, unless they are there. Step by step: the recursive mkdir of Node
 * says ENOENT whatever keeps it from making a parent, a read-only file system for instance.
 *
 * @throws the system's error.
 */
export const makePrivateDirectory = (path: string): void => {
  if (makeOne(path)) return;
  const parent = dirname(path);
  if (isDirectory(parent) === false) throw notADirectory(path);
  if (parent !== path) makePrivateDirectory(parent);
  mkdirUnlessThere(path);
};

/** `false`: a parent is missing. */
const makeOne = (path: string): boolean => {
  try {
    mkdirUnlessThere(path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
};

const mkdirUnlessThere = (path: string): void => {
  try {
    mkdirSync(path, { mode: OWNER_ONLY });
  } catch (error) {
    if (isDirectory(path) !== true) throw error;
  }
};

/** `undefined`: there is nothing. */
const isDirectory = (path: string): boolean | undefined =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory();

/** Windows says in this case, too, that something is missing. */
const notADirectory = (path: string): Error =>
  Object.assign(new Error(`ENOTDIR: not a directory, mkdir '${path}'`), {
    code: 'ENOTDIR',
    syscall: 'mkdir',
    path,
  });
