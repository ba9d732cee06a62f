import type { SourceFile } from '../../../../driver/index.js';
import type { Publication, PublicationWriter, SegmentHash } from '../../ports.js';
import type { SegmentCutter } from '../../segmentation/index.js';
import { SEGMENT_LENGTH } from '../../wire/index.js';
import type { Disk } from '../disk/disk.js';
import { isSameVersion, isSettled } from '../disk/file-version.js';
import { settled } from '../disk/in-flight.js';
import type { WorkArea } from '../disk/work-area.js';
import type { BlockHasher } from '../hashing/block-hasher.js';
import { publicationHolder, unitPathsIn, type UnitPaths } from '../layout.js';
import { StoreFailure } from '../store-failure.js';
import { encodeReference } from '../units/reference-codec.js';
import { unitOf, type Unit } from '../units/unit.js';
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
  /** Called when a unit is in place with all its blocks. */
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
  /** A file to refer to instead of keeping a copy. */
  readonly source: SourceFile | undefined;
}

interface PreparedUnit {
  readonly unit: Unit;
  readonly directory: string;
}

/**
 * Writes a publication unit by unit into the work area; `complete` moves the units into place and then writes the record
 * that makes the publication known. After a failed append only `abort` is of use.
 *
 * With a source it keeps no bytes, only where they are in that file, and that its version was the same all the time.
 */
export class DiskPublicationWriter implements PublicationWriter {
  readonly #parts: PublicationParts;
  readonly #plan: PublicationPlan;
  readonly #prepared: PreparedUnit[] = [];
  #current: { readonly paths: UnitPaths; readonly data: UnitBeingWritten } | undefined;
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
    if (source === undefined) return;
    const version = this.#parts.disk.version(source.path);
    if (version === undefined || !isSameVersion(version, source.version)) {
      throw new StoreFailure('SOURCE_CHANGED', `${source.path} has changed while it was published`);
    }
  }

  append(data: Uint8Array, signal?: AbortSignal): Promise<void> {
    return this.#enqueue(() => this.#attempt(() => this.#append(data, signal)));
  }

  complete(): Promise<Publication> {
    return this.#enqueue(() => this.#attempt(() => this.#complete()));
  }

  /** What cannot be removed now is swept away by the next process that opens the store. Never rejects. */
  abort(): Promise<void> {
    if (this.#state === 'open') this.#state = 'failed';
    return settled(this.#enqueue(() => this.#abort()));
  }

  async #append(data: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    const declared = this.#plan.length ?? Infinity;
    if (this.#length + data.length > declared) {
      throw new StoreFailure('LENGTH_MISMATCH', `more than the ${declared} bytes that were declared`);
    }
    for (let taken = 0; taken < data.length;) {
      this.#throwUnlessOpen();
      const { data: unit } = (this.#current ??= await this.#beginUnit());
      const count = await unit.append(data.subarray(taken), signal);
      this.#length += count;
      taken += count;
      if (unit.isFull) await this.#finishUnit();
    }
  }

  async #complete(): Promise<Publication> {
    const { contentId, name, hash, source } = this.#plan;
    const declared = source === undefined ? this.#plan.length : Number(source.version.size);
    if (declared !== undefined && declared !== this.#length) {
      throw new StoreFailure('LENGTH_MISMATCH', `${this.#length} bytes instead of the declared ${declared}`);
    }
    await this.#finishUnit();
    this.requireSameSource();
    for (const { unit, directory } of this.#prepared) {
      await this.#parts.directories.install(directory, unit.name);
      await this.#parts.onInstalled(unit);
    }
    const units = this.#prepared.map(({ unit }) => unit.name);
    const before = this.#parts.publications.record(name);
    await this.#parts.publications.add(name, { contentId, hash, length: this.#length, units });
    this.#end(true);
    if (before !== undefined) await settled(this.#releaseAllBut(units));
    const segments = this.#prepared.flatMap(({ unit }) => unit.segments);
    return { contentId, hash, length: this.#length, segments };
  }

  async #abort(): Promise<void> {
    if (this.#state === 'over') return;
    this.#end(false);
    await this.#current?.data.close();
    for (const directory of [this.#current?.paths.directory, ...this.#prepared.map((one) => one.directory)]) {
      if (directory !== undefined) await this.#parts.disk.removeTree(directory);
    }
    // A publication that an earlier owner finished under this content id keeps its units.
    await this.#releaseAllBut(this.#parts.publications.record(this.#plan.name)?.units ?? []);
    await this.#parts.publications.giveBack(this.#plan.name);
  }

  async #beginUnit(): Promise<{ paths: UnitPaths; data: UnitBeingWritten }> {
    const paths = unitPathsIn(this.#parts.work.newPath());
    await this.#parts.disk.makeDirectory(paths.directory);
    const { disk, hashers } = this.#parts;
    const { hash, length, source, cutter } = this.#plan;
    const isLarge = Math.max(length ?? 0, this.#length + 1) > SEGMENT_LENGTH;
    const hasher = isLarge ? hashers.large : hashers.small;
    const options = { disk, hasher, hash, cutter, keepsCopy: source === undefined };
    return { paths, data: new UnitBeingWritten(paths.data, options) };
  }

  async #finishUnit(): Promise<void> {
    if (this.#current === undefined) return;
    const { paths, data } = this.#current;
    const { serverKey, name, source } = this.#plan;
    const unit = unitOf(await data.finish(serverKey));
    this.#current = undefined;
    this.#prepared.push({ unit, directory: paths.directory });
    const blocks = new Uint8Array(unit.layout.count).fill(source === undefined ? 1 : 0);
    const start = this.#length - data.length;
    const reference =
      source && encodeReference({ source, start, isSettled: isSettled(source.version, this.#begunMs) });
    await this.#parts.directories.describe(paths, unit, blocks, publicationHolder(name), reference);
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
