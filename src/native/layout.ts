import type { FileTime, Guid } from '../driver/index.js';

/** `length` bytes in place, such as an IPv6 address. */
export interface ByteArrayType {
  readonly kind: 'bytes';
  readonly length: number;
}

/** A C union: as large as its widest arm. Which arm is valid only the reader knows, so it is read as its address. */
export interface UnionType {
  readonly kind: 'union';
  readonly size: number;
  readonly align: number;
  readonly arms: Readonly<Record<string, FieldType>>;
}

/**
 * What a field of a C structure holds. `size` is a leading dwSize or cbSize, filled in by itself; `text` is a pointer to
 * NUL-terminated UTF-16, `narrowText` to NUL-terminated ASCII; `u16be` is in network order.
 */
export type FieldType =
  | 'size'
  | 'u16'
  | 'u16be'
  | 'u32'
  | 'i32'
  | 'u64'
  | 'pointer'
  | 'text'
  | 'narrowText'
  | 'guid'
  | 'fileTime'
  | ByteArrayType
  | UnionType
  | StructType;

export type FieldTypes = Readonly<Record<string, FieldType>>;

export interface StructType<Types extends FieldTypes = FieldTypes> {
  readonly kind: 'struct';
  readonly name: string;
  readonly size: number;
  readonly align: number;
  readonly fields: {
    readonly [Name in keyof Types]: { readonly type: Types[Name]; readonly offset: number };
  };
}

/** The JavaScript side of a field. A NULL text is `undefined`. */
type FieldValue<Type> = Type extends 'size' | 'u16' | 'u16be' | 'u32' | 'i32'
  ? number
  : Type extends 'u64' | 'pointer' | UnionType
    ? bigint
    : Type extends 'text' | 'narrowText'
      ? string | undefined
      : Type extends 'guid'
        ? Guid
        : Type extends 'fileTime'
          ? FileTime
          : Type extends ByteArrayType
            ? Uint8Array
            : Type extends StructType<infer Types>
              ? StructValue<Types>
              : never;

export type StructValue<Types extends FieldTypes> = {
  readonly [Name in keyof Types]: FieldValue<Types[Name]>;
};

/** What may be written: everything left out is zero. */
export type StructInput<Types extends FieldTypes> = {
  readonly [Name in keyof Types]?:
    (Types[Name] extends StructType<infer Inner> ? StructInput<Inner> : FieldValue<Types[Name]>) | undefined;
};

const SCALARS = {
  size: [4, 4],
  u16: [2, 2],
  u16be: [2, 2],
  u32: [4, 4],
  i32: [4, 4],
  u64: [8, 8],
  pointer: [8, 8],
  text: [8, 8],
  narrowText: [8, 8],
  guid: [16, 4],
  fileTime: [8, 4],
} as const satisfies Record<string, readonly [size: number, align: number]>;

export const sizeOf = (type: FieldType): number =>
  typeof type === 'string' ? SCALARS[type][0] : widthOf(type);

const widthOf = (type: ByteArrayType | UnionType | StructType): number =>
  type.kind === 'bytes' ? type.length : type.size;

const alignOf = (type: FieldType): number => {
  if (typeof type === 'string') return SCALARS[type][1];
  return type.kind === 'bytes' ? 1 : type.align;
};

const roundUp = (value: number, align: number): number => Math.ceil(value / align) * align;

export const bytes = (length: number): ByteArrayType => ({ kind: 'bytes', length });

export const union = (arms: Readonly<Record<string, FieldType>>): UnionType => {
  const align = Math.max(...Object.values(arms).map(alignOf));
  return { kind: 'union', arms, align, size: roundUp(Math.max(...Object.values(arms).map(sizeOf)), align) };
};

/** Lays the fields out as the x64 and ARM64 Windows compilers do: each at the next multiple of its alignment. */
export const struct = <const Types extends FieldTypes>(name: string, types: Types): StructType<Types> => {
  let end = 0;
  let align = 1;
  const place = (type: FieldType): { type: FieldType; offset: number } => {
    const offset = roundUp(end, alignOf(type));
    end = offset + sizeOf(type);
    align = Math.max(align, alignOf(type));
    return { type, offset };
  };
  const fields = Object.fromEntries(Object.entries(types).map(([field, type]) => [field, place(type)]));
  return {
    kind: 'struct',
    name,
    fields: fields as StructType<Types>['fields'],
    align,
    size: roundUp(end, align),
  };
};
