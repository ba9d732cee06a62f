import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hash } from 'node:crypto';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { nodeDisk } from '../../../src/engine/distribution/store/disk/disk.js';
import { WorkArea } from '../../../src/engine/distribution/store/disk/work-area.js';
import { storeLayout, unitPaths } from '../../../src/engine/distribution/store/layout.js';
import { IndexTable } from '../../../src/engine/distribution/store/segment-index/index-table.js';
import { SegmentIndex } from '../../../src/engine/distribution/store/segment-index/segment-index.js';
import type { Place } from '../../../src/engine/distribution/store/units/place.js';
import { temporaryDirectory } from './store-fixture.js';

const idOf = (name: string | number): Buffer => hash('sha256', String(name), 'buffer');
const unitOf = (name: string | number): string => idOf(name).toString('hex', 0, 16);
const placeOf = (unit: string | number, first = 0): Place => ({ unit: unitOf(unit), first });
const sorted = (places: readonly Place[]): string[] =>
  places.map(({ unit, first }) => `${unit} ${first}`).sort();

describe('a table of the index', () => {
  it('finds what was added and not removed', () => {
    // Ids with the same beginning go to the same page, which overflows with 128.
    const id = fc
      .nat({ max: 5 })
      .map((last) => Buffer.concat([Buffer.alloc(13, 0x7f), Buffer.alloc(19, last)]));
    const place = fc.record({ unit: fc.nat({ max: 400 }).map(unitOf), first: fc.nat({ max: 255 }) });
    const step = fc.record({ what: fc.constantFrom('add', 'add', 'add', 'remove'), id, place });
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2, 4),
        fc.array(step, { maxLength: 300, size: 'max' }),
        (pages, steps) => {
          const table = IndexTable.create(nodeDisk, join(temporaryDirectory(), 'table'), pages);
          const model = new Map<string, Place[]>();
          const known = (of: Buffer): Place[] => model.get(of.toString('hex')) ?? [];
          const isSame = (one: Place, other: Place) => one.unit === other.unit && one.first === other.first;
          for (const { what, id: of, place: at } of steps) {
            const others = known(of).filter((one) => !isSame(one, at));
            if (what === 'remove') {
              table.remove(of, at);
              model.set(of.toString('hex'), others);
            } else if (table.add(of, at) !== undefined) model.set(of.toString('hex'), [...others, at]);
            expect(sorted(table.find(of))).toEqual(sorted(known(of)));
          }
          const entries = [...table.entries()].flat();
          expect(entries).toHaveLength([...model.values()].flat().length);
          table.close();
        },
      ),
      { numRuns: 60 },
    );
  });

  it('refuses what is no table', () => {
    const path = join(temporaryDirectory(), 'table');
    for (const bytes of ['', 'PWi1', `PWi1${'x'.repeat(4096 * 4 - 4)}`, `XXXX${'x'.repeat(4096 * 5 - 4)}`]) {
      writeFileSync(path, bytes);
      expect(IndexTable.open(nodeDisk, path)).toBeUndefined();
    }
    expect(IndexTable.open(nodeDisk, `${path}.missing`)).toBeUndefined();
  });
});

describe('the index', () => {
  const opened: SegmentIndex[] = [];
  afterEach(() => Promise.all(opened.splice(0).map((index) => index.close())));

  const open = async (directory: string) => {
    const layout = storeLayout(directory);
    const work = new WorkArea(nodeDisk, layout);
    await work.open();
    const index = new SegmentIndex({ disk: nodeDisk, layout, work });
    opened.push(index);
    const end = async () => {
      await index.close();
      await work.close();
    };
    return { index, end };
  };
  const makeUnits = (directory: string, count: number): void => {
    for (let unit = 0; unit < count; unit += 1) {
      const paths = unitPaths(storeLayout(directory), unitOf(unit));
      mkdirSync(paths.directory, { recursive: true });
      writeFileSync(paths.info, '');
    }
  };
  const UNITS = 100;
  // Fewer where each look at a file takes a millisecond, as it does under Wine; more than a first table holds all the same.
  const [MANY, ROUNDS] = process.platform === 'win32' ? [10_000, 5] : [30_000, 20];
  const entriesOf = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, at) => {
      const segment = from + at;
      return [idOf(segment), placeOf(segment % UNITS, segment % 256)] as const;
    });
  const missing = (index: SegmentIndex, to: number): number[] =>
    entriesOf(0, to).flatMap(([id, place], segment) =>
      sorted(index.find(id)).includes(sorted([place])[0]!) ? [] : [segment],
    );
  const tables = (directory: string) => readdirSync(join(directory, 'index'));

  it('grows without losing anything, also for those who read', { timeout: 120_000 }, async () => {
    const directory = temporaryDirectory();
    makeUnits(directory, UNITS);
    const [{ index }, { index: reader }] = [await open(directory), await open(directory)];
    for (let at = 0; at < MANY; at += 500) {
      await index.add(entriesOf(at, at + 500));
      expect(missing(index, Math.min(500, at)).length).toBe(0);
    }
    expect(missing(reader, MANY)).toEqual([]);
    await expect.poll(() => tables(directory).length).toBe(1);
    expect(missing(index, MANY)).toEqual([]);
    const size = Number(nodeDisk.version(join(directory, 'index', tables(directory)[0]!))!.size);
    expect(size).toBeGreaterThan(MANY * 32);
  });

  it('passes on to those who open it later', async () => {
    const directory = temporaryDirectory();
    makeUnits(directory, UNITS);
    const writers = [await open(directory), await open(directory), await open(directory)];
    for (const [number, { index }] of writers.entries()) {
      await index.add(entriesOf(number * 1000, (number + 1) * 1000));
    }
    for (const { end } of writers) await end();
    expect(tables(directory)).toHaveLength(3);
    const { index, end } = await open(directory);
    expect(missing(index, 3_000)).toEqual([]);
    await index.takeOver();
    expect(tables(directory)).toHaveLength(1);
    expect(missing(index, 3_000)).toEqual([]);
    await end();
    const { index: last } = await open(directory);
    await Promise.all([last.takeOver(), last.add(entriesOf(3_000, 3_100))]);
    expect(missing(last, 3_100)).toEqual([]);
  });

  it('leaves what others write to them', async () => {
    const directory = temporaryDirectory();
    makeUnits(directory, UNITS);
    const [one, other] = [await open(directory), await open(directory)];
    await one.index.add(entriesOf(0, 10));
    await other.index.takeOver();
    await other.index.add(entriesOf(10, 20));
    expect(tables(directory)).toHaveLength(2);
    expect(missing(one.index, 20)).toEqual([]);
    expect(missing(other.index, 20)).toEqual([]);
  });

  it('forgets units that are gone when it grows', { timeout: 60_000 }, async () => {
    const directory = temporaryDirectory();
    makeUnits(directory, UNITS);
    const { index } = await open(directory);
    for (let round = 0; round < ROUNDS; round += 1) {
      for (let unit = 0; unit < UNITS; unit += 1) {
        rmSync(unitPaths(storeLayout(directory), unitOf(unit)).directory, { recursive: true, force: true });
      }
      makeUnits(directory, 10);
      await index.add(entriesOf(round * 5_000, (round + 1) * 5_000));
    }
    await expect.poll(() => tables(directory).length).toBe(1);
    const size = Number(nodeDisk.version(join(directory, 'index', tables(directory)[0]!))!.size);
    expect(size).toBeLessThan(ROUNDS * 5_000 * 32);
  });

  it('loses nothing when it is closed while it grows', { timeout: 60_000 }, async () => {
    const directory = temporaryDirectory();
    makeUnits(directory, UNITS);
    const { index, end } = await open(directory);
    await index.add(entriesOf(0, 9_000));
    await end();
    const { index: later } = await open(directory);
    await later.takeOver();
    expect(missing(later, 9_000)).toEqual([]);
  });
});
