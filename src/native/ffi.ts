import type { Abi, ResultKind } from './signature.js';

/** What a checked call hands to native code: fixed-width numbers, 64-bit values and addresses as `bigint`. */
type NativeArgument = number | bigint;

export interface NativeFunction {
  (...args: readonly NativeArgument[]): unknown;
  /** Runs the call on one of libuv's threads. */
  readonly async: (
    ...args: readonly [...NativeArgument[], (error: Error | null, result: unknown) => void]
  ) => void;
}

export interface NativeLibrary {
  /** @throws MissingExport */
  bind(name: string, result: ResultKind, parameters: readonly Abi[]): NativeFunction;
}

/** The whole of the foreign function interface that this driver uses. */
export interface Ffi {
  readonly version: string;
  /** @throws MissingLibrary */
  load(path: string): NativeLibrary;
  /** Zeroed memory outside the JavaScript heap that does not move; {@link free} it exactly once. */
  allocate(size: number): bigint;
  free(address: bigint): void;
  /** Where the bytes of an ArrayBuffer lie. They stay there as long as the buffer is referenced. */
  addressOf(bytes: Uint8Array): bigint;
  /** NUL-terminated UTF-16 at an address. */
  readText(address: bigint): string;
  /** NUL-terminated ASCII at an address. */
  readNarrowText(address: bigint): string;
}

/** The library is not on this machine, or is one for another processor. */
export class MissingLibrary extends Error {
  constructor(
    readonly path: string,
    cause: unknown,
  ) {
    super(`${path} cannot be loaded`, { cause });
  }
}

/** The library is an older one: it has no function of this name. */
export class MissingExport extends Error {
  constructor(
    readonly exportName: string,
    cause: unknown,
  ) {
    super(`${exportName} is not in this version of the library`, { cause });
  }
}

/** koffi itself has no binary for this platform, or was not installed. */
export class MissingKoffi extends Error {
  constructor(cause: unknown) {
    super('the optional dependency koffi cannot be loaded', { cause });
  }
}

// Fixed-width names only: `long` and `wchar_t` differ between Windows and Linux, and named types would be global to the
// process, where a second copy of this package would clash with the first.
const TYPE_OF_ABI = {
  ptr: 'void *',
  u16: 'uint16_t',
  u32: 'uint32_t',
  i32: 'int32_t',
  u64: 'uint64_t',
} as const satisfies Record<Abi, string>;

const TYPE_OF_RESULT = {
  hresult: 'int32_t',
  win32: 'uint32_t',
  bool: 'int32_t',
  void: 'void',
  handle: 'void *',
  number: 'uint32_t',
} as const satisfies Record<ResultKind, string>;

const load = async (): Promise<Ffi> => {
  const { default: koffi } = await import('koffi').catch((cause: unknown) => {
    throw new MissingKoffi(cause);
  });
  return {
    version: koffi.version,
    load: (path) => {
      const library = attempt(
        () => koffi.load(path),
        (cause) => new MissingLibrary(path, cause),
      );
      return {
        bind: (name, result, parameters) =>
          attempt(
            () =>
              library.func(
                '__stdcall',
                name,
                TYPE_OF_RESULT[result],
                parameters.map((abi) => TYPE_OF_ABI[abi]),
              ) as unknown as NativeFunction,
            (cause) => new MissingExport(name, cause),
          ),
      };
    },
    allocate: (size) => koffi.alloc('uint8_t', size) as bigint,
    free: (address) => koffi.free(address),
    addressOf: (bytes) => koffi.address(bytes),
    readText: (address) => koffi.decode.string16(address),
    readNarrowText: (address) => koffi.decode.string(address),
  };
};

const attempt = <Result>(action: () => Result, failure: (cause: unknown) => Error): Result => {
  try {
    return action();
  } catch (cause) {
    throw failure(cause);
  }
};

let loaded: Promise<Ffi> | undefined;

/** Loads koffi on first use, so that importing this package does nothing on any platform. @throws MissingKoffi */
export const loadFfi = (): Promise<Ffi> => (loaded ??= load());
