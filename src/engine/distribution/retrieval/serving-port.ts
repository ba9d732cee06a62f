import { systemCode } from '../../system-code.js';

/** Where peers that are told no port ask. MS-PCCRR 2.1. */
export const STANDARD_PORT = 80;

/** Why a program may not have a port that another one could. */
const REFUSALS: readonly (string | undefined)[] = ['EACCES', 'EPERM', 'EADDRINUSE'];

/**
 * Starts at `port`; left out, at the standard one, or any free one where that is taken or not allowed. Where a free one may
 * be taken, that is the one of `before` if it can be had: who was told of it asks there.
 */
export const startServing = async <Result>(
  start: (port: number) => Promise<Result>,
  port: number | undefined,
  before: number | undefined,
): Promise<Result> => {
  const candidates = port === undefined ? [STANDARD_PORT] : [];
  if (!port && before !== undefined) candidates.unshift(before);
  for (const candidate of candidates) {
    try {
      return await start(candidate);
    } catch (error) {
      if (!REFUSALS.includes(systemCode(error))) throw error;
    }
  }
  return start(port ?? 0);
};
