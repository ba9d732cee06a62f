import { guidFromBytes, guidToBytes, type FileTime, type Guid, type SecretText } from '../driver/index.js';
import * as check from './check.js';
import type { Ffi } from './ffi.js';
import { sizeOf, type FieldType, type FieldTypes, type StructInput, type StructType } from './layout.js';

/** NULL. */
export const NULL = 0n;

/** A place in a {@link Frame}. */
export interface Cell {
  readonly address: bigint;
  readonly view: DataView;
  readonly bytes: Uint8Array;
}

interface Chunk {
  readonly memory: Uint8Array;
  readonly address: bigint;
  used: number;
}

const CHUNK = 16 * 1024;
const ALIGN = 8;
// CRYPTPROTECTMEMORY_BLOCK_SIZE
const SECRET_BLOCK = 16;

/**
 * The memory of one native call: structures, texts and out parameters, laid out in ArrayBuffers whose bytes do not move
 * and which the frame keeps alive until the call has returned. Memory that native code writes later does not belong
 * here (see OverlappedOperation).
 */
export class Frame {
  readonly #ffi: Ffi;
  readonly #chunks: Chunk[] = [];
  readonly #secrets: Cell[] = [];

  /** Checked right before a slow call, which may have waited long for its turn: throws if it is not to be made. */
  readonly assertUsable: () => void;

  constructor(ffi: Ffi, assertUsable: () => void = () => undefined) {
    this.#ffi = ffi;
    this.assertUsable = assertUsable;
  }

  /** Zeroed memory. */
  reserve(size: number): Cell {
    const padded = Math.ceil(size / ALIGN) * ALIGN;
    const chunk = this.#chunkFor(padded);
    const at = chunk.used;
    chunk.used += padded;
    const bytes = chunk.memory.subarray(at, at + size);
    bytes.fill(0);
    return {
      address: chunk.address + BigInt(at),
      bytes,
      view: new DataView(chunk.memory.buffer, at, size),
    };
  }

  /** NUL-terminated UTF-16, or NULL for `undefined`. */
  text(value: string | undefined, what: string): bigint {
    if (value === undefined) return NULL;
    const { address, view } = this.reserve((check.text(value, what).length + 1) * 2);
    for (let index = 0; index < value.length; index++)
      view.setUint16(index * 2, value.charCodeAt(index), true);
    return address;
  }

  /** Like {@link text}, for what native code takes as 8-bit characters. */
  narrowText(value: string, what: string): bigint {
    const { address, bytes } = this.reserve(check.text(value, what).length + 1);
    for (let index = 0; index < value.length; index++) bytes[index] = value.charCodeAt(index);
    return address;
  }

  bytes(value: Uint8Array, what: string): bigint {
    const given = check.bytes(value, what);
    const cell = this.reserve(given.length);
    cell.bytes.set(given);
    return cell.address;
  }

  guid(value: Guid, what: string): bigint {
    const cell = this.reserve(16);
    cell.bytes.set(guidToBytes(check.guid(value, what)));
    return cell.address;
  }

  fileTime(value: FileTime, what: string): bigint {
    const cell = this.reserve(8);
    cell.view.setBigUint64(0, check.fileTime(value, what), true);
    return cell.address;
  }

  /**
   * A password as the NUL-terminated text that native code wants. It is overwritten by {@link release}; in between,
   * {@link secrets} lets the caller keep it encrypted until its call is due.
   */
  secret(value: SecretText, what: string): bigint {
    if (typeof check.object(value, what).use !== 'function') throw new check.BadValue(what, 'a secret text');
    return value.use((utf16le) => {
      const given = check.bytes(utf16le, what);
      const cell = this.reserve(Math.ceil((given.length + 2) / SECRET_BLOCK) * SECRET_BLOCK);
      this.#secrets.push(cell);
      cell.bytes.set(given);
      return cell.address;
    });
  }

  /** Each a multiple of 16 bytes, as CryptProtectMemory wants them. */
  get secrets(): readonly Cell[] {
    return this.#secrets;
  }

  struct<Types extends FieldTypes>(type: StructType<Types>, value: StructInput<Types>): Cell {
    const cell = this.reserve(type.size);
    this.#write(cell.view, 0, type, value, type.name);
    return cell;
  }

  /** Structures one after the other; NULL if there are none. */
  array<Types extends FieldTypes>(type: StructType<Types>, values: readonly StructInput<Types>[]): bigint {
    if (values.length === 0) return NULL;
    const cell = this.reserve(type.size * values.length);
    values.forEach((value, index) =>
      this.#write(cell.view, index * type.size, type, value, `${type.name}[${index}]`),
    );
    return cell.address;
  }

  /** GUIDs one after the other; NULL if there are none. */
  guids(values: readonly unknown[], what: string): bigint {
    const given = check.list(values, what);
    if (given.length === 0) return NULL;
    const cell = this.reserve(16 * given.length);
    given.forEach((value, index) =>
      cell.bytes.set(guidToBytes(check.guid(value, `${what}[${index}]`)), index * 16),
    );
    return cell.address;
  }

  /** Overwrites the secrets and forgets everything, keeping the first piece of memory for the next call. */
  release(): void {
    for (const secret of this.#secrets.splice(0)) secret.bytes.fill(0);
    this.#chunks.splice(1);
    for (const chunk of this.#chunks) chunk.used = 0;
  }

  #chunkFor(size: number): Chunk {
    const last = this.#chunks.at(-1);
    if (last !== undefined && last.used + size <= last.memory.length) return last;
    const memory = new Uint8Array(Math.max(CHUNK, size));
    const chunk = { memory, address: this.#ffi.addressOf(memory), used: 0 };
    this.#chunks.push(chunk);
    return chunk;
  }

  #write(view: DataView, at: number, type: StructType, value: object, path: string): void {
    for (const [name, field] of Object.entries(type.fields)) {
      const given: unknown = (value as Readonly<Record<string, unknown>>)[name];
      if (field.type === 'size') view.setUint32(at + field.offset, type.size, true);
      else if (given !== undefined)
        this.#writeField(view, at + field.offset, field.type, given, `${path}.${name}`);
    }
  }

  #writeField(view: DataView, at: number, type: FieldType, value: unknown, path: string): void {
    if (type === 'text') view.setBigUint64(at, this.text(check.text(value, path), path), true);
    else if (type === 'narrowText')
      view.setBigUint64(at, this.narrowText(check.text(value, path), path), true);
    else if (typeof type === 'string') SCALAR_WRITERS[type](view, at, value, path);
    else if (type.kind === 'struct') this.#write(view, at, type, check.object(value, path), path);
    else {
      const given = check.bytes(value, path);
      if (given.length !== sizeOf(type)) throw new check.BadValue(path, `exactly ${sizeOf(type)} bytes`);
      copy(view, at, given);
    }
  }
}

type WriteScalar = (view: DataView, at: number, value: unknown, path: string) => void;

const writeU32: WriteScalar = (view, at, value, path) => view.setUint32(at, check.u32(value, path), true);
const writeU64: WriteScalar = (view, at, value, path) => view.setBigUint64(at, check.u64(value, path), true);

const SCALAR_WRITERS = {
  size: writeU32,
  u32: writeU32,
  u16: (view, at, value, path) => view.setUint16(at, check.u16(value, path), true),
  u16be: (view, at, value, path) => view.setUint16(at, check.u16(value, path), false),
  i32: (view, at, value, path) => view.setInt32(at, check.i32(value, path), true),
  u64: writeU64,
  pointer: writeU64,
  fileTime: (view, at, value, path) => view.setBigUint64(at, check.fileTime(value, path), true),
  guid: (view, at, value, path) => copy(view, at, guidToBytes(check.guid(value, path))),
} as const satisfies Record<string, WriteScalar>;

const copy = (view: DataView, at: number, bytes: Uint8Array): void =>
  new Uint8Array(view.buffer, view.byteOffset + at, bytes.length).set(bytes);

/** A GUID that native code has written into a cell. */
export const guidIn = (cell: Cell): Guid => guidFromBytes(cell.bytes);

/** A FILETIME, handle or 64-bit number that native code has written into a cell. */
export const u64In = (cell: Cell): bigint => cell.view.getBigUint64(0, true);

export const u32In = (cell: Cell): number => cell.view.getUint32(0, true);
