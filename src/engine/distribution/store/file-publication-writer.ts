import type { SourceFile } from '../../../driver/index.js';
import type { HashName, Publication, PublicationWriter, SegmentInfo } from '../ports.js';
import { blockCount, describeSegment, SEGMENT_LENGTH } from '../wire/index.js';
import type { BlockHasher } from './block-hasher.js';
import type { Disk } from './disk.js';
import { isSameVersion, isSettled } from './file-version.js';
import { settled } from './in-flight.js';
import { publicationHolder, segmentPathsIn, type SegmentPaths } from './layout.js';
import type { Publications } from './publications.js';
import { encodeReference } from './reference-codec.js';
import { SegmentBeingWritten } from './segment-being-written.js';
import type { SegmentDirectories } from './segment-directories.js';
import { StoreFailure } from './store-failure.js';
import type { WorkArea } from './work-area.js';

/** A small content is done before a worker thread has started. */
export interface PublicationHashers {
  readonly small: BlockHasher;
  readonly large: BlockHasher;
}

export interface PublicationParts {
  readonly disk: Disk;
  readonly work: WorkArea;
  readonly segments: SegmentDirectories;
  readonly publications: Publications;
  readonly hashers: PublicationHashers;
  /** Called when it was completed, or aborted. */
  readonly onEnd: (isComplete: boolean) => void;
}

export interface PublicationPlan {
  readonly contentId: Uint8Array;
  /** Of the content id, in the file system; already claimed. */
  readonly name: string;
  readonly hash: HashName;
  readonly serverKey: Uint8Array;
  /** Declared in advance; `undefined`: unknown. */
  readonly length: number | undefined;
  /** A file to refer to instead of keeping a copy. */
  readonly source: SourceFile | undefined;
}

interface PreparedSegment {
  readonly info: SegmentInfo;
  readonly directory: string;
}

/**
 * Writes a publication segment by segment into the work area; `complete` moves the segments into place and then
 * writes the record that makes the publication known. After a failed append only `abort` is of use.
 *
 * With a source it keeps no bytes, only where they are in that file, and that its version was the same all the time.
 */
export class FilePublicationWriter implements PublicationWriter {
  readonly #parts: PublicationParts;
  readonly #plan: PublicationPlan;
  readonly #prepared: PreparedSegment[] = [];
  #current: { readonly paths: SegmentPaths; readonly data: SegmentBeingWritten } | undefined;
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
    let rest = data;
    while (rest.length > 0) {
      this.#throwUnlessOpen();
      const { data: segment } = (this.#current ??= await this.#beginSegment());
      const taken = rest.subarray(0, segment.room);
      await segment.append(taken, signal);
      this.#length += taken.length;
      rest = rest.subarray(taken.length);
      if (segment.room === 0) await this.#finishSegment();
    }
  }

  async #complete(): Promise<Publication> {
    const { contentId, name, hash, source } = this.#plan;
    const declared = source === undefined ? this.#plan.length : Number(source.version.size);
    if (declared !== undefined && declared !== this.#length) {
      throw new StoreFailure('LENGTH_MISMATCH', `${this.#length} bytes instead of the declared ${declared}`);
    }
    await this.#finishSegment();
    this.requireSameSource();
    const segments = this.#prepared.map(({ info }) => info);
    const record = { contentId, hash, length: this.#length, segmentIds: segments.map(({ id }) => id) };
    for (const { info, directory } of this.#prepared) {
      await this.#parts.segments.install(directory, hexOf(info.id));
    }
    const before = this.#parts.publications.record(name);
    await this.#parts.publications.add(name, record);
    this.#end(true);
    if (before !== undefined) await settled(this.#releaseAllBut(record.segmentIds));
    return { contentId, hash, length: this.#length, segments };
  }

  async #abort(): Promise<void> {
    if (this.#state === 'over') return;
    this.#end(false);
    await this.#current?.data.close();
    for (const directory of [this.#current?.paths.directory, ...this.#prepared.map((one) => one.directory)]) {
      if (directory !== undefined) await this.#parts.disk.removeTree(directory);
    }
    // A publication that an earlier owner finished under this content id keeps its segments.
    await this.#releaseAllBut(this.#parts.publications.record(this.#plan.name)?.segmentIds ?? []);
    await this.#parts.publications.giveBack(this.#plan.name);
  }

  async #beginSegment(): Promise<{ paths: SegmentPaths; data: SegmentBeingWritten }> {
    const paths = segmentPathsIn(this.#parts.work.newPath());
    await this.#parts.disk.makeDirectory(paths.directory);
    const { disk, hashers } = this.#parts;
    const { hash, length, source } = this.#plan;
    const isLarge = Math.max(length ?? 0, this.#length + 1) > SEGMENT_LENGTH;
    const hasher = isLarge ? hashers.large : hashers.small;
    const keepsCopy = source === undefined;
    return { paths, data: new SegmentBeingWritten(paths.data, { disk, hasher, hash, keepsCopy }) };
  }

  async #finishSegment(): Promise<void> {
    if (this.#current === undefined) return;
    const { paths, data } = this.#current;
    const { hash, serverKey, name, source } = this.#plan;
    const blockHashes = await data.finish();
    const info = describeSegment({ hash, serverKey, length: data.length, blockHashes });
    this.#current = undefined;
    this.#prepared.push({ info, directory: paths.directory });
    const blocks = new Uint8Array(blockCount(info)).fill(source === undefined ? 1 : 0);
    const start = this.#length - info.length;
    const reference =
      source && encodeReference({ source, start, isSettled: isSettled(source.version, this.#begunMs) });
    await this.#parts.segments.describe(paths, info, blocks, publicationHolder(name), reference);
  }

  #end(isComplete: boolean): void {
    this.#state = 'over';
    this.#parts.onEnd(isComplete);
  }

  #releaseAllBut(ids: readonly Uint8Array[]): Promise<void> {
    return this.#parts.segments.releaseAll(publicationHolder(this.#plan.name), new Set(ids.map(hexOf)));
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

const hexOf = (id: Uint8Array): string => Buffer.from(id).toString('hex');
