import { BadValue } from './check.js';
import type { ArgumentsOf, FunctionName } from './bindings.js';
import { NativeFailure } from './failure.js';
import type { Ffi } from './ffi.js';
import { Frame } from './frame.js';
import { Libraries, type LibraryPaths } from './libraries.js';
import { Memory } from './memory.js';
import { slowCalls } from './process-wide.js';

const CRYPTPROTECTMEMORY_SAME_PROCESS = 0;

// What a function failed with that has set no last error.
const ERROR_GEN_FAILURE = 31;

/** The native side as this driver sees it: checked calls, their memory and what their results mean. */
export class Native {
  readonly memory: Memory;
  readonly #ffi: Ffi;
  readonly #libraries: Libraries;
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

  /** Lends the memory of a slow call to `use`; see {@link Frame.assertUsable}. */
  async frameOnThread<Result>(
    use: (frame: Frame) => Promise<Result>,
    assertUsable?: () => void,
  ): Promise<Result> {
    const frame = new Frame(this.#ffi, assertUsable);
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
    this.#cryptSecrets('CryptProtectMemory', frame);
    return slowCalls().run(async () => {
      frame.assertUsable();
      this.#cryptSecrets('CryptUnprotectMemory', frame);
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
    if (this.plain(name, ...values) === 0) throw this.#failureOf(name);
  }

  /** Calls a function that answers a handle. @throws NativeFailure with the last error if there is none */
  handle<Name extends FunctionName>(name: Name, ...values: ArgumentsOf<Name>): bigint {
    const result = this.#libraries.call(name, ...values);
    if (typeof result !== 'bigint' || result === 0n) throw this.#failureOf(name);
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

  #cryptSecrets(name: 'CryptProtectMemory' | 'CryptUnprotectMemory', frame: Frame): void {
    for (const { address, bytes } of frame.secrets)
      this.bool(name, address, bytes.length, CRYPTPROTECTMEMORY_SAME_PROCESS);
  }

  #failureOf(name: string): NativeFailure {
    return new NativeFailure(this.lastError() || ERROR_GEN_FAILURE, name);
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
