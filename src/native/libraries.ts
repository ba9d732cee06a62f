import { BINDINGS, type ArgumentsOf, type FunctionName } from './bindings.js';
import * as check from './check.js';
import { BadValue } from './check.js';
import { MissingExport, type Ffi, type NativeFunction, type NativeLibrary } from './ffi.js';
import type { LibraryName, Parameter, Signature } from './signature.js';

/** Absolute paths: a bare name would also be looked for beside the application. */
export type LibraryPaths = Readonly<Record<LibraryName, string>>;

/** Throws {@link BadValue} for what must not reach native code. */
type Check = (value: unknown) => void;

interface Bound {
  /** One for each parameter. */
  readonly checks: readonly Check[];
  readonly native: NativeFunction;
}

/**
 * The native functions by name, each looked up when first called. A library is never unloaded: threads of it may still
 * run.
 */
export class Libraries {
  readonly #ffi: Ffi;
  readonly #paths: LibraryPaths;
  readonly #loaded = new Map<LibraryName, NativeLibrary>();
  readonly #missing = new Set<FunctionName>();
  readonly #bound = new Map<FunctionName, Bound>();

  constructor(ffi: Ffi, paths: LibraryPaths) {
    this.#ffi = ffi;
    this.#paths = paths;
  }

  /** Calls at once and answers the raw result: a number, an address for a handle. */
  call<Name extends FunctionName>(name: Name, ...values: ArgumentsOf<Name>): unknown {
    const { checks, native } = this.find(name);
    return native(...checked(name, checks, values));
  }

  /** Calls on one of libuv's threads. */
  async callOnThread<Name extends FunctionName>(name: Name, ...values: ArgumentsOf<Name>): Promise<unknown> {
    const { checks, native } = this.find(name);
    const safe = checked(name, checks, values);
    return new Promise((resolve, reject) => {
      native.async(...safe, (error, result) => (error === null ? resolve(result) : reject(error)));
    });
  }

  /** Whether the library has this function. @throws MissingLibrary */
  has(name: FunctionName): boolean {
    if (this.#missing.has(name)) return false;
    try {
      this.find(name);
      return true;
    } catch (error) {
      if (!(error instanceof MissingExport)) throw error;
      this.#missing.add(name);
      return false;
    }
  }

  /** @throws MissingLibrary or MissingExport */
  find(name: FunctionName): Bound {
    const known = this.#bound.get(name);
    if (known !== undefined) return known;
    const signature: Signature = BINDINGS[name];
    const abis = signature.parameters.map(({ abi }) => abi);
    const native = this.#library(signature.library).bind(name, signature.result, abis);
    const bound = { checks: signature.parameters.map(checkOf), native };
    this.#bound.set(name, bound);
    return bound;
  }

  #library(name: LibraryName): NativeLibrary {
    const known = this.#loaded.get(name);
    if (known !== undefined) return known;
    const library = this.#ffi.load(this.#paths[name]);
    this.#loaded.set(name, library);
    return library;
  }
}

/** The last gate before koffi: the types say the same, but they are no protection against a caller in JavaScript. */
const checked = (
  name: string,
  checks: readonly Check[],
  values: readonly (number | bigint)[],
): readonly (number | bigint)[] => {
  if (values.length !== checks.length) throw new BadValue(name, `called with ${checks.length} arguments`);
  checks.forEach((check, index) => check(values[index]));
  return values;
};

/** Made when a function is bound, not for each call. */
const checkOf = ({ name, abi, optional }: Parameter): Check => {
  if (abi !== 'ptr') return (value) => void check[abi](value, name);
  return (value) => {
    if (check.u64(value, name) === 0n && !optional) throw new BadValue(name, 'present');
  };
};
