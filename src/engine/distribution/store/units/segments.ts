import type { SegmentInfo } from '../../ports.js';
import { LOOK_AGE_MS } from '../../look-age.js';
import type { Holder } from '../layout.js';
import type { SegmentIndex } from '../segment-index/segment-index.js';
import { AdoptedUnit } from './adopted-unit.js';
import { isWhole } from './block-marks.js';
import { DiskSegment } from './disk-segment.js';
import type { Place } from './place.js';
import { hasBlock, isWritable, type OpenUnit, type OpenUnits } from './open-units.js';
import type { UnitPlace } from './filled-file.js';
import type { UnitDirectories } from './unit-directories.js';
import { isRun, isRunName, nameOfSegment, unitOf, type Unit } from './unit.js';
import { UnitWriter, type UnitWriterParts } from './unit-writer.js';

/** Finds segments wherever they lie, and makes room for those that are to be fetched. */
export class Segments {
  readonly #units: OpenUnits;
  readonly #directories: UnitDirectories;
  readonly #index: SegmentIndex;
  readonly #writer: UnitWriter;

  constructor(parts: UnitWriterParts) {
    this.#units = parts.units;
    this.#directories = parts.directories;
    this.#index = parts.index;
    this.#writer = new UnitWriter(parts);
  }

  /** A segment of version 1 that is held, or one of version 2 that is here. @param maxAgeMs of the last look at the disk. */
  find(id: Uint8Array, maxAgeMs = 0): DiskSegment | undefined {
    const name = nameOfSegment(id);
    const info = this.#units.lookUp(name, maxAgeMs)?.unit.segments[0];
    if (info !== undefined) return this.#segment(info, [{ unit: name, first: 0 }]).markFresh();
    const places = this.#placesInRuns(id, maxAgeMs);
    const [first] = places;
    const found = first && this.#units.lastSeen(first.unit)?.unit.segments[first.first];
    return found && this.#segment(found, places).markFresh();
  }

  /**
   * @param infos one of version 1, or those of version 2 that follow one another.
   * @param place where they are going to lie outside of the store, if they are not here yet.
   */
  async adopt(infos: readonly SegmentInfo[], holder: Holder, place?: UnitPlace): Promise<AdoptedUnit> {
    const unit = unitOf(infos);
    if (!(await this.#directories.hold(unit, holder))) await this.#directories.add(unit, holder, place);
    const own = await this.#open(unit.name);
    if (place !== undefined && own?.filled === place.file) place.file.holds(unit.name);
    if (isRun(unit)) this.#index.look();
    return new AdoptedUnit(unit, this.#units, this.#writer, (id) => this.#placesInRuns(id, LOOK_AGE_MS));
  }

  /** A run has got all its blocks. */
  installed(run: Unit): Promise<void> {
    return this.#index.add(entriesOf(run, () => true));
  }

  /** Notes what is in a unit, unless that has been done. */
  async reindex(name: string): Promise<void> {
    const open = isRunName(name) ? this.#units.lookUp(name) : undefined;
    if (open === undefined) return;
    const entries = entriesOf(open.unit, (block) => hasBlock(open, block));
    const [first] = entries;
    if (first === undefined) return;
    const [id, place] = first;
    const isNoted = this.#index.find(id).some((known) => isSame(known, place));
    if (!isNoted) await this.#index.add(entries);
  }

  /** As something that can be written to, or need not be. */
  async #open(name: string): Promise<OpenUnit | undefined> {
    const open = this.#units.lookUp(name);
    if (open === undefined || isWritable(open)) return open;
    const isReadable = open.files.some(({ isOurs }) => isOurs);
    if (isReadable && isWhole(open.present)) return open;
    return this.#units.use(name, async (unit) => {
      await this.#directories.detach(unit);
      return this.#units.lookUp(name);
    });
  }

  #segment(info: SegmentInfo, places: readonly Place[]): DiskSegment {
    return new DiskSegment(info, this.#units, places, this.#writer);
  }

  /** Where a segment of version 2 is, those places first where its bytes are. */
  #placesInRuns(id: Uint8Array, maxAgeMs = 0): readonly Place[] {
    const here: Place[] = [];
    const empty: Place[] = [];
    for (const place of this.#index.find(id, maxAgeMs)) {
      const open = this.#units.lookUp(place.unit, maxAgeMs);
      if (open === undefined || !isAt(open, place, id)) this.#index.remove(id, place);
      else (hasBlock(open, place.first) ? here : empty).push(place);
    }
    return [...here, ...empty];
  }
}

const isAt = ({ unit }: OpenUnit, { first }: Place, id: Uint8Array): boolean => {
  const found = unit.segments[first]?.id;
  return found !== undefined && Buffer.compare(found, id) === 0;
};

const isSame = (one: Place, other: Place): boolean => one.unit === other.unit && one.first === other.first;

/** Each segment of a unit that is there, once. */
const entriesOf = (
  { name, segments }: Unit,
  isHere: (block: number) => boolean,
): readonly (readonly [id: Uint8Array, place: Place])[] => {
  const entries = new Map<string, readonly [Uint8Array, Place]>();
  for (const [first, { id }] of segments.entries()) {
    const key = nameOfSegment(id);
    if (isHere(first) && !entries.has(key)) entries.set(key, [id, { unit: name, first }]);
  }
  return [...entries.values()];
};
