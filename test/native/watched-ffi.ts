import koffi from 'koffi';
import { API_BINDINGS, BINDINGS, type FunctionName } from '../../src/native/bindings.js';
import type { Ffi, NativeFunction, NativeLibrary } from '../../src/native/ffi.js';

type Answer = number | bigint;

const WAIT_FAILED = 0xffff_ffff;
const NOT_ENOUGH_MEMORY = 8;

/** What a function of Windows answers when it fails. Those that give something back do that all the same. */
const FAILURES: Readonly<Partial<Record<FunctionName, { readonly answer: Answer; readonly gives?: true }>>> =
  {
    PeerDistGetOverlappedResult: { answer: 0 },
    GetOverlappedResult: { answer: 0 },
    CreateEventW: { answer: 0n },
    SetEvent: { answer: 0 },
    CloseHandle: { answer: 0, gives: true },
    WaitForSingleObject: { answer: WAIT_FAILED },
    WaitForMultipleObjects: { answer: WAIT_FAILED },
    CreateIoCompletionPort: { answer: 0n },
    GetQueuedCompletionStatusEx: { answer: 0 },
    CryptProtectMemory: { answer: 0 },
    CryptUnprotectMemory: { answer: 0 },
    CryptExportPublicKeyInfo: { answer: 0 },
    CryptCreateHash: { answer: 0 },
    CryptHashData: { answer: 0 },
    CryptSignHashW: { answer: 0 },
    CryptDestroyHash: { answer: 0, gives: true },
    CryptReleaseContext: { answer: 0, gives: true },
  };

/** What pairs with what; the simulators do not see these on Windows, where the system is the real one. */
const OPENS: readonly FunctionName[] = ['CreateEventW', 'CreateIoCompletionPort'];
const COUNTED: Readonly<Partial<Record<FunctionName, number>>> = {
  CryptCreateHash: 1,
  CryptDestroyHash: -1,
  CryptReleaseContext: -1,
};

const isSystem = (name: FunctionName): boolean =>
  !(name in API_BINDINGS) || name === 'PeerDistGetOverlappedResult';

/**
 * Stands between the driver and koffi: counts the calls of Windows' own functions and lets any of them fail, keeps the
 * books on memory and handles, and remembers the memory that calls were made with. It works the same on the shared
 * objects and on Windows, where these functions are real.
 */
export class WatchedFfi {
  /** What was done that must never be. */
  readonly problems: string[] = [];
  /** Calls of Windows' own functions since the last {@link reset}. */
  calls = 0;
  readonly callsOf = new Map<string, number>();
  /** JavaScript memory whose address was given to native code, if anybody wants to know. */
  lent: Set<ArrayBufferLike> | undefined;
  /** Whether a thread waits for events. */
  waits = false;
  /** Whether native code still owns a block of memory; asked before it is freed. */
  owns: (address: bigint) => boolean = () => false;
  #failAt = 0;
  #failed = false;
  readonly #memory = new Set<bigint>();
  readonly #handles = new Set<bigint>();
  #waitedFor: readonly bigint[] = [];
  #keys = 0;

  /** Blocks of memory, handles, and hashes without their end, that are still there. */
  get held(): Readonly<Record<'memory' | 'handles' | 'keys', number>> {
    return { memory: this.#memory.size, handles: this.#handles.size, keys: this.#keys };
  }

  /** Lets the `turn`th call from now on fail; 0 none. */
  reset(turn = 0): void {
    this.calls = 0;
    this.callsOf.clear();
    this.#failAt = turn;
  }

  /** What `loadFfi` is to answer. */
  over(ffi: Ffi): Ffi {
    return {
      ...ffi,
      load: (path) => this.#library(ffi.load(path)),
      addressOf: (bytes) => {
        this.lent?.add(bytes.buffer);
        return ffi.addressOf(bytes);
      },
      allocate: (size) => {
        const address = ffi.allocate(size);
        this.#memory.add(address);
        return address;
      },
      free: (address) => {
        if (!this.#memory.delete(address)) this.problems.push('memory freed that is not held');
        else if (this.owns(address)) this.problems.push('memory freed that native code still writes');
        else ffi.free(address);
      },
    };
  }

  #library(library: NativeLibrary): NativeLibrary {
    return {
      bind: (given, result, parameters) => {
        const name = given as FunctionName;
        const native = library.bind(name, result, parameters);
        const call = (...args: readonly Answer[]): unknown => {
          const failure = this.#turnOf(name);
          if (name === 'GetLastError' && this.#failed) return NOT_ENOUGH_MEMORY;
          if (failure !== undefined && failure.gives === undefined) return failure.answer;
          const answer = this.#book(name, args, native(...args));
          return failure?.answer ?? answer;
        };
        const async: NativeFunction['async'] = (...args) => {
          const done = args.at(-1) as (error: Error | null, result: unknown) => void;
          const failure = this.#turnOf(name);
          const isWait = name === 'WaitForMultipleObjects';
          if (isWait) this.#waitedFor = handlesAt(args[1] as bigint, args[0] as number);
          if (isWait) this.waits = true;
          const end = (error: Error | null, answer: unknown): void => {
            if (isWait) this.#waitedFor = [];
            if (isWait) this.waits = false;
            done(error, answer);
          };
          if (failure === undefined) native.async(...(args.slice(0, -1) as Answer[]), end);
          else setImmediate(end, null, failure.answer);
        };
        return Object.assign(call, { async });
      },
    };
  }

  #turnOf(name: FunctionName): (typeof FAILURES)[FunctionName] {
    if (name !== 'GetLastError') this.#failed = false;
    const failure = FAILURES[name];
    if (!isSystem(name) || failure === undefined) return undefined;
    this.calls++;
    this.callsOf.set(name, (this.callsOf.get(name) ?? 0) + 1);
    if (this.calls !== this.#failAt) return undefined;
    this.#failed = true;
    return failure;
  }

  /** Keeps the books; answers the answer. */
  #book(name: FunctionName, args: readonly Answer[], answer: unknown): unknown {
    const [first] = args;
    if (OPENS.includes(name) && typeof answer === 'bigint' && answer !== 0n) this.#handles.add(answer);
    if (name === 'CloseHandle' || name === 'SetEvent' || name === 'WaitForSingleObject') {
      if (typeof first === 'bigint' && !this.#handles.has(first))
        this.problems.push(`${name} of a closed handle`);
    }
    if (name === 'CloseHandle' && typeof first === 'bigint') {
      if (this.#waitedFor.includes(first)) this.problems.push('a handle closed while a thread waits for it');
      this.#handles.delete(first);
    }
    if (answer !== 0) this.#keys += COUNTED[name] ?? 0;
    if (name === 'PeerIdentityGetCryptKey' && answer === 0) this.#keys++;
    return answer;
  }
}

const handlesAt = (address: bigint, count: number): readonly bigint[] =>
  (koffi.decode(address, koffi.array('uint64_t', count)) as readonly (number | bigint)[]).map(BigInt);

/** The functions that a fault is made for. */
export const SYSTEM_FUNCTIONS = Object.keys(BINDINGS).filter((name) => name in FAILURES);

export const watch = new WatchedFfi();

/** Stands in for `src/native/ffi.js` in `vi.mock`. */
export const watchedModule = (
  actual: typeof import('../../src/native/ffi.js'),
): typeof import('../../src/native/ffi.js') => ({
  ...actual,
  loadFfi: async () => (watched ??= watch.over(await actual.loadFfi())),
});

let watched: Ffi | undefined;
