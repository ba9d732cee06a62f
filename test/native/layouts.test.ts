import { describe, expect, it } from 'vitest';
import * as enums from '../../src/driver/enums.js';
import type { StructType } from '../../src/native/layout.js';
import * as layouts from '../../src/native/layouts.js';
import { placesOf } from './places.js';
import { windowsApi } from './windows-api.js';

const structs: readonly StructType[] = Object.values(layouts);
const documentedStruct = (name: string) => windowsApi.structs.find((struct) => struct.name === name);

describe('the layouts', () => {
  it.each(structs)('$name has the size and offsets of the header', (struct) => {
    const documented = documentedStruct(struct.name);
    expect(documented).toBeDefined();
    expect([struct.size, struct.align]).toEqual([documented?.size64, documented?.align64]);
    const places = documented?.fields
      // OVERLAPPED.Pointer is another name for the two halves of the offset.
      .filter(({ name }) => !(struct.name === 'OVERLAPPED' && name === 'Pointer'))
      .map(({ name, offset64, size64 }) => [name, [offset64, size64]]);
    expect(placesOf(struct)).toEqual(Object.fromEntries(places ?? []));
  });
});

const tables = Object.entries(enums).flatMap(([name, table]) =>
  typeof table === 'object' ? [[name, table] as const] : [],
);

describe('the enumerations', () => {
  it.each(tables)('%s has the values of the header', (name, members) => {
    const documented = windowsApi.enums.find((table) => table.name === name);
    expect(documented?.members).toMatchObject(members);
  });
});
