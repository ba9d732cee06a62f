import { isError } from '../driver/errors.js';

/** The name of a system error, such as `ENOENT`; otherwise `undefined`. */
export const systemCode = (error: unknown): string | undefined =>
  isError(error) && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
