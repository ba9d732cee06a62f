import {
  hresultFault,
  isDriverFault,
  type CallOptions,
  type DriverFault,
  type HresultSymbol,
  type Win32Symbol,
} from '../../driver/index.js';
import { systemCode } from '../system-code.js';
import { messageOf } from '../../driver/errors.js';

/** Why the engine will not do something. It becomes a fault that names the operation. */
export class Refusal extends Error {
  readonly symbol: HresultSymbol | Win32Symbol;
  readonly advice: string | undefined;

  /** @param advice what to do, as sentences, where what is said of the symbol in general does not hold here. */
  constructor(symbol: HresultSymbol | Win32Symbol, reason: string, cause?: unknown, advice?: string) {
    super(reason, { cause });
    this.name = 'Refusal';
    this.symbol = symbol;
    this.advice = advice;
  }
}

const SYSTEM_SYMBOLS: Readonly<Record<string, HresultSymbol | Win32Symbol>> = {
  ENOSPC: 'PEER_E_DISK_FULL',
  EDQUOT: 'PEER_E_DISK_FULL',
  EACCES: 'ERROR_ACCESS_DENIED',
  EPERM: 'ERROR_ACCESS_DENIED',
  EROFS: 'ERROR_WRITE_PROTECT',
  ENOTDIR: 'ERROR_FILE_NOT_FOUND',
  ENOMEM: 'E_OUTOFMEMORY',
};

/** What Windows advises then is about its services. */
const UNEXPECTED = 'The cause says where it comes from; if that is this package, report it as a bug.';

/** The fault that an operation rejects with, whatever went wrong in it. */
export const toFault = (operation: string, error: unknown): DriverFault => {
  if (isDriverFault(error)) return error;
  if (error instanceof Refusal)
    return hresultFault(operation, error.symbol, {
      reason: error.message,
      advice: error.advice,
      cause: error.cause,
    });
  const symbol = SYSTEM_SYMBOLS[systemCode(error) ?? ''];
  return hresultFault(operation, symbol ?? 'E_UNEXPECTED', {
    reason: messageOf(error),
    advice: symbol === undefined ? UNEXPECTED : undefined,
    cause: error,
  });
};

/** Throws when the caller has given up; asked once more right before something becomes visible to others. */
export const stopIfAborted = (call: CallOptions | undefined): void => {
  if (call?.signal?.aborted === true)
    throw new Refusal('ERROR_OPERATION_ABORTED', 'the caller gave up waiting');
};
