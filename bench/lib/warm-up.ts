import { closeSync, openSync, rmSync, writeSync } from 'node:fs';

const MIB = 2 ** 20;

/**
 * Fills as much of the page cache as the job will and gives it back. On a virtual machine memory that was never used, or
 * not lately, has to be fetched from the host first, which costs more than all the work measured here.
 */
export const warmUp = (path: string, bytes: number): void => {
  const fd = openSync(path, 'w');
  const chunk = Buffer.alloc(MIB);
  for (let written = 0; written < bytes; written += MIB) writeSync(fd, chunk);
  closeSync(fd);
  rmSync(path);
};
