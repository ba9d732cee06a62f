import { WIN32_CODES } from '../driver/index.js';
import { Aborted, NativeFailure } from './failure.js';
import type { Completion } from './completion.js';

/** The most one call reads, whatever it is asked for: the buffer is allocated before anything is known to be there. */
export const MAX_BUFFER = 4 * 1024 * 1024;

/** @throws NativeFailure unless the operation ended well */
export const succeeded = (name: string, { code }: Completion): void => {
  if (code !== WIN32_CODES.ERROR_SUCCESS) throw new NativeFailure(code, name);
};

/** For calls that are over as soon as they have begun. */
export const throwIfAborted = (signal: AbortSignal | undefined): void => {
  if (signal?.aborted === true) throw new Aborted();
};
