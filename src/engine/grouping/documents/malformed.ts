import type { HresultSymbol } from '../../../driver/index.js';
import { Refusal } from '../refusal.js';

/** A document or certificate from outside is not what it should be. What that means depends on who asked for it. */
export class Malformed extends Error {
  constructor(reason: string, cause?: unknown) {
    super(reason, { cause });
    this.name = 'Malformed';
  }
}

/** Runs a parser and refuses with `symbol` what it finds malformed. */
export const refuseMalformed = async <Result>(
  symbol: HresultSymbol,
  what: string,
  read: () => Promise<Result> | Result,
  advice?: string,
): Promise<Result> => {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Malformed)
      throw new Refusal(symbol, `${what}: ${error.message}`, error.cause, advice);
    throw error;
  }
};
