import { join } from 'node:path';
import type { SourceFile } from '../../../../driver/index.js';
import type { Publication, SegmentInfo } from '../../ports.js';
import type { Disk } from '../disk/disk.js';
import { RecordReader } from '../disk/record-reader.js';
import type { WorkArea } from '../disk/work-area.js';
import { isOwnerAlive } from '../process-owner.js';
import {
  publicationHolder,
  publicationOfHolder,
  publicationPaths,
  unitPaths,
  type Layout,
} from '../layout.js';
import { StoreFailure } from '../store-failure.js';
import { encodeReference } from '../units/reference-codec.js';
import { decodeUnitCalled } from '../units/unit-codec.js';
import type { Unit } from '../units/unit.js';
import type { UnitDirectories } from '../units/unit-directories.js';
import { decodePublication, encodePublication, type PublicationRecord } from './publication-codec.js';

/**
 * The finished publications and who makes or made them. A publication outlives its process, so that a crash takes
 * nothing back that was promised to others; its content id is free again once that process is gone, and it is kept like
 * what was fetched: nobody else would ever take it back.
 */
export class Publications {
  readonly #disk: Disk;
  readonly #layout: Layout;
  readonly #work: WorkArea;
  readonly #directories: UnitDirectories;
  readonly #onDamage: (path: string) => void;

  constructor(parts: {
    readonly disk: Disk;
    readonly layout: Layout;
    readonly work: WorkArea;
    readonly directories: UnitDirectories;
    readonly onDamage: (path: string) => void;
  }) {
    this.#disk = parts.disk;
    this.#layout = parts.layout;
    this.#work = parts.work;
    this.#directories = parts.directories;
    this.#onDamage = parts.onDamage;
  }

  /** Reserves a content id for this store. @throws StoreFailure ALREADY_EXISTS if a living owner has it. */
  async claim(name: string): Promise<void> {
    const { directory, owner } = publicationPaths(this.#layout, name);
    await this.#disk.makeDirectory(this.#layout.publications);
    const isNew = await this.#work.withDirectory(async (prepared) => {
      await this.#disk.create(join(prepared, 'owner'), Buffer.from(this.#work.owner));
      return this.#disk.rename(prepared, directory);
    });
    if (isNew) return;
    if (this.#isOwned(name)) throw alreadyExists();
    await this.#work.replaceFile(owner, Buffer.from(this.#work.owner));
    // Two that find the same dead owner at the same time: the later one wins.
    if (this.#disk.readWhole(owner)?.toString('latin1') !== this.#work.owner) throw alreadyExists();
  }

  /** Gives a reserved content id back; a publication that a dead owner finished under it stays. */
  async giveBack(name: string): Promise<void> {
    const { directory, owner } = publicationPaths(this.#layout, name);
    await this.#disk.removeFile(owner);
    await this.#disk.removeEmptyDirectory(directory);
  }

  /** Makes a publication known whose units are in place, instead of an earlier one with this content id. */
  async add(name: string, record: PublicationRecord): Promise<void> {
    const { directory, record: path } = publicationPaths(this.#layout, name);
    await this.#disk.makeDirectory(directory);
    await this.#work.replaceFile(path, encodePublication(record));
  }

  /** `undefined` if there is none, or if it or one of its units is damaged. */
  find(name: string): Publication | undefined {
    const record = this.record(name);
    const reader = new RecordReader(this.#disk);
    const isWhole = record?.units.every((unit) => this.#unit(unit, reader) !== undefined) === true;
    return isWhole ? this.described(record) : undefined;
  }

  /** A publication whose units are in place. */
  described({ contentId, hash, length, units }: PublicationRecord): Publication {
    return { contentId, hash, length, segments: { [Symbol.iterator]: () => this.#segmentsOf(units) } };
  }

  /** A unit of a publication, good until `reader` reads another one. @throws StoreFailure GONE */
  unit(name: string, reader: RecordReader): Unit {
    const unit = this.#unit(name, reader);
    if (unit === undefined) {
      throw new StoreFailure('GONE', 'something of the publication was removed or damaged meanwhile');
    }
    return unit;
  }

  record(name: string): PublicationRecord | undefined {
    const { record: path } = publicationPaths(this.#layout, name);
    const bytes = this.#disk.readWhole(path);
    const record = bytes === undefined ? undefined : decodePublication(bytes);
    if (bytes !== undefined && record === undefined) this.#onDamage(path);
    return record;
  }

  /** The file that a publication refers to; `undefined` if it has a copy, or there is none. */
  source(name: string): SourceFile | undefined {
    const [first] = this.record(name)?.units ?? [];
    if (first === undefined) return undefined;
    return this.#directories.reference(first, publicationHolder(name))?.source;
  }

  /** Lets a publication refer to a file that was found to have its bytes. */
  async refer(name: string, source: SourceFile, isSettled: boolean): Promise<void> {
    const reader = new RecordReader(this.#disk);
    let start = 0;
    for (const unitName of this.record(name)?.units ?? []) {
      const layout = this.#unit(unitName, reader)?.layout;
      if (layout === undefined) return;
      const reference = encodeReference({ source, start, isSettled });
      await this.#directories.refer(unitName, publicationHolder(name), reference);
      start += layout.startOf(layout.count);
    }
  }

  /** `false`: no such publication. */
  async remove(name: string): Promise<boolean> {
    const { directory, record: path } = publicationPaths(this.#layout, name);
    if (!this.#disk.exists(path)) return false;
    const record = this.record(name);
    const taken = await this.#work.takeAway(directory);
    if (taken === undefined) return false;
    await this.#disk.removeTree(taken);
    const holder = publicationHolder(name);
    // Looking through all units for those of one publication would make many publications take for ever to go.
    await (record === undefined
      ? this.#directories.releaseAll(holder)
      : this.#directories.releaseEach(record.units, holder));
    return true;
  }

  /** Whether a holder stands for a publication that neither exists nor is being made. */
  isLeft(holder: string): boolean {
    const name = publicationOfHolder(holder);
    if (name === undefined) return false;
    return !this.#disk.exists(publicationPaths(this.#layout, name).record) && !this.#isOwned(name);
  }

  /**
   * Tells of a holder, for one look through many units, whether it stands for a publication of a process that still runs:
   * its store need not be open, as the service may be switched off.
   */
  lookForLiving(): (holder: string) => boolean {
    const living = new Map<string, boolean>();
    return (holder) => {
      const owner = this.#ownerOf(publicationOfHolder(holder));
      if (owner === undefined) return false;
      const isLiving = living.get(owner) ?? isOwnerAlive(owner);
      living.set(owner, isLiving);
      return isLiving;
    };
  }

  /** Removes reservations of processes that are no more, and what is left of their publications when the units are gone. */
  async sweep(): Promise<void> {
    const isLiving = this.lookForLiving();
    for (const name of await this.#disk.list(this.#layout.publications)) {
      if (this.isLeft(`p-${name}`)) await this.giveBack(name);
      else if (!isLiving(`p-${name}`) && this.#isEmpty(name)) await this.remove(name);
    }
  }

  #ownerOf(name: string | undefined): string | undefined {
    return name && this.#disk.readWhole(publicationPaths(this.#layout, name).owner)?.toString('latin1');
  }

  #isEmpty(name: string): boolean {
    const units = this.record(name)?.units;
    return units?.every((unit) => !this.#disk.exists(unitPaths(this.#layout, unit).directory)) === true;
  }

  #isOwned(name: string): boolean {
    const owner = this.#ownerOf(name);
    return owner !== undefined && this.#work.isOpen(owner);
  }

  *#segmentsOf(names: readonly string[]): Generator<SegmentInfo, void> {
    const reader = new RecordReader(this.#disk);
    for (const name of names) yield* this.unit(name, reader).segments;
  }

  /** The name tells the segments, so it is never another one. */
  #unit(name: string, reader: RecordReader): Unit | undefined {
    const { info: path } = unitPaths(this.#layout, name);
    const unit = decodeUnitCalled(name, reader.read(path));
    if (unit !== undefined) return unit;
    this.#onDamage(path);
    return undefined;
  }
}

const alreadyExists = (): StoreFailure =>
  new StoreFailure('ALREADY_EXISTS', 'the content id is already published, or being published');
