import {
  abortedDistribution,
  abortedGrouping,
  faultFromNumber,
  hresultFault,
  WIN32_CODES,
  win32Fault,
  type DistributionDriver,
  type DriverFault,
  type EnumerationDriver,
  type GroupingDriver,
  type HresultSymbol,
  type IdentityDriver,
  type Win32Symbol,
} from '../driver/index.js';

type MethodsOf<Family> = {
  [Name in keyof Family]: Family[Name] extends (...args: never[]) => Promise<unknown> ? Name : never;
}[keyof Family] &
  string;

/** Every promise-returning member of the contract, as faults and the call log name it. */
export type OperationName =
  | `grouping.${MethodsOf<GroupingDriver>}`
  | `identity.${MethodsOf<IdentityDriver>}`
  | `enumeration.${MethodsOf<EnumerationDriver>}`
  | `distribution.${MethodsOf<DistributionDriver>}`;

/** A code by its header name, or a bare number for codes that no header names. */
export type FaultCode = HresultSymbol | Win32Symbol | number;

const isDistribution = (operation: OperationName): boolean => operation.startsWith('distribution.');

const isWin32Symbol = (symbol: string): symbol is Win32Symbol => symbol in WIN32_CODES;

/** The fault with which `operation` would answer `code`: a HRESULT, or a Win32 code in the distribution family. */
export const faultOf = (operation: OperationName, code: FaultCode, reason?: string): DriverFault => {
  if (typeof code === 'number')
    return faultFromNumber(isDistribution(operation) ? 'win32' : 'hresult', operation, code, { reason });
  if (!isDistribution(operation)) return hresultFault(operation, code, { reason });
  if (isWin32Symbol(code)) return win32Fault(operation, code, { reason });
  throw new TypeError(`${code} is a HRESULT; ${operation} answers Win32 codes`);
};

/** The answer of `operation` when its AbortSignal, a cancel or a close ended it. */
export const abortedOf = (operation: OperationName): DriverFault =>
  isDistribution(operation) ? abortedDistribution(operation) : abortedGrouping(operation);
