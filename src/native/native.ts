import { BadValue } from './check.js';
import type { ArgumentsOf, FunctionName } from './bindings.js';
import { NativeFailure } from './failure.js';
import type { Ffi } from './ffi.js';
import { Frame, u32In } from './frame.js';
import { Gate } from './gate.js';
import { Libraries, type LibraryPaths } from './libraries.js';
import { Memory } from './memory.js';

const CRYPTPROTECTMEMORY_SAME_PROCESS = 0;

// libuv has four threads: one is the pump's, two may hold slow calls, one stays for everybody else.
const SLOW_CALLS = 2;

/** The native side as this driver sees it: checked calls, their memory and what their results mean. */
export class Native {
  readonly memory: Memory;
  readonly #ffi: Ffi;
  readonly #libraries: Libraries;
  readonly #slow = new Gate(SLOW_CALLS);
  readonly #scratch: Frame;
  #scratchInUse = false;

  constructor(ffi: Ffi, paths: LibraryPaths) {
    this.#ffi = ffi;
    this.#libraries = new Libraries(ffi, paths);
    this.#scratch = new Frame(ffi);
    this.memory = new Memory({
      copyFrom: (address, destination) => {
        this.#libraries.call(
          'RtlMoveMemory',
          ffi.addressOf(destination),
          address,
          BigInt(destination.length),
        );
      },
      readText: (address) => ffi.readText(address),
      readNarrowText: (address) => ffi.readNarrowText(address),
    });
  }

  /** Lends the memory of synchronous calls to `use`. */
  frame<Result>(use: (frame: Frame) => Result): Result {
    const frame = this.#scratchInUse ? new Frame(this.#ffi) : this.#scratch;
    const outer = this.#scratchInUse;
    this.#scratchInUse = true;
    try {
      return use(frame);
    } finally {
      frame.release();
      this.#scratchInUse = outer;
    }
  }

  /** Lends the memory of a slow call to `use`. */
  async frameOnThread<Result>(use: (frame: Frame) => Promise<Result>): Promise<Result> {
    const frame = new Frame(this.#ffi);
    try {
      return await use(frame);
    } finally {
      frame.release();
    }
  }

  /** Whether the library has this function. @throws MissingLibrary */
  has(name: FunctionName): boolean {
    return this.#libraries.has(name);
  }

  /** Calls a function that answers an HRESULT. Positive ones are successes. @throws NativeFailure */
  hresult<Name extends FunctionName>(name: Name, ...values: ArgumentsOf<Name>): number {
    return succeeded(name, this.#libraries.call(name, ...values));
  }

  /**
   * {@link hresult} for a function that may take long. Secrets of its frame are encrypted while it waits for its turn.
   */
  async slowHresult<Name extends FunctionName>(
    frame: Frame,
    name: Name,
    ...values: ArgumentsOf<Name>
  ): Promise<number> {
    const held = frame.secrets.length > 0 && this.#protect(frame);
    return this.#slow.run(async () => {
      if (held) this.#unprotect(frame);
      return succeeded(name, await this.#libraries.callOnThread(name, ...values));
    });
  }

  /** Calls a function that answers a Win32 code, whatever that is. */
  code<Name extends FunctionName>(name: Name, ...values: ArgumentsOf<Name>): number {
    return numberFrom(name, this.#libraries.call(name, ...values)) >>> 0;
  }

  /** Calls a function that answers a Win32 code. @throws NativeFailure for any but ERROR_SUCCESS */
  win32<Name extends FunctionName>(name: Name, ...values: ArgumentsOf<Name>): void {
    const code = this.code(name, ...values);
    if (code !== 0) throw new NativeFailure(code, name);
  }

  /** Calls a function that answers BOOL or a plain number, or nothing. */
  plain<Name extends FunctionName>(name: Name, ...values: ArgumentsOf<Name>): number {
    const result = this.#libraries.call(name, ...values);
    return result === undefined ? 0 : numberFrom(name, result);
  }

  /** Calls a function that answers BOOL. @throws NativeFailure with the last error for FALSE */
  bool<Name extends FunctionName>(name: Name, ...values: ArgumentsOf<Name>): void {
    if (this.plain(name, ...values) === 0) throw new NativeFailure(this.lastError(), name);
  }

  /** Calls a function that answers a handle. @throws NativeFailure with the last error if there is none */
  handle<Name extends FunctionName>(name: Name, ...values: ArgumentsOf<Name>): bigint {
    const result = this.#libraries.call(name, ...values);
    if (typeof result !== 'bigint' || result === 0n) throw new NativeFailure(this.lastError(), name);
    return result;
  }

  /** Calls on a thread of its own, outside the limit of slow calls: for the pump only. */
  async wait(handles: bigint, count: number, milliseconds: number): Promise<number> {
    const result = await this.#libraries.callOnThread(
      'WaitForMultipleObjects',
      count,
      handles,
      0,
      milliseconds,
    );
    return numberFrom('WaitForMultipleObjects', result) >>> 0;
  }

  lastError(): number {
    return this.plain('GetLastError') >>> 0;
  }

  /** Memory that native code may write after the call has returned. {@link free} it once it no longer does. */
  allocate(size: number): bigint {
    return this.#ffi.allocate(size);
  }

  free(address: bigint): void {
    this.#ffi.free(address);
  }

  /** Copies into memory of {@link allocate}. */
  write(address: bigint, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.plain('RtlMoveMemory', address, this.#ffi.addressOf(bytes), BigInt(bytes.length));
  }

  /** Reads what PeerFreeData must give back, and gives it back whatever happens. */
  take<Result>(address: bigint, read: (address: bigint) => Result): Result {
    try {
      return read(address);
    } finally {
      this.plain('PeerFreeData', address);
    }
  }

  #protect(frame: Frame): boolean {
    return this.#cryptMemory('CryptProtectMemory', frame);
  }

  #unprotect(frame: Frame): void {
    if (!this.#cryptMemory('CryptUnprotectMemory', frame))
      throw new NativeFailure(this.lastError(), 'CryptUnprotectMemory');
  }

  #cryptMemory(name: 'CryptProtectMemory' | 'CryptUnprotectMemory', frame: Frame): boolean {
    return frame.secrets.every(
      ({ address, bytes }) => this.plain(name, address, bytes.length, CRYPTPROTECTMEMORY_SAME_PROCESS) !== 0,
    );
  }
}

const numberFrom = (name: string, result: unknown): number => {
  if (typeof result !== 'number') throw new BadValue(`the result of ${name}`, 'a number');
  return result;
};

const succeeded = (name: string, result: unknown): number => {
  const hr = numberFrom(name, result);
  if (hr < 0) throw new NativeFailure(hr >>> 0, name);
  return hr;
};

/** Whether an answer of GetOverlappedResult and its kin is still to come; the count of bytes otherwise. */
export interface Completion {
  readonly code: number;
  readonly transferred: number;
}

const ERROR_IO_INCOMPLETE = 996;
const STATUS_PENDING = 259;

/** How the operation behind an OVERLAPPED ended, or `undefined` while it has not. */
export const completionOf = (native: Native, overlapped: bigint): Completion | undefined =>
  native.frame((frame) => {
    const transferred = frame.reserve(4);
    const done = native.has('PeerDistGetOverlappedResult')
      ? native.plain('PeerDistGetOverlappedResult', overlapped, transferred.address, 0)
      : native.plain('GetOverlappedResult', 0n, overlapped, transferred.address, 0);
    if (done !== 0) return { code: 0, transferred: u32In(transferred) };
    const error = native.lastError();
    if (error === ERROR_IO_INCOMPLETE) return undefined;
    // The pages disagree on whether the last error or OVERLAPPED.Internal carries the code of a failed operation.
    const code =
      error === 0
        ? Number(new DataView(native.memory.bytes(overlapped, 8).buffer).getBigUint64(0, true))
        : error;
    return code === STATUS_PENDING ? undefined : { code, transferred: u32In(transferred) };
  });
