import type { CacheEvent, EvictionReason, PublicationEvent } from '../../../driver/index.js';
import type {
  AdoptedSegments,
  CacheLimitsNow,
  ContentCache,
  ContentStore,
  FilePlace,
  FilledFile,
  Publication,
  PublicationRequest,
  PublicationWriter,
  ScratchFile,
  SegmentInfo,
  StoredSegment,
} from '../ports.js';
import { createSegmentCutter, DEFAULT_SEGMENTATION } from '../segmentation/index.js';
import { deriveServerKey, versionOf } from '../wire/index.js';
import { CacheKeeper } from './cache/cache-keeper.js';
import { Departures } from './cache/departures.js';
import { UnitPins } from './cache/unit-pins.js';
import { nodeDisk, type Disk } from './disk/disk.js';
import { InFlight } from './disk/in-flight.js';
import { openScratchFile } from './disk/scratch-file.js';
import { WorkArea } from './disk/work-area.js';
import { InlineHasher } from './hashing/inline-hasher.js';
import { WorkerHasher } from './hashing/worker-hasher.js';
import { publicationName, storeLayout, tagHolder } from './layout.js';
import { BlockCutter } from './publishing/block-cutter.js';
import { DiskPublicationWriter, type PublicationHashers } from './publishing/publication-writer.js';
import { Publications } from './publishing/publications.js';
import { PublishedFiles } from './publishing/published-files.js';
import { MOST_HASHED } from './publishing/unit-being-written.js';
import { SegmentIndex } from './segment-index/segment-index.js';
import { StoreFailure } from './store-failure.js';
import { DiskFilledFile } from './units/filled-file.js';
import { OpenUnits } from './units/open-units.js';
import { Segments } from './units/segments.js';
import { unitOf } from './units/unit.js';
import { UnitDirectories } from './units/unit-directories.js';

export interface ContentStoreOptions {
  /** Made if it is missing. Several stores, in any number of processes of this machine, may share it. */
  readonly directory: string;
  /** What segment secrets and ids are derived from. */
  readonly serverSecret: Uint8Array;
  /** Told of a file that turned out damaged and is treated as missing. */
  readonly onDamage?: ((path: string) => void) | undefined;
  /**
   * Threads that hash what is published, beyond the first 32 MiB of a content of unknown length; 0 by
   * default.
   */
  readonly hashWorkers?: number | undefined;
  readonly emit?: ((event: PublicationEvent | CacheEvent) => void) | undefined;
  /** How much is kept of what is not published, asked again and again; left out: as much as there is room for. */
  readonly cacheLimits?: (() => Promise<CacheLimitsNow>) | undefined;
  readonly disk?: Disk | undefined;
}

/** Enough to need a page of its own, so that a full disk shows. */
const PROBE_LENGTH = 4096;

/**
 * Opens the store. What crashed processes left is swept away in the background, which `close` ends: the next one to open
 * the store goes on. Rejects with the system's error if the directory cannot be made or written.
 */
export const openContentStore = async (options: ContentStoreOptions): Promise<ContentStore> => {
  const store = new DiskStore(options);
  await store.open();
  return store;
};

class DiskStore implements ContentStore {
  readonly #disk: Disk;
  readonly #work: WorkArea;
  readonly #serverSecret: Uint8Array;
  readonly #directories: UnitDirectories;
  readonly #publications: Publications;
  readonly #files: PublishedFiles;
  readonly #units: OpenUnits;
  readonly #index: SegmentIndex;
  readonly #segments: Segments;
  readonly #hashers: PublicationHashers;
  readonly #pins: UnitPins;
  readonly #departures: Departures;
  readonly #cache: CacheKeeper;
  readonly #writers = new Set<PublicationWriter>();
  /** A few at most. */
  #filled: DiskFilledFile[] = [];
  readonly #calls = new InFlight();
  #checking: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: ContentStoreOptions) {
    const { directory, serverSecret, disk = nodeDisk, hashWorkers = 0 } = options;
    const { onDamage = () => undefined, emit = () => undefined } = options;
    const layout = storeLayout(directory);
    const work = new WorkArea(disk, layout);
    const directories = new UnitDirectories(disk, layout, work);
    this.#disk = disk;
    this.#work = work;
    this.#serverSecret = serverSecret;
    this.#directories = directories;
    this.#publications = new Publications({ disk, layout, work, directories, onDamage });
    this.#files = new PublishedFiles({ disk, publications: this.#publications, emit });
    this.#units = new OpenUnits({
      disk,
      layout,
      onDamage,
      onSourceChange: (publication) => this.#files.blockChanged(publication),
      onUse: (name) => this.#cache.used(name),
      onBlockDamage: (segment, bytes) => this.#cache.damaged(segment, bytes),
      filledAt: (fd) => this.#filled.find((file) => file.is(fd)),
    });
    this.#index = new SegmentIndex({ disk, layout, work });
    this.#pins = new UnitPins(disk, work);
    this.#departures = new Departures(disk, layout);
    this.#cache = new CacheKeeper({
      disk,
      layout,
      work,
      directories,
      units: this.#units,
      pins: this.#pins,
      departures: this.#departures,
      lookForLiving: () => this.#publications.lookForLiving(),
      limits: options.cacheLimits,
      emit,
    });
    this.#segments = new Segments({
      units: this.#units,
      directories,
      index: this.#index,
      onWritten: (bytes) => this.#cache.wrote(bytes),
    });
    const inline = new InlineHasher(disk);
    this.#hashers = {
      small: inline,
      large:
        hashWorkers > 0
          ? new WorkerHasher({ workerCount: hashWorkers, taskLength: MOST_HASHED, inline })
          : inline,
    };
  }

  async open(): Promise<void> {
    await this.#work.open();
    // Rubbish that cannot be removed now costs space, nothing else; the next one to open the store tries again.
    void this.#calls.track(this.#sweep()).catch(() => undefined);
    this.#cache.start();
  }

  find(segmentId: Uint8Array, maxAgeMs?: number): StoredSegment | undefined {
    return this.#segments.find(segmentId, maxAgeMs);
  }

  async beginPublication(request: PublicationRequest): Promise<PublicationWriter> {
    return this.#call(async () => {
      const { contentId, hash, segmentation, length, source, keepCopy = false } = request;
      const keepsCopy = source === undefined || keepCopy;
      const name = publicationName(contentId);
      await this.#publications.claim(name);
      const serverKey = deriveServerKey(hash, this.#serverSecret);
      const cutter =
        versionOf(hash) === 1 ? new BlockCutter() : createSegmentCutter(segmentation ?? DEFAULT_SEGMENTATION);
      const writer = new DiskPublicationWriter(
        {
          disk: this.#disk,
          work: this.#work,
          directories: this.#directories,
          publications: this.#publications,
          hashers: this.#hashers,
          onInstalled: (unit) => this.#segments.installed(unit),
          onEnd: (isComplete) => {
            this.#writers.delete(writer);
            if (isComplete && !keepsCopy) this.#files.watch(name);
          },
        },
        { contentId, name, hash, cutter, serverKey, length, source, keepsCopy },
      );
      this.#writers.add(writer);
      try {
        writer.requireSameSource();
      } catch (error) {
        await writer.abort();
        throw error;
      }
      return writer;
    });
  }

  publication(contentId: Uint8Array): Publication | undefined {
    return this.#publications.find(publicationName(contentId));
  }

  unpublish(contentId: Uint8Array): Promise<boolean> {
    return this.#changing(() => this.#publications.remove(publicationName(contentId)));
  }

  async adopt(info: SegmentInfo, tag: Uint8Array): Promise<StoredSegment> {
    return (await this.adoptAll([info], tag)).at(0);
  }

  adoptAll(infos: readonly SegmentInfo[], tag: Uint8Array, place?: FilePlace): Promise<AdoptedSegments> {
    const file = this.#filled.find((one) => one === place?.file);
    const there = file && place && { file, start: place.start };
    return this.#call(() => this.#segments.adopt(infos, tagHolder(tag), there));
  }

  fill(path: string): Promise<FilledFile> {
    return this.#call(() => {
      const fd = this.#disk.open(path);
      if (fd === undefined) return Promise.reject(new StoreFailure('NO_FILE', `there is no file ${path}`));
      const onClose = (): void => {
        this.#filled = this.#filled.filter((one) => one !== file);
      };
      const file = new DiskFilledFile(path, fd, {
        disk: this.#disk,
        markWhole: (unit, whole) => this.#units.markWhole(unit, whole),
        onClose,
      });
      this.#filled.push(file);
      return Promise.resolve(file);
    });
  }

  scratch(): Promise<ScratchFile> {
    return this.#call(() => openScratchFile(this.#disk, this.#work.newPath()));
  }

  async pin(infos: readonly SegmentInfo[]): Promise<() => Promise<void>> {
    const { name } = unitOf(infos);
    await this.#call(() => this.#pins.pin(name));
    return () => this.#pins.unpin(name);
  }

  leftCacheBy(segmentId: Uint8Array): EvictionReason | undefined {
    return this.#departures.reasonOf(segmentId);
  }

  get cache(): ContentCache {
    return this.#cache;
  }

  flush(tag: Uint8Array): Promise<void> {
    return this.#changing(() => this.#cache.flush(tagHolder(tag)));
  }

  probe(): Promise<void> {
    return this.#call(async () => {
      const path = this.#work.newPath();
      try {
        await this.#disk.create(path, new Uint8Array(PROBE_LENGTH));
      } finally {
        await this.#disk.removeFile(path);
      }
    });
  }

  checkSources(): Promise<void> {
    this.#checking ??= this.#call(() => this.#files.check()).finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#files.close();
    await Promise.all([...this.#writers].map((writer) => writer.abort()));
    await this.#calls.end();
    await Promise.all(this.#filled.map((file) => file.close()));
    await this.#cache.close();
    await this.#units.close();
    await this.#index.close();
    await Promise.all([this.#hashers.large.close(), this.#hashers.small.close()]);
    // Whatever cannot be removed now is swept away later.
    await this.#work.close().catch(() => undefined);
  }

  async #sweep(): Promise<void> {
    await this.#work.sweep();
    await this.#publications.sweep();
    await this.#index.takeOver();
    for await (const name of this.#directories.all()) {
      if (this.#isClosed) return;
      await this.#directories.sweep(name, (holder) => this.#publications.isLeft(holder));
      await this.#segments.reindex(name);
    }
  }

  /** What is dropped here is not handed out any more. */
  #changing<Result>(action: () => Promise<Result>): Promise<Result> {
    return this.#call(() => action().finally(() => this.#units.lookAgain()));
  }

  #call<Result>(action: () => Promise<Result>): Promise<Result> {
    if (this.#isClosed) return Promise.reject(new StoreFailure('CLOSED', 'the store is closed'));
    return this.#calls.track(action());
  }
}
