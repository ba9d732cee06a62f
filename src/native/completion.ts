import { WIN32_CODES, win32FromHresult } from '../driver/index.js';
import { u32In } from './frame.js';
import { OVERLAPPED } from './layouts.js';
import type { Native } from './native.js';

/** How an asynchronous operation ended. */
export interface Completion {
  readonly code: number;
  readonly transferred: number;
}

/** STATUS_PENDING: what OVERLAPPED.Internal holds until the operation has ended. */
export const STATUS_PENDING = 259;

const { Internal, InternalHigh } = OVERLAPPED.fields;
const ERROR_MR_MID_NOT_FOUND = 317;
// An NTSTATUS that wraps a Win32 code differs from the HRESULT of it in one bit.
const NTSTATUS_BIT = 0x4000_0000;

/** The Win32 code that a status in OVERLAPPED.Internal stands for. */
const codeOf = (status: number): number => win32FromHresult((status & ~NTSTATUS_BIT) >>> 0) ?? status;

/**
 * How the operation behind an OVERLAPPED ended, or `undefined` while the system still owns it.
 *
 * The pages disagree about a failed operation: one says that the function answers FALSE and the last error is the code,
 * the other that it answers TRUE as soon as the operation has ended. OVERLAPPED.Internal carries the code in both
 * cases, and has to change before the memory is ours again: a function that fails by itself proves nothing.
 */
export const completionOf = (native: Native, overlapped: bigint): Completion | undefined =>
  native.frame((frame) => {
    const transferred = frame.reserve(4);
    const done = native.has('PeerDistGetOverlappedResult')
      ? native.plain('PeerDistGetOverlappedResult', overlapped, transferred.address, 0)
      : native.plain('GetOverlappedResult', 0n, overlapped, transferred.address, 0);
    const error = done === 0 ? native.lastError() : WIN32_CODES.ERROR_SUCCESS;
    if (error === WIN32_CODES.ERROR_IO_INCOMPLETE) return undefined;
    const view = new DataView(native.memory.bytes(overlapped, OVERLAPPED.size).buffer);
    const status = view.getUint32(Internal.offset, true);
    if (status === STATUS_PENDING) {
      return done === 0 ? undefined : { code: WIN32_CODES.ERROR_SUCCESS, transferred: u32In(transferred) };
    }
    // The last error of a status that stands for no Win32 code.
    const told = error !== WIN32_CODES.ERROR_SUCCESS && error !== ERROR_MR_MID_NOT_FOUND;
    return {
      code: told ? error : codeOf(status),
      transferred: done === 0 ? view.getUint32(InternalHigh.offset, true) : u32In(transferred),
    };
  });
