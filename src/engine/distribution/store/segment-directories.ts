import { dirname, join } from 'node:path';
import type { SegmentInfo } from '../ports.js';
import { blockCount } from '../wire/index.js';
import { errorCode, type Disk } from './disk.js';
import { segmentPaths, segmentPathsIn, type Holder, type Layout, type SegmentPaths } from './layout.js';
import { decodeSegmentInfo, encodeSegmentInfo } from './record-codec.js';
import { decodeReference, type Reference } from './reference-codec.js';
import type { WorkArea } from './work-area.js';

const NOTHING = new Uint8Array(0);

/**
 * Which segments there are and who holds them, for any number of processes without a lock. Two rules make that work:
 * a segment's directory appears whole, by a rename; and it may go once `rmdir holders`, which the system refuses as
 * long as one holder is left, has succeeded. Nobody makes `holders` anew in a directory that lost it.
 */
export class SegmentDirectories {
  readonly #disk: Disk;
  readonly #layout: Layout;
  readonly #work: WorkArea;

  constructor(disk: Disk, layout: Layout, work: WorkArea) {
    this.#disk = disk;
    this.#layout = layout;
    this.#work = work;
  }

  /** Puts a segment without any block in its place, or adds its description and holder to the one that is there. */
  async add(info: SegmentInfo, idHex: string, holder: Holder): Promise<void> {
    await this.#work.withDirectory(async (prepared) => {
      const paths = segmentPathsIn(prepared);
      await this.#disk.create(paths.data, NOTHING);
      await this.describe(paths, info, new Uint8Array(blockCount(info)), holder);
      await this.install(prepared, idHex);
    });
  }

  /**
   * Adds to a directory with data what makes it a segment.
   *
   * @param reference goes with the holder: where the blocks are that the data lacks.
   */
  async describe(
    paths: SegmentPaths,
    info: SegmentInfo,
    blocks: Uint8Array,
    holder: Holder,
    reference: Uint8Array = NOTHING,
  ): Promise<void> {
    await this.#disk.makeDirectory(paths.holders);
    await this.#disk.create(join(paths.holders, holder), reference);
    await this.#disk.create(paths.blocks, blocks);
    await this.#disk.create(paths.info, encodeSegmentInfo(info));
  }

  /** Puts a prepared segment in its place, or adds what it has to the one that is there. */
  async install(prepared: string, idHex: string): Promise<void> {
    const target = segmentPaths(this.#layout, idHex);
    await this.#disk.makeDirectory(dirname(target.directory));
    while (!(await this.#disk.rename(prepared, target.directory))) {
      if (await this.#merge(segmentPathsIn(prepared), target)) return this.#disk.removeTree(prepared);
      await this.#discard(idHex);
    }
  }

  /** Adds a holder to a segment that is known at least as well as by `info`. `false`: there is none. */
  async hold(idHex: string, info: SegmentInfo, holder: Holder): Promise<boolean> {
    const paths = segmentPaths(this.#layout, idHex);
    return (
      this.#disk.exists(paths.data) &&
      this.#disk.exists(paths.blocks) &&
      !isBetter(info, this.#infoAt(paths)) &&
      (await this.#addHolder(paths, holder))
    );
  }

  /** Removes a holder, and the segment with its last one. Both may be missing. */
  async release(idHex: string, holder: string): Promise<void> {
    const paths = segmentPaths(this.#layout, idHex);
    const path = join(paths.holders, holder);
    const hadReference = this.#hasReference(path);
    await this.#disk.removeFile(path);
    if ((await this.#disk.removeEmptyDirectory(paths.holders)) !== 'not-empty') await this.#discard(idHex);
    else if (hadReference) await this.#renew(paths);
  }

  /** What goes with a holder; `undefined` if that is nothing. */
  reference(idHex: string, holder: Holder): Reference | undefined {
    const record = this.#disk.readWhole(join(segmentPaths(this.#layout, idHex).holders, holder));
    return record === undefined ? undefined : decodeReference(record);
  }

  /** Replaces what goes with a holder. */
  async refer(idHex: string, holder: Holder, reference: Uint8Array): Promise<void> {
    const paths = segmentPaths(this.#layout, idHex);
    if (await this.#putHolder(paths, holder, reference)) await this.#renew(paths);
  }

  /** Removes a holder from all segments but those in `keep`. */
  async releaseAll(holder: Holder, keep: ReadonlySet<string> = new Set()): Promise<void> {
    for await (const idHex of this.all()) {
      if (keep.has(idHex)) continue;
      if (this.#disk.exists(join(segmentPaths(this.#layout, idHex).holders, holder))) {
        await this.release(idHex, holder);
      }
    }
  }

  /** Removes holders of which `isLeft` says that nothing stands behind them, and segments without any holder. */
  async sweep(isLeft: (holder: string) => boolean): Promise<void> {
    for await (const idHex of this.all()) {
      const { holders } = segmentPaths(this.#layout, idHex);
      const present = await this.#disk.list(holders);
      for (const holder of present.filter(isLeft)) await this.release(idHex, holder);
      if (present.length === 0) await this.release(idHex, 'nobody');
    }
  }

  async *all(): AsyncGenerator<string> {
    for (const prefix of await this.#disk.list(this.#layout.segments)) {
      yield* await this.#disk.list(join(this.#layout.segments, prefix));
    }
  }

  /** `false`: the target is being removed. */
  async #merge(source: SegmentPaths, target: SegmentPaths): Promise<boolean> {
    const info = this.#infoAt(source);
    let bringsReference = false;
    for (const holder of await this.#disk.list(source.holders)) {
      const reference = this.#disk.readWhole(join(source.holders, holder)) ?? NOTHING;
      bringsReference ||= reference.length > 0;
      if (!(await this.#putHolder(target, holder, reference))) return false;
    }
    const isWhole = info !== undefined && this.#isComplete(source, info);
    if (isWhole || !this.#disk.exists(target.data) || !this.#disk.exists(target.blocks)) {
      await this.#disk.rename(source.data, target.data);
      await this.#disk.rename(source.blocks, target.blocks);
      // Last, because its change is what tells an open store to look anew.
      await this.#disk.rename(source.info, target.info);
    } else if (info !== undefined && (bringsReference || isBetter(info, this.#infoAt(target)))) {
      await this.#disk.rename(source.info, target.info);
    }
    return true;
  }

  /** Instead of one of the same name: a publication may be made anew from another file. */
  #putHolder(target: SegmentPaths, holder: string, reference: Uint8Array): Promise<boolean> {
    return unlessMissing(this.#work.replaceFile(join(target.holders, holder), reference));
  }

  #addHolder(target: SegmentPaths, holder: string): Promise<boolean> {
    return unlessMissing(this.#disk.create(join(target.holders, holder), NOTHING));
  }

  /** Removes a segment that lost its holders. */
  async #discard(idHex: string): Promise<void> {
    const taken = await this.#work.takeAway(segmentPaths(this.#layout, idHex).directory);
    if (taken === undefined) return;
    // Another process may have removed the dead one and put a new one in its place just before: back with it.
    const isHeld = (await this.#disk.list(segmentPathsIn(taken).holders)).length > 0;
    await (isHeld ? this.install(taken, idHex) : this.#disk.removeTree(taken));
  }

  /** Lets open stores look anew. */
  async #renew({ info }: SegmentPaths): Promise<void> {
    const record = this.#disk.readWhole(info);
    if (record !== undefined) await unlessMissing(this.#work.replaceFile(info, record));
  }

  #hasReference(holder: string): boolean {
    return (this.#disk.readWhole(holder)?.length ?? 0) > 0;
  }

  #infoAt(paths: SegmentPaths): SegmentInfo | undefined {
    const record = this.#disk.readWhole(paths.info);
    return record === undefined ? undefined : decodeSegmentInfo(record);
  }

  #isComplete(paths: SegmentPaths, info: SegmentInfo): boolean {
    const blocks = this.#disk.readWhole(paths.blocks);
    return blocks?.length === blockCount(info) && blocks.every((block) => block === 1);
  }
}

/** Whether `info` lists more blocks than what is known; a damaged record is known as nothing. */
const isBetter = (info: SegmentInfo, known: SegmentInfo | undefined): boolean =>
  known === undefined || info.blockHashes.length > known.blockHashes.length;

/** `false`: there is no such directory, or not any more. */
const unlessMissing = async (change: Promise<unknown>): Promise<boolean> => {
  try {
    await change;
    return true;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')) return false;
    throw error;
  }
};
