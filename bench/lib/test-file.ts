import { createCipheriv } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';

const MIB = 2 ** 20;

/** A file whose segments all differ. */
export const writeTestFile = (path: string, mib: number): void => {
  const stream = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16));
  const zeros = Buffer.alloc(MIB);
  const fd = openSync(path, 'w');
  for (let written = 0; written < mib; written += 1) writeSync(fd, stream.update(zeros));
  closeSync(fd);
};
