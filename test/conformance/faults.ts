import { expect } from 'vitest';
import {
  isDriverFault,
  type DriverFault,
  type HresultSymbol,
  type Win32Symbol,
} from '../../src/driver/index.js';

/** The fault with which a call is answered; anything else that it answers fails the test. */
export const faultFrom = async (call: Promise<unknown>): Promise<DriverFault> => {
  const answer = await call.then(
    (value: unknown) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if (!('error' in answer)) expect.fail(`expected a fault, got ${String(answer.value)}`);
  const { error } = answer;
  if (!isDriverFault(error)) expect.fail(`expected a DriverFault, got ${String(error)}`);
  return error;
};

/** Where the documents leave room, several symbols are right. */
export const expectFault = async (
  call: Promise<unknown>,
  ...symbols: readonly (HresultSymbol | Win32Symbol)[]
): Promise<void> => {
  const { symbol, message } = await faultFrom(call);
  expect(symbols, message).toContain(symbol);
};

/** What a driver answers for a member that it lacks. */
export const expectUnsupported = async (call: Promise<unknown>): Promise<void> => {
  const fault = await faultFrom(call);
  expect(['E_NOTIMPL', 'ERROR_NOT_SUPPORTED'], fault.message).toContain(fault.symbol);
  expect(fault.reason).toMatch(/\w+ \w+/);
};

export const aborted = (): AbortSignal => AbortSignal.abort();
