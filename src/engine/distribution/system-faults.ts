import { faultFromNumber, isDriverFault, win32Fault, type DriverFault } from '../../driver/index.js';
import type { Win32Symbol } from '../../driver/index.js';
import { systemCode } from '../system-code.js';
import { StoreFailure, type StoreFailureCode } from './store/index.js';
import { ContentInformationError } from './wire/index.js';
import { messageOf } from '../../driver/errors.js';

/** The code of what the operating system refused; a bare number where the tables of the API have no name for it. */
const SYSTEM_CODES: Readonly<Record<string, Win32Symbol | number>> = {
  ENOSPC: 'ERROR_DISK_FULL',
  EDQUOT: 'ERROR_DISK_FULL',
  MDB_MAP_FULL: 'ERROR_DISK_FULL',
  EROFS: 'ERROR_WRITE_PROTECT',
  EACCES: 'ERROR_ACCESS_DENIED',
  EPERM: 'ERROR_ACCESS_DENIED',
  ENOENT: 'ERROR_FILE_NOT_FOUND',
  ENOTDIR: 'ERROR_FILE_NOT_FOUND',
  ENOMEM: 'ERROR_NOT_ENOUGH_MEMORY',
  EMFILE: 4, // ERROR_TOO_MANY_OPEN_FILES
  ENFILE: 4,
  EIO: 1117, // ERROR_IO_DEVICE
};
const ERROR_GEN_FAILURE = 31;

const STORE_SYMBOLS: Readonly<Record<StoreFailureCode, Win32Symbol>> = {
  ALREADY_EXISTS: 'PEERDIST_ERROR_ALREADY_EXISTS',
  LENGTH_MISMATCH: 'ERROR_INVALID_PARAMETER',
  SOURCE_CHANGED: 'ERROR_INVALID_DATA',
  NO_FILE: 'ERROR_FILE_NOT_FOUND',
  GONE: 'ERROR_NOT_FOUND',
  CLOSED: 'PEERDIST_ERROR_INVALIDATED',
};

/** The only thing the distribution family rejects with, made of whatever failed inside; the cause is kept. */
export const toFault = (operation: string, error: unknown): DriverFault => {
  if (isDriverFault(error)) return error;
  const why = { reason: messageOf(error), cause: error };
  if (error instanceof ContentInformationError) {
    const unsupported = error.code === 'version-unsupported';
    return win32Fault(
      operation,
      unsupported
        ? 'PEERDIST_ERROR_CONTENTINFO_VERSION_UNSUPPORTED'
        : 'PEERDIST_ERROR_CANNOT_PARSE_CONTENTINFO',
      why,
    );
  }
  if (error instanceof StoreFailure) return win32Fault(operation, STORE_SYMBOLS[error.code], why);
  const code = SYSTEM_CODES[systemCode(error) ?? ''] ?? ERROR_GEN_FAILURE;
  return typeof code === 'number'
    ? faultFromNumber('win32', operation, code, why)
    : win32Fault(operation, code, why);
};
