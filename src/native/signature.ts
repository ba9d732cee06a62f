/** How a value travels in a call. Everything that is not a number is a pointer. */
export type Abi = 'ptr' | 'u16' | 'u32' | 'i32' | 'u64';
export type Direction = 'in' | 'out' | 'inout';

export interface Parameter {
  readonly name: string;
  readonly abi: Abi;
  readonly direction: Direction;
  /** Whether NULL, or for a number 0 with the meaning "none", is allowed. */
  readonly optional: boolean;
}

/** HRESULT, a Win32 code, BOOL, nothing, a handle or a plain number. */
export type ResultKind = 'hresult' | 'win32' | 'bool' | 'void' | 'handle' | 'number';

/** The libraries of Windows that are called. */
export type LibraryName = 'p2p' | 'peerdist' | 'kernel32' | 'crypt32' | 'advapi32';

export interface Signature {
  readonly library: LibraryName;
  readonly result: ResultKind;
  readonly parameters: readonly Parameter[];
}

type ArgumentOf<Type extends Parameter> = Type['abi'] extends 'ptr' | 'u64' ? bigint : number;

/** The arguments for parameters, one by one: `bigint` for pointers and 64-bit numbers, `number` for the rest. */
export type Arguments<Parameters extends readonly Parameter[]> = {
  -readonly [Index in keyof Parameters]: ArgumentOf<Parameters[Index]>;
};

const parameter =
  <const Kind extends Abi, const To extends Direction, const Optional extends boolean>(
    abi: Kind,
    direction: To,
    optional: Optional,
  ) =>
  (name: string) =>
    ({ name, abi, direction, optional }) as const;

/** An address or handle that must be there. */
export const pointer = parameter('ptr', 'in', false);
/** An address or handle that may be NULL. */
export const maybe = parameter('ptr', 'in', true);
/** Where the function writes an answer. */
export const out = parameter('ptr', 'out', false);
export const maybeOut = parameter('ptr', 'out', true);
/** What the function reads and overwrites. */
export const inout = parameter('ptr', 'inout', false);
export const u16 = parameter('u16', 'in', false);
export const u32 = parameter('u32', 'in', false);
export const i32 = parameter('i32', 'in', false);
export const u64 = parameter('u64', 'in', false);
export const maybeU64 = parameter('u64', 'in', true);

/** One library's functions of one result kind. */
export const functionsOf =
  <const Library extends LibraryName, const Result extends ResultKind>(library: Library, result: Result) =>
  <const Parameters extends readonly Parameter[]>(...parameters: Parameters) =>
    ({ library, result, parameters }) as const;
