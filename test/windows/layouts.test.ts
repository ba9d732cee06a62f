import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StructType } from '../../src/native/layout.js';
import * as layouts from '../../src/native/layouts.js';
import { placesOf, type Places } from '../native/places.js';

type Probed = Readonly<
  Record<string, { readonly size: number; readonly align: number; readonly fields: Places }>
>;

/** What tools/layout_probe.c has printed: the compiler's own view of the structures. */
const probed = (name: string): Probed =>
  JSON.parse(readFileSync(join(process.env['PEERWEAVE_SIMULATORS'] ?? '', `${name}.json`), 'utf8')) as Probed;

const structs: readonly StructType[] = Object.values(layouts);

describe('the layouts', () => {
  it.each(structs)('of $name are those of the compiler with its own p2p.h', (struct) => {
    const { size, align, fields } = probed('layout_probe')[struct.name] ?? {};
    expect([struct.size, struct.align]).toEqual([size, align]);
    expect(placesOf(struct)).toEqual(fields);
  });

  it('of the simulators are those of p2p.h', () => {
    expect(probed('layout_probe_own')).toEqual(probed('layout_probe'));
  });
});
