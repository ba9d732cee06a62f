import {
  abortedDistribution,
  abortedGrouping,
  faultFromNumber,
  hresultFromWin32,
  hresultFault,
  isDriverFault,
  unsupportedDistribution,
  unsupportedGrouping,
  WIN32_CODES,
  win32Fault,
  type DriverFault,
  type FaultSpace,
  type HresultSymbol,
  type Win32Symbol,
} from '../driver/index.js';
import { BadValue } from './check.js';
import { MissingExport, MissingKoffi, MissingLibrary } from './ffi.js';
import { messageOf } from '../driver/errors.js';

/** A native function answered this number, which is none of its successes. */
export class NativeFailure extends Error {
  constructor(
    readonly number: number,
    readonly functionName: string,
  ) {
    super(`${functionName} answered 0x${number.toString(16)}`);
  }
}

/** The driver itself refuses, with a code of the system. */
export class Refusal extends Error {
  constructor(
    readonly symbol: HresultSymbol | Win32Symbol,
    reason: string,
  ) {
    super(reason);
  }
}

/** The driver cannot do this on this platform at all. */
export class Unsupported extends Error {}

/** The AbortSignal of a call ended it. */
export class Aborted extends Error {}

const USE_ENGINE = 'the embedded engine (peerweave/engine) works here';

/** The fault that a member of the contract rejects with, whatever went wrong below it. */
export const faultFrom = (space: FaultSpace, operation: string, error: unknown): DriverFault => {
  if (isDriverFault(error)) return error;
  const coded = (
    symbol: HresultSymbol | Win32Symbol,
    why: { reason: string; cause?: unknown },
  ): DriverFault =>
    space === 'win32' && isWin32Symbol(symbol)
      ? win32Fault(operation, symbol, why)
      : hresultFault(operation, symbol, why);
  const unsupported = space === 'hresult' ? unsupportedGrouping : unsupportedDistribution;

  if (error instanceof Aborted)
    return space === 'hresult' ? abortedGrouping(operation) : abortedDistribution(operation);
  if (error instanceof NativeFailure) {
    const number =
      space === 'hresult' && isWin32(error.number) ? hresultFromWin32(error.number) : error.number;
    return faultFromNumber(space, operation, number, { reason: error.message, cause: error });
  }
  if (error instanceof BadValue) {
    return coded(space === 'hresult' ? 'E_INVALIDARG' : 'ERROR_INVALID_PARAMETER', {
      reason: error.message,
      cause: error,
    });
  }
  if (error instanceof Refusal) return coded(error.symbol, { reason: error.message, cause: error });
  if (error instanceof Unsupported) return unsupported(operation, error.message);
  if (error instanceof MissingExport) {
    return unsupported(operation, `${error.message}: this Windows version is too old for it`);
  }
  if (error instanceof MissingLibrary) {
    const reason = `${error.message}: this Windows edition does not have it, or it is for another processor; ${USE_ENGINE}`;
    return coded('ERROR_MOD_NOT_FOUND', { reason, cause: error });
  }
  if (error instanceof MissingKoffi) {
    const reason = `${error.message}: install koffi 3.3 with its binary for this platform; ${USE_ENGINE}`;
    return coded('ERROR_MOD_NOT_FOUND', { reason, cause: error });
  }
  return faultFromNumber(space, operation, space === 'hresult' ? E_UNEXPECTED : ERROR_GEN_FAILURE, {
    reason: messageOf(error),
    cause: error,
  });
};

/** A last error among HRESULTs: these are negative, and CryptoAPI leaves both kinds. */
const isWin32 = (number: number): boolean => number <= 0xffff;

const isWin32Symbol = (symbol: string): symbol is Win32Symbol => symbol in WIN32_CODES;

const E_UNEXPECTED = 0x8000_ffff;
const ERROR_GEN_FAILURE = 31;
