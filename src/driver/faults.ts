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
  readonly advice?: string | undefined;
  readonly cause?: unknown;
}

const isHresultSymbol = (symbol: HresultSymbol | Win32Symbol): symbol is HresultSymbol =>
  symbol in HRESULT_CODES;

/**
 * A fault as the grouping and identity families answer it; a Win32 symbol is wrapped by HRESULT_FROM_WIN32.
 *
 * Use this and its neighbours in a driver of your own: a driver rejects with nothing else. Source: winerror.h.
 *
 * @example
 * ```ts
 * import { faultFromNumber, hresultFault, isDriverFault, unsupportedDistribution, win32Fault } from 'peerweave/effects';
 *
 * const faults = [
 *   hresultFault('grouping.open', 'PEER_E_NOT_FOUND', { reason: 'no such group' }),
 *   win32Fault('distribution.streamRead', 'ERROR_TIMEOUT'),
 *   faultFromNumber('hresult', 'grouping.connect', 0x80630109),
 *   unsupportedDistribution('distribution.setEnabled', 'that is for the administrator'),
 * ];
 * console.log(faults.map(({ message }) => message), faults.every(isDriverFault));
 * ```
 */
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

/** A fault as the distribution family answers it. See {@link hresultFault} for an example. */
export const win32Fault = (operation: string, symbol: Win32Symbol, why: Why = {}): DriverFault =>
  new DriverFault({ space: 'win32', number: WIN32_CODES[symbol], symbol, operation, ...why });

/** A fault from a number that a system gave back, known or not. See {@link hresultFault} for an example. */
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

/**
 * What a driver answers for a member of the grouping or identity family that it lacks; see {@link
 * unsupportedDistribution}.
 */
export const unsupportedGrouping = (operation: string, reason: string): DriverFault =>
  hresultFault(operation, 'E_NOTIMPL', { reason });

/**
 * What a driver answers for a member of the distribution family that it lacks. See {@link hresultFault} for an example.
 */
export const unsupportedDistribution = (operation: string, reason: string): DriverFault =>
  win32Fault(operation, 'ERROR_NOT_SUPPORTED', { reason });

/** The answer of the grouping and identity families to a call that its AbortSignal ended; see {@link hresultFault}. */
export const abortedGrouping = (operation: string): DriverFault =>
  hresultFault(operation, 'ERROR_OPERATION_ABORTED');

/**
 * The answer of the distribution family to a call that its AbortSignal, a cancel or a close ended; see {@link
 * hresultFault}.
 */
export const abortedDistribution = (operation: string): DriverFault =>
  win32Fault(operation, 'ERROR_OPERATION_ABORTED');
