import { stat } from 'node:fs/promises';
import { badArgument } from './error/index.js';

/** A rename would put the file in the place of a device, and refuse a directory only once everything is fetched. */
export const refuseUnlessFile = async (target: string, operation: string): Promise<void> => {
  const found = await stat(target).catch(() => undefined);
  if (found === undefined || found.isFile()) return;
  const what = found.isDirectory() ? 'a directory' : 'a device or pipe';
  throw badArgument([{ path: 'to', code: 'type', message: `is ${what}; name a file` }], operation);
};
