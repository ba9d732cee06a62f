import { WIN32_CODES, win32FromHresult } from '../driver/index.js';
import { u32In } from './frame.js';
import { OVERLAPPED } from './layouts.js';
import type { Native } from './native.js';

/** How an asynchronous operation ended. */
export interface Completion {
  readonly code: number;
  readonly transferred: number;
  /** The Offset pair: where what was read, or is missing, begins. */
  readonly offset: bigint;
  /** A copy of what was written into the buffer. */
  readonly bytes: Uint8Array;
}

/** An OVERLAPPED with the buffer of its operation behind it. */
export interface OperationBlock {
  readonly overlapped: bigint;
  /** Bytes that the system may write into the buffer. */
  readonly room: number;
  /** The answer is the buffer as a whole, whatever count of bytes is reported. */
  readonly whole: boolean;
}

/** STATUS_PENDING: what OVERLAPPED.Internal holds until the operation has ended. */
export const STATUS_PENDING = 259;

const { Internal, InternalHigh, Offset } = OVERLAPPED.fields;
const ERROR_MR_MID_NOT_FOUND = 317;
// An NTSTATUS that wraps a Win32 code differs from the HRESULT of it in one bit.
const NTSTATUS_BIT = 0x4000_0000;

/** The Win32 code that a status in OVERLAPPED.Internal stands for. One that was never changed says nothing. */
const codeOf = (status: number): number =>
  status === STATUS_PENDING
    ? WIN32_CODES.ERROR_SUCCESS
    : (win32FromHresult((status & ~NTSTATUS_BIT) >>> 0) ?? status);

/**
 * How the operation behind an OVERLAPPED ended, or `undefined` while the system still owns it.
 *
 * The pages disagree about a failed operation: one says that the function answers FALSE and the last error is the code,
 * the other that it answers TRUE as soon as the operation has ended. OVERLAPPED.Internal carries the code in both
 * cases, and has to change before the memory is ours again: a function that fails by itself proves nothing.
 */
export const completionOf = (native: Native, block: OperationBlock): Completion | undefined =>
  native.frame((frame) => {
    const reported = frame.reserve(4);
    const done = native.has('PeerDistGetOverlappedResult')
      ? native.plain('PeerDistGetOverlappedResult', block.overlapped, reported.address, 0)
      : native.plain('GetOverlappedResult', 0n, block.overlapped, reported.address, 0);
    const error = done === 0 ? native.lastError() : WIN32_CODES.ERROR_SUCCESS;
    if (error === WIN32_CODES.ERROR_IO_INCOMPLETE) return undefined;
    const copy = copyOf(native, block);
    const status = copy.getUint32(Internal.offset, true);
    if (status === STATUS_PENDING && done === 0) return undefined;
    // The last error of a status that stands for no Win32 code.
    const told = error !== WIN32_CODES.ERROR_SUCCESS && error !== ERROR_MR_MID_NOT_FOUND;
    const transferred = done === 0 ? copy.getUint32(InternalHigh.offset, true) : u32In(reported);
    return endedWith(native, block, { code: told ? error : codeOf(status), transferred }, copy);
  });

/** The end of an operation that is known from elsewhere, with what it has left in its block. */
export const endedWith = (
  native: Native,
  block: OperationBlock,
  end: Pick<Completion, 'code' | 'transferred'>,
  copy = copyOf(native, block),
): Completion => ({
  ...end,
  offset: copy.getBigUint64(Offset.offset, true),
  bytes: block.whole
    ? new Uint8Array(copy.buffer, OVERLAPPED.size)
    : native.memory.bytes(bufferOf(block), Math.min(end.transferred, block.room)),
});

/** Behind the OVERLAPPED. */
export const bufferOf = ({ overlapped }: Pick<OperationBlock, 'overlapped'>): bigint =>
  overlapped + BigInt(OVERLAPPED.size);

/** The OVERLAPPED, and a buffer that counts as a whole, in one piece: each copy is a call of its own. */
const copyOf = (native: Native, { overlapped, room, whole }: OperationBlock): DataView =>
  new DataView(native.memory.bytes(overlapped, OVERLAPPED.size + (whole ? room : 0)).buffer);
