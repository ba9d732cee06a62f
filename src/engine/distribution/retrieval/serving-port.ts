import { systemCode } from '../../system-code.js';

/** Where peers that are told no port ask. MS-PCCRR 2.1. */
export const STANDARD_PORT = 80;

/** Why a program may not have a port that another one could. */
const REFUSALS: readonly (string | undefined)[] = ['EACCES', 'EPERM', 'EADDRINUSE'];

/** Tries the standard port, and takes any free one where that is taken or not allowed. */
export const startAtStandardPort = async <Result>(
  start: (port: number) => Promise<Result>,
): Promise<Result> => {
  try {
    return await start(STANDARD_PORT);
  } catch (error) {
    if (!REFUSALS.includes(systemCode(error))) throw error;
    return start(0);
  }
};
