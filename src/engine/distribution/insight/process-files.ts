import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makePrivateDirectory } from '../../private-directory.js';
import { isOwnerAlive } from '../store/process-owner.js';
import { decodeProcessRecord, encodeProcessRecord, type ProcessRecord } from './process-record.js';

/** How many processes that are no more are remembered. */
export const MOST_PROCESSES = 256;

const EXTENSION = '.json';
const UNFINISHED = '.part';

/** Where the records of all processes with a data directory lie. */
export const insightDirectory = (dataDir: string): string => join(dataDir, 'insight');

/**
 * Puts a process's record in the place of its last one, as a whole or not at all: for the owner only, as names of
 * content are in it. Each process has a file of its own, so none waits for another.
 */
export const writeProcessRecord = async (directory: string, record: ProcessRecord): Promise<void> => {
  const path = join(directory, `${record.process}${EXTENSION}`);
  const prepared = `${path}${UNFINISHED}`;
  makePrivateDirectory(directory);
  const file = await open(prepared, 'w', 0o600);
  try {
    await file.writeFile(encodeProcessRecord(record));
  } finally {
    await file.close();
  }
  await rename(prepared, path);
};

/** The records of all processes, the one that began first at the start; what is damaged is left out. */
export const readProcessRecords = async (directory: string): Promise<readonly ProcessRecord[]> => {
  const records = await Promise.all(
    (await namesIn(directory))
      .filter((name) => name.endsWith(EXTENSION))
      .map((name) => readFile(join(directory, name)).then(decodeProcessRecord, () => undefined)),
  );
  return records
    .filter((record) => record !== undefined)
    .sort((one, other) => one.startedAt - other.startedAt);
};

/** Whether the process of a record still runs. */
export const isRunning = ({ process }: ProcessRecord): boolean => isOwnerAlive(process);

/** Removes what dead processes left unfinished, and the oldest records of dead processes if there are too many. */
export const pruneProcessRecords = async (directory: string): Promise<void> => {
  const files = await Promise.all(
    (await namesIn(directory)).map(async (name) => {
      const path = join(directory, name);
      const isDead = !isOwnerAlive(name.slice(0, name.indexOf('.')));
      return { path, isDead, isWhole: name.endsWith(EXTENSION), writtenAt: (await stat(path)).mtimeMs };
    }),
  );
  const dead = files.filter(({ isDead }) => isDead);
  const whole = dead.filter(({ isWhole }) => isWhole).sort((one, other) => other.writtenAt - one.writtenAt);
  const excess = [...dead.filter(({ isWhole }) => !isWhole), ...whole.slice(MOST_PROCESSES)];
  await Promise.all(excess.map(({ path }) => rm(path, { force: true })));
};

const namesIn = async (directory: string): Promise<readonly string[]> => {
  try {
    return await readdir(directory);
  } catch {
    // Nothing was ever recorded, or nothing that this user may read.
    return [];
  }
};
