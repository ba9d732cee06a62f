import type { FileVersion, SourceFile } from '../../../../driver/index.js';
import type { Publication, PublicationWriter, SegmentHash } from '../../ports.js';
import type { SegmentCutter } from '../../segmentation/index.js';
import { SEGMENT_LENGTH } from '../../wire/index.js';
import type { Disk } from '../disk/disk.js';
import { isSameVersion, isSettled } from '../disk/file-version.js';
import { settled } from '../disk/in-flight.js';
import { RecordReader } from '../disk/record-reader.js';
import type { WorkArea } from '../disk/work-area.js';
import type { BlockHasher } from '../hashing/block-hasher.js';
import { publicationHolder, unitPathsIn } from '../layout.js';
import { StoreFailure } from '../store-failure.js';
import { encodeReference } from '../units/reference-codec.js';
import { isRunName, unitOf, type Unit } from '../units/unit.js';
import type { UnitDirectories } from '../units/unit-directories.js';
import type { Publications } from './publications.js';
import { UnitBeingWritten } from './unit-being-written.js';

/** A small content is done before a worker thread has started. */
export interface PublicationHashers {
  readonly small: BlockHasher;
  readonly large: BlockHasher;
}

export interface PublicationParts {
  readonly disk: Disk;
  readonly work: WorkArea;
  readonly directories: UnitDirectories;
  readonly publications: Publications;
  readonly hashers: PublicationHashers;
  /** Called when a run is in place with all its blocks. */
  readonly onInstalled: (unit: Unit) => Promise<void>;
  /** Called when it was completed, or aborted. */
  readonly onEnd: (isComplete: boolean) => void;
}

export interface PublicationPlan {
  readonly contentId: Uint8Array;
  /** Of the content id, in the file system; already claimed. */
  readonly name: string;
  readonly hash: SegmentHash;
  readonly cutter: SegmentCutter;
  readonly serverKey: Uint8Array;
  /** Declared in advance; `undefined`: unknown. */
  readonly length: number | undefined;
  /** A file that has the bytes. */
  readonly source: SourceFile | undefined;
  /** Without a source always; otherwise only where the bytes are in that is kept. */
  readonly keepsCopy: boolean;
}

interface UnitUnderWay {
  /** Where it lies until it is moved into place. */
  readonly directory: string;
  /** `undefined` once it is finished: a large content has many units, and what is in them is on disk by then. */
  data: UnitBeingWritten | undefined;
  /** Once all its bytes are there: its name, when they are hashed, and all is written that will be moved into place. */
  finished?: Promise<string>;
}

type GrowingUnit = UnitUnderWay & { readonly data: UnitBeingWritten };

/** Units that may be unfinished at a time, so that threads need not wait for each other at the end of each. */
const MOST_UNFINISHED = 3;

/**
 * Writes a publication unit by unit into the work area; `complete` moves the units into place and then writes the record
 * that makes the publication known. After a failed append only `abort` is of use.
 *
 * By reference it keeps no bytes, only where they are in the source, and that its version was the same all the time.
 */
export class DiskPublicationWriter implements PublicationWriter {
  readonly #parts: PublicationParts;
  readonly #plan: PublicationPlan;
  /** In the order of the content, {@link #current} included. */
  readonly #units: UnitUnderWay[] = [];
  /** Names of those that are in their place, or on their way there. */
  readonly #installed: string[] = [];
  #current: GrowingUnit | undefined;
  /** Of the source, while it is read here. */
  #fd: number | undefined;
  /** For those who read it on other threads. */
  readonly #stop = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  readonly #begunMs = Date.now();
  #length = 0;
  #state: 'open' | 'failed' | 'over' = 'open';
  /** Calls run one after the other whatever the caller does. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(parts: PublicationParts, plan: PublicationPlan) {
    this.#parts = parts;
    this.#plan = plan;
  }

  /** Call it before the first byte of the source is read. @throws StoreFailure SOURCE_CHANGED */
  requireSameSource(): void {
    const { source } = this.#plan;
    if (source !== undefined) this.#requireVersion(this.#parts.disk.version(source.path), source);
  }

  append(data: Uint8Array, signal?: AbortSignal): Promise<void> {
    return this.#enqueue(() => this.#attempt(() => this.#append(data, signal)));
  }

  appendFromSource(length: number, signal?: AbortSignal): Promise<void> {
    return this.#enqueue(() => this.#attempt(() => this.#appendFromSource(length, signal)));
  }

  complete(): Promise<Publication> {
    return this.#enqueue(() => this.#attempt(() => this.#complete()));
  }

  /** What cannot be removed now is swept away by the next process that opens the store. Never rejects. */
  abort(): Promise<void> {
    if (this.#state === 'open') this.#state = 'failed';
    this.#stopReading();
    return settled(this.#enqueue(() => this.#abort()));
  }

  #append(data: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    return this.#fill(data.length, (unit, taken) => unit.append(data.subarray(taken), signal));
  }

  async #appendFromSource(length: number, signal: AbortSignal | undefined): Promise<void> {
    const stop = (): void => this.#stopReading();
    signal?.addEventListener('abort', stop);
    try {
      const fd = (this.#fd ??= this.#openSource());
      await this.#fill(length, (unit, taken) => {
        signal?.throwIfAborted();
        return unit.appendFile({ fd, position: this.#length }, length - taken, this.#stop);
      });
      signal?.throwIfAborted();
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  /** @param take puts some of the bytes behind those taken already into a unit, and answers how many. */
  async #fill(
    length: number,
    take: (unit: UnitBeingWritten, taken: number) => Promise<number>,
  ): Promise<void> {
    const declared = this.#plan.length ?? Infinity;
    if (this.#length + length > declared) {
      throw new StoreFailure('LENGTH_MISMATCH', `more than the ${declared} bytes that were declared`);
    }
    for (let taken = 0; taken < length;) {
      this.#throwUnlessOpen();
      const { data } = (this.#current ??= await this.#beginUnit());
      const count = await take(data, taken);
      this.#length += count;
      taken += count;
      if (data.isFull) this.#endUnit();
    }
  }

  async #complete(): Promise<Publication> {
    const { contentId, name, hash, source, keepsCopy } = this.#plan;
    const declared = source === undefined ? this.#plan.length : Number(source.version.size);
    if (declared !== undefined && declared !== this.#length) {
      throw new StoreFailure('LENGTH_MISMATCH', `${this.#length} bytes instead of the declared ${declared}`);
    }
    this.#endUnit();
    const units = await Promise.all(this.#units.flatMap(({ finished }) => finished ?? []));
    this.#closeSource();
    if (!keepsCopy) this.requireSameSource();
    const { disk, directories, publications, onInstalled } = this.#parts;
    const reader = new RecordReader(disk);
    for (const [index, unit] of units.entries()) {
      this.#installed.push(unit);
      await directories.install(this.#units[index]?.directory ?? '', unit);
      if (isRunName(unit)) await onInstalled(publications.unit(unit, reader));
    }
    const before = publications.record(name);
    const record = { contentId, hash, length: this.#length, units };
    await publications.add(name, record);
    this.#end(true);
    if (before !== undefined) await settled(this.#releaseAllBut(units));
    return publications.described(record);
  }

  async #abort(): Promise<void> {
    if (this.#state === 'over') return;
    this.#end(false);
    for (const { data, finished } of this.#units) {
      await settled(Promise.resolve(finished));
      await data?.close();
    }
    this.#closeSource();
    for (const { directory } of this.#units) await this.#parts.disk.removeTree(directory);
    const { directories, publications } = this.#parts;
    const { name } = this.#plan;
    // A publication that an earlier owner finished under this content id keeps its units.
    const before = publications.record(name);
    await (before === undefined
      ? directories.releaseEach(this.#installed, publicationHolder(name))
      : this.#releaseAllBut(before.units));
    await publications.giveBack(name);
  }

  async #beginUnit(): Promise<GrowingUnit> {
    await this.#units.at(-MOST_UNFINISHED)?.finished;
    const paths = unitPathsIn(this.#parts.work.newPath());
    await this.#parts.disk.makeDirectory(paths.directory);
    const { disk, hashers } = this.#parts;
    const { hash, length = 0, cutter, keepsCopy } = this.#plan;
    const isLarge = Math.max(length, this.#length + 1) > SEGMENT_LENGTH;
    const hasher = isLarge ? hashers.large : hashers.small;
    const data = new UnitBeingWritten(paths.data, { disk, hasher, hash, cutter, keepsCopy });
    const unit = { directory: paths.directory, data };
    this.#units.push(unit);
    return unit;
  }

  /** All bytes of the current unit are there. */
  #endUnit(): void {
    const unit = this.#current;
    if (unit === undefined) return;
    this.#current = undefined;
    unit.finished = this.#finishUnit(unit, unit.data, this.#length - unit.data.length);
    // Whoever waits for it hears of a failure, and before the publication is complete somebody does.
    void settled(unit.finished);
  }

  async #finishUnit(place: UnitUnderWay, data: UnitBeingWritten, start: number): Promise<string> {
    const { serverKey, name, source, keepsCopy } = this.#plan;
    const unit = unitOf(await data.finish(serverKey));
    const blocks = new Uint8Array(unit.layout.count).fill(keepsCopy ? 1 : 0);
    const reference =
      source === undefined || keepsCopy
        ? undefined
        : encodeReference({ source, start, isSettled: isSettled(source.version, this.#begunMs) });
    const paths = unitPathsIn(place.directory);
    await this.#parts.directories.describe(paths, unit, blocks, publicationHolder(name), reference);
    place.data = undefined;
    return unit.name;
  }

  #openSource(): number {
    const { disk } = this.#parts;
    const { source } = this.#plan;
    if (source === undefined) throw new RangeError('there is no source');
    const fd = disk.openToRead(source.path);
    if (fd === undefined) throw sourceChanged(source);
    try {
      this.#requireVersion(disk.version(fd), source);
    } catch (error) {
      disk.close(fd);
      throw error;
    }
    return fd;
  }

  /** Call it when nobody reads any more. */
  #closeSource(): void {
    if (this.#fd !== undefined) this.#parts.disk.close(this.#fd);
    this.#fd = undefined;
  }

  #stopReading(): void {
    Atomics.store(this.#stop, 0, 1);
  }

  #requireVersion(version: FileVersion | undefined, source: SourceFile): void {
    if (version === undefined || !isSameVersion(version, source.version)) throw sourceChanged(source);
  }

  #end(isComplete: boolean): void {
    this.#state = 'over';
    this.#parts.onEnd(isComplete);
  }

  #releaseAllBut(units: readonly string[]): Promise<void> {
    return this.#parts.directories.releaseAll(publicationHolder(this.#plan.name), new Set(units));
  }

  #throwUnlessOpen(): void {
    if (this.#state === 'open') return;
    throw new StoreFailure('CLOSED', 'the publication was completed or aborted, or an append to it failed');
  }

  async #attempt<Result>(action: () => Promise<Result>): Promise<Result> {
    this.#throwUnlessOpen();
    try {
      return await action();
    } catch (error) {
      if (this.#state === 'open') this.#state = 'failed';
      throw error;
    }
  }

  #enqueue<Result>(action: () => Promise<Result>): Promise<Result> {
    const result = this.#queue.then(action);
    this.#queue = result.catch(() => undefined);
    return result;
  }
}

const sourceChanged = ({ path }: SourceFile): StoreFailure =>
  new StoreFailure('SOURCE_CHANGED', `${path} has changed while it was published`);
