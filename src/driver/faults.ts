import {
  HRESULT_CODES,
  hresultFromWin32,
  hresultSymbol,
  WIN32_CODES,
  win32Symbol,
  type HresultSymbol,
  type Win32Symbol,
} from './error-codes.js';
import { DriverFault } from './fault.js';

interface Why {
  readonly reason?: string | undefined;
  readonly cause?: unknown;
}

const isHresultSymbol = (symbol: HresultSymbol | Win32Symbol): symbol is HresultSymbol =>
  symbol in HRESULT_CODES;

/** A fault as the grouping and identity families answer it; a Win32 symbol is wrapped by HRESULT_FROM_WIN32. */
export const hresultFault = (
  operation: string,
  symbol: HresultSymbol | Win32Symbol,
  why: Why = {},
): DriverFault =>
  new DriverFault({
    space: 'hresult',
    number: isHresultSymbol(symbol) ? HRESULT_CODES[symbol] : hresultFromWin32(WIN32_CODES[symbol]),
    symbol,
    operation,
    ...why,
  });

/** A fault as the distribution family answers it. */
export const win32Fault = (operation: string, symbol: Win32Symbol, why: Why = {}): DriverFault =>
  new DriverFault({ space: 'win32', number: WIN32_CODES[symbol], symbol, operation, ...why });

/** A fault from a number that a system gave back, known or not. */
export const faultFromNumber = (
  space: 'hresult' | 'win32',
  operation: string,
  number: number,
  why: Why = {},
): DriverFault => {
  const unsigned = number >>> 0;
  const symbol = space === 'hresult' ? hresultSymbol(unsigned) : win32Symbol(unsigned);
  return new DriverFault({ space, number: unsigned, symbol, operation, ...why });
};

/** What a driver answers for a member of the grouping or identity family that it lacks. */
export const unsupportedGrouping = (operation: string, reason: string): DriverFault =>
  hresultFault(operation, 'E_NOTIMPL', { reason });

/** What a driver answers for a member of the distribution family that it lacks. */
export const unsupportedDistribution = (operation: string, reason: string): DriverFault =>
  win32Fault(operation, 'ERROR_NOT_SUPPORTED', { reason });

/** The answer to a call that its AbortSignal ended. */
export const abortedGrouping = (operation: string): DriverFault =>
  hresultFault(operation, 'ERROR_OPERATION_ABORTED');

/** The answer to a call that its AbortSignal, a cancel or a close ended. */
export const abortedDistribution = (operation: string): DriverFault =>
  win32Fault(operation, 'ERROR_OPERATION_ABORTED');
