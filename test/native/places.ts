import { sizeOf, type FieldType, type StructType } from '../../src/native/layout.js';

export type Places = Readonly<Record<string, readonly [offset: number, size: number]>>;

/** Offset and size of every field, the arms of a union each at the place of the union. */
export const placesOf = (struct: StructType): Places => {
  const place = (name: string, offset: number, type: FieldType): [string, readonly [number, number]][] =>
    typeof type !== 'string' && type.kind === 'union'
      ? Object.entries(type.arms).map(([arm, armType]) => [arm, [offset, sizeOf(armType)]])
      : [[name, [offset, sizeOf(type)]]];
  return Object.fromEntries(
    Object.entries(struct.fields).flatMap(([name, { offset, type }]) => place(name, offset, type)),
  );
};
