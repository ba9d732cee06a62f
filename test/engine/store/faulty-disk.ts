import { nodeDisk, type Disk } from '../../../src/engine/distribution/store/disk/disk.js';

/** A disk on which one operation fails. */
export interface FaultyDisk {
  readonly disk: Disk;
  /** How many operations there were. */
  operations(): number;
  /** How many files are open. */
  openFiles(): number;
  /** Lets the operation after `count` more fail. */
  failAfter(count: number, error: Error): void;
  /** From here on nothing fails. @returns whether anything has. */
  heal(): boolean;
}

export const systemError = (code: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`${code}: made up`), { code, errno: -1, syscall: 'write' });

export const faultyDisk = (): FaultyDisk => {
  let operations = 0;
  let openFiles = 0;
  let failAt = Infinity;
  let failure = new Error('none');
  const step = <Arguments extends unknown[], Result>(
    operation: (...args: Arguments) => Result,
    fail: (error: Error) => Result,
  ): ((...args: Arguments) => Result) => {
    return (...args) => {
      operations += 1;
      return operations === failAt ? fail(failure) : operation(...args);
    };
  };
  const now = <Arguments extends unknown[], Result>(operation: (...args: Arguments) => Result) =>
    step(operation, (error) => {
      throw error;
    });
  const later = <Arguments extends unknown[], Result>(operation: (...args: Arguments) => Promise<Result>) =>
    step(operation, (error) => Promise.reject<Result>(error));
  const opened = <Fd extends number | undefined>(fd: Fd): Fd => {
    if (fd !== undefined) openFiles += 1;
    return fd;
  };
  const disk: Disk = {
    makeDirectory: later(nodeDisk.makeDirectory),
    list: later(nodeDisk.list),
    listNow: now(nodeDisk.listNow),
    rename: later(nodeDisk.rename),
    removeFile: later(nodeDisk.removeFile),
    removeEmptyDirectory: later(nodeDisk.removeEmptyDirectory),
    removeTree: later(nodeDisk.removeTree),
    create: later(nodeDisk.create),
    link: later(nodeDisk.link),
    append: later(nodeDisk.append),
    readWhole: now(nodeDisk.readWhole),
    exists: nodeDisk.exists,
    identity: now(nodeDisk.identity),
    changedMs: now(nodeDisk.changedMs),
    modifiedMs: now(nodeDisk.modifiedMs),
    touch: later(nodeDisk.touch),
    version: now(nodeDisk.version),
    open: now((path) => opened(nodeDisk.open(path))),
    openToRead: now((path) => opened(nodeDisk.openToRead(path))),
    openNew: now((path) => opened(nodeDisk.openNew(path))),
    close: (fd) => {
      openFiles -= 1;
      nodeDisk.close(fd);
    },
    readNow: now(nodeDisk.readNow),
    writeNow: now(nodeDisk.writeNow),
    read: later(nodeDisk.read),
    write: later(nodeDisk.write),
  };
  return {
    disk,
    operations: () => operations,
    openFiles: () => openFiles,
    failAfter: (count, error) => {
      failAt = operations + count + 1;
      failure = error;
    },
    heal: () => {
      const hasFailed = operations >= failAt;
      failAt = Infinity;
      return hasFailed;
    },
  };
};
