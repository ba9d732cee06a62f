import { dirname, join } from 'node:path';
import { systemCode } from '../../../system-code.js';
import type { Disk } from '../disk/disk.js';
import type { WorkArea } from '../disk/work-area.js';
import {
  publicationOfHolder,
  unitPaths,
  unitPathsIn,
  type Holder,
  type Layout,
  type UnitPaths,
} from '../layout.js';
import { encodeMarks, isWhole } from './block-marks.js';
import { copyBlocks } from './copy-blocks.js';
import type { DiskFilledFile, UnitPlace } from './filled-file.js';
import type { OpenUnit } from './open-units.js';
import { decodeReference, type Reference } from './reference-codec.js';
import { decodeUnit, encodeUnit } from './unit-codec.js';
import { isBetter, type Unit } from './unit.js';

const NOTHING = new Uint8Array(0);

/**
 * Which units there are and who holds them, for any number of processes without a lock. Two rules make that work: a
 * unit's directory appears whole, by a rename; and it may go once `rmdir holders`, which the system refuses as long as
 * one holder is left, has succeeded. Nobody makes `holders` anew in a directory that lost it.
 */
export class UnitDirectories {
  readonly #disk: Disk;
  readonly #layout: Layout;
  readonly #work: WorkArea;

  constructor(disk: Disk, layout: Layout, work: WorkArea) {
    this.#disk = disk;
    this.#layout = layout;
    this.#work = work;
  }

  /**
   * Puts a unit without any block in its place, or adds its description and holder to the one that is there.
   *
   * @param place where it is going to lie outside of the store, if it can.
   */
  async add(unit: Unit, holder: Holder, place?: UnitPlace): Promise<void> {
    await this.#work.withDirectory(async (prepared) => {
      const paths = unitPathsIn(prepared);
      const start = place && (await this.#link(place.file, paths.data)) ? place.start : undefined;
      if (start === undefined) await this.#disk.create(paths.data, NOTHING);
      await this.describe(paths, unit, encodeMarks(new Uint8Array(unit.layout.count), start), holder);
      await this.install(prepared, unit.name);
    });
  }

  /** Gives a unit a data file of its own, with those blocks that are in the one it lies in. */
  async detach({ unit, files, present }: OpenUnit): Promise<void> {
    const target = unitPaths(this.#layout, unit.name);
    const from = files.find(({ isOurs }) => isOurs);
    await this.#work.withDirectory(async (prepared) => {
      const paths = unitPathsIn(prepared);
      const copied = await copyBlocks(this.#disk, { unit, present, from }, paths.data);
      await this.#disk.create(paths.blocks, copied);
      await this.#disk.create(paths.info, encodeUnit(unit));
      await unlessMissing(this.#replace(paths, target));
    });
  }

  /**
   * Adds to a directory with data what makes it a unit.
   *
   * @param reference goes with the holder: where the blocks are that the data lacks.
   */
  async describe(
    paths: UnitPaths,
    unit: Unit,
    blocks: Uint8Array,
    holder: Holder,
    reference: Uint8Array = NOTHING,
  ): Promise<void> {
    await this.#disk.makeDirectory(paths.holders);
    await this.#disk.create(join(paths.holders, holder), reference);
    await this.#disk.create(paths.blocks, blocks);
    await this.#disk.create(paths.info, encodeUnit(unit));
  }

  /** Puts a prepared unit in its place, or adds what it has to the one that is there. */
  async install(prepared: string, name: string): Promise<void> {
    const target = unitPaths(this.#layout, name);
    await this.#disk.makeDirectory(dirname(target.directory));
    while (!(await this.#disk.rename(prepared, target.directory))) {
      if (await this.#merge(unitPathsIn(prepared), target)) return this.#disk.removeTree(prepared);
      await this.#discard(name);
    }
  }

  /** Adds a holder to a unit that is known at least as well as by `unit`. `false`: there is none. */
  async hold(unit: Unit, holder: Holder): Promise<boolean> {
    const paths = unitPaths(this.#layout, unit.name);
    return (
      this.#disk.exists(paths.data) &&
      this.#disk.exists(paths.blocks) &&
      !isBetter(unit, this.#unitAt(paths)) &&
      (await this.#addHolder(paths, holder))
    );
  }

  /** Corrects what a unit says of the length of its last block, which somebody has who knows that it is right. */
  async correct(unit: Unit): Promise<void> {
    const paths = unitPaths(this.#layout, unit.name);
    // Of the others only where the last block lies tells a length: at the same place.
    if (this.#unitAt(paths)?.layout.count !== unit.layout.count) return;
    await unlessMissing(this.#work.replaceFile(paths.info, encodeUnit(unit)));
  }

  /** Removes a holder, and the unit with its last one. Both may be missing. */
  async release(name: string, holder: string): Promise<void> {
    const paths = unitPaths(this.#layout, name);
    const path = join(paths.holders, holder);
    const hadReference = publicationOfHolder(holder) !== undefined && this.#contentOf(path).length > 0;
    await this.#disk.removeFile(path);
    if ((await this.#disk.removeEmptyDirectory(paths.holders)) !== 'not-empty') await this.#discard(name);
    else if (hadReference) await this.#renew(paths);
  }

  /**
   * Removes a unit that nobody publishes any more. Whoever holds it meanwhile keeps it: the last holder that is found cannot be
   * overlooked, and who has it in use says so before he holds it.
   *
   * @returns whether it is gone by this call: of several at once, one.
   */
  async evict(
    name: string,
    isInUse: () => Promise<boolean>,
    isLiving: (holder: string) => boolean,
  ): Promise<boolean> {
    const { holders } = unitPaths(this.#layout, name);
    const present = await this.#disk.list(holders);
    if (present.some(isLiving) || (await isInUse())) return false;
    const contents = present.map((holder) => this.#contentOf(join(holders, holder)));
    let isOurs = false;
    for (const holder of present) isOurs = await this.#disk.removeFile(join(holders, holder));
    if (present.some(isLiving) || (await isInUse())) {
      // Since just now, and perhaps relying on a holder that was there still.
      for (const [index, holder] of present.entries())
        await unlessMissing(this.#disk.create(join(holders, holder), contents[index] ?? NOTHING));
      return false;
    }
    if ((await this.#disk.removeEmptyDirectory(holders)) === 'not-empty') return false;
    const isDiscarded = await this.#discard(name);
    // Whoever sweeps may find it without a holder meanwhile, and discard it for the one that took the last.
    return present.length > 0 ? isOurs : isDiscarded;
  }

  /** What goes with a holder; `undefined` if that is nothing. */
  reference(name: string, holder: Holder): Reference | undefined {
    return decodeReference(this.#contentOf(join(unitPaths(this.#layout, name).holders, holder)));
  }

  /** Replaces what goes with a holder. */
  async refer(name: string, holder: Holder, reference: Uint8Array): Promise<void> {
    const paths = unitPaths(this.#layout, name);
    if (await this.#putHolder(paths, holder, reference)) await this.#renew(paths);
  }

  /** Removes a holder from these units. */
  async releaseEach(names: Iterable<string>, holder: Holder): Promise<void> {
    for (const name of new Set(names)) await this.release(name, holder);
  }

  /**
   * Removes a holder from all units but those in `keep`, and units without any: whoever sweeps may have taken this one
   * from them just now, and be about to remove them.
   */
  async releaseAll(holder: Holder, keep: ReadonlySet<string> = new Set()): Promise<void> {
    for await (const name of this.all()) {
      if (keep.has(name)) continue;
      const present = this.#disk.listNow(unitPaths(this.#layout, name).holders);
      if (present.length === 0 || present.includes(holder)) await this.release(name, holder);
    }
  }

  /** Removes holders of a unit of which `isLeft` says that nothing stands behind them, and a unit without any holder. */
  async sweep(name: string, isLeft: (holder: string) => boolean): Promise<void> {
    const present = await this.#disk.list(unitPaths(this.#layout, name).holders);
    for (const holder of present.filter(isLeft)) await this.release(name, holder);
    if (present.length === 0) await this.release(name, 'nobody');
  }

  /** The names of all units. */
  async *all(): AsyncGenerator<string> {
    for (const prefix of await this.#disk.list(this.#layout.units)) {
      yield* await this.#disk.list(join(this.#layout.units, prefix));
    }
  }

  /** `false`: the target is being removed. */
  async #merge(source: UnitPaths, target: UnitPaths): Promise<boolean> {
    const unit = this.#unitAt(source);
    let bringsReference = false;
    for (const holder of await this.#disk.list(source.holders)) {
      const reference = this.#contentOf(join(source.holders, holder));
      bringsReference ||= reference.length > 0;
      if (!(await this.#putHolder(target, holder, reference))) return false;
    }
    const isWhole = unit !== undefined && this.#isComplete(source, unit);
    const known = this.#unitAt(target);
    const isOther = unit !== undefined && (bringsReference || isBetter(unit, known));
    // Marks of another number of blocks say nothing here.
    const isOfOtherBlocks = isOther && known !== undefined && known.layout.count !== unit.layout.count;
    if (isWhole || isOfOtherBlocks || !this.#disk.exists(target.data) || !this.#disk.exists(target.blocks)) {
      await this.#replace(source, target);
    } else if (isOther) {
      await this.#disk.rename(source.info, target.info);
    }
    return true;
  }

  async #replace(source: UnitPaths, target: UnitPaths): Promise<void> {
    await this.#disk.rename(source.data, target.data);
    await this.#disk.rename(source.blocks, target.blocks);
    // Last, because its change is what tells an open store to look anew.
    await this.#disk.rename(source.info, target.info);
  }

  /** `false`: the file cannot have another name there, or its path is that of another one by now. */
  async #link(file: DiskFilledFile, name: string): Promise<boolean> {
    if (!(await this.#disk.link(file.path, name))) return false;
    if (file.is(name)) return true;
    await this.#disk.removeFile(name);
    return false;
  }

  /** Instead of one of the same name: a publication may be made anew from another file. */
  #putHolder(target: UnitPaths, holder: string, reference: Uint8Array): Promise<boolean> {
    return unlessMissing(this.#work.replaceFile(join(target.holders, holder), reference));
  }

  #addHolder(target: UnitPaths, holder: string): Promise<boolean> {
    return unlessMissing(this.#disk.create(join(target.holders, holder), NOTHING));
  }

  /** Removes a unit that lost its holders. @returns whether it was there. */
  async #discard(name: string): Promise<boolean> {
    const taken = await this.#work.takeAway(unitPaths(this.#layout, name).directory);
    if (taken === undefined) return false;
    // Another process may have removed the dead one and put a new one in its place just before: back with it.
    const isHeld = (await this.#disk.list(unitPathsIn(taken).holders)).length > 0;
    await (isHeld ? this.install(taken, name) : this.#disk.removeTree(taken));
    return !isHeld;
  }

  /** Lets open stores look anew. */
  async #renew({ info }: UnitPaths): Promise<void> {
    const record = this.#disk.readWhole(info);
    if (record !== undefined) await unlessMissing(this.#work.replaceFile(info, record));
  }

  #contentOf(holder: string): Buffer {
    return this.#disk.readWhole(holder) ?? Buffer.alloc(0);
  }

  #unitAt(paths: UnitPaths): Unit | undefined {
    const record = this.#disk.readWhole(paths.info);
    return record === undefined ? undefined : decodeUnit(record);
  }

  #isComplete(paths: UnitPaths, unit: Unit): boolean {
    const blocks = this.#disk.readWhole(paths.blocks);
    return blocks?.length === unit.layout.count && isWhole(blocks);
  }
}

/** `false`: there is no such directory, or not any more. */
const unlessMissing = async (change: Promise<unknown>): Promise<boolean> => {
  try {
    await change;
    return true;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return false;
    throw error;
  }
};
