import { guidFromBytes, isFileTime, type FileTime } from '../driver/index.js';
import { NULL } from './frame.js';
import type { FieldType, FieldTypes, StructType, StructValue } from './layout.js';

/** Copies `destination.length` bytes from an address. */
type CopyFrom = (address: bigint, destination: Uint8Array) => void;

interface Reading {
  copyFrom: CopyFrom;
  readText(address: bigint): string;
  readNarrowText(address: bigint): string;
}

/** Reads what a DLL has handed out. Everything it answers is a copy, so the memory can be given back at once. */
export class Memory {
  readonly #reading: Reading;

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  /** A copy of `length` bytes; none for NULL. */
  bytes(address: bigint, length: number): Uint8Array {
    const copy = new Uint8Array(address === NULL ? 0 : length);
    if (copy.length > 0) this.#reading.copyFrom(address, copy);
    return copy;
  }

  text(address: bigint): string | undefined {
    return address === NULL ? undefined : this.#reading.readText(address);
  }

  pointers(address: bigint, count: number): readonly bigint[] {
    const view = viewOf(this.bytes(address, count * 8));
    return Array.from({ length: view.byteLength / 8 }, (_, index) => view.getBigUint64(index * 8, true));
  }

  struct<Types extends FieldTypes>(address: bigint, type: StructType<Types>): StructValue<Types> {
    return this.#decode(viewOf(this.bytes(address, type.size)), 0, address, type) as StructValue<Types>;
  }

  /** `count` structures one after the other; none for NULL. */
  array<Types extends FieldTypes>(
    address: bigint,
    count: number,
    type: StructType<Types>,
  ): readonly StructValue<Types>[] {
    const view = viewOf(this.bytes(address, count * type.size));
    return Array.from(
      { length: view.byteLength / type.size },
      (_, index) =>
        this.#decode(
          view,
          index * type.size,
          address + BigInt(index * type.size),
          type,
        ) as StructValue<Types>,
    );
  }

  #decode(view: DataView, at: number, address: bigint, type: StructType): Readonly<Record<string, unknown>> {
    return Object.fromEntries(
      Object.entries(type.fields).map(([name, field]) => [
        name,
        this.#decodeField(view, at + field.offset, address + BigInt(field.offset), field.type),
      ]),
    );
  }

  #decodeField(view: DataView, at: number, address: bigint, type: FieldType): unknown {
    switch (type) {
      case 'size':
      case 'u32':
        return view.getUint32(at, true);
      case 'u16':
        return view.getUint16(at, true);
      case 'u16be':
        return view.getUint16(at, false);
      case 'i32':
        return view.getInt32(at, true);
      case 'u64':
      case 'pointer':
      case 'fileTime':
        return view.getBigUint64(at, true);
      case 'text':
        return this.text(view.getBigUint64(at, true));
      case 'narrowText': {
        const pointer = view.getBigUint64(at, true);
        return pointer === NULL ? undefined : this.#reading.readNarrowText(pointer);
      }
      case 'guid':
        return guidFromBytes(new Uint8Array(view.buffer, view.byteOffset + at, 16));
      default:
        break;
    }
    if (type.kind === 'struct') return this.#decode(view, at, address, type);
    return type.kind === 'union'
      ? address
      : new Uint8Array(view.buffer, view.byteOffset + at, type.length).slice();
  }
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Windows writes 0 where there is no such moment. */
export const momentOrNone = (time: FileTime): FileTime | undefined =>
  time !== 0n && isFileTime(time) ? time : undefined;
