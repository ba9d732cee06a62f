import type { PublicationEvent, SourceFile } from '../../../driver/index.js';
import type {
  ContentStore,
  HashName,
  Publication,
  PublicationWriter,
  SegmentInfo,
  StoredSegment,
} from '../ports.js';
import { deriveServerKey } from '../wire/index.js';
import { inlineHasher } from './block-hasher.js';
import { nodeDisk, type Disk } from './disk.js';
import { FilePublicationWriter, type PublicationHashers } from './file-publication-writer.js';
import { FileSegment } from './file-segment.js';
import { InFlight } from './in-flight.js';
import { layoutOf, publicationName, tagHolder } from './layout.js';
import { OpenSegments } from './open-segments.js';
import { Publications } from './publications.js';
import { PublishedFiles } from './published-files.js';
import { SegmentDirectories } from './segment-directories.js';
import { PIECE_LENGTH } from './segment-being-written.js';
import { StoreFailure } from './store-failure.js';
import { WorkArea } from './work-area.js';
import { WorkerHasher } from './worker-hasher.js';

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
  readonly emit?: ((event: PublicationEvent) => void) | undefined;
  readonly disk?: Disk | undefined;
}

/** Enough to need a page of its own, so that a full disk shows. */
const PROBE_LENGTH = 4096;

/**
 * Opens the store. What crashed processes left is swept away in the background; `close` waits for that. Rejects with
 * the system's error if the directory cannot be made or written.
 */
export const openContentStore = async (options: ContentStoreOptions): Promise<ContentStore> => {
  const store = new FileStore(options);
  await store.open();
  return store;
};

class FileStore implements ContentStore {
  readonly #disk: Disk;
  readonly #work: WorkArea;
  readonly #serverSecret: Uint8Array;
  readonly #directories: SegmentDirectories;
  readonly #publications: Publications;
  readonly #files: PublishedFiles;
  readonly #open: OpenSegments;
  readonly #hashers: PublicationHashers;
  readonly #writers = new Set<PublicationWriter>();
  readonly #calls = new InFlight();
  #checking: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: ContentStoreOptions) {
    const { directory, serverSecret, disk = nodeDisk, hashWorkers = 0 } = options;
    const { onDamage = () => undefined, emit = () => undefined } = options;
    const layout = layoutOf(directory);
    const work = new WorkArea(disk, layout);
    const segments = new SegmentDirectories(disk, layout, work);
    this.#disk = disk;
    this.#work = work;
    this.#serverSecret = serverSecret;
    this.#directories = segments;
    this.#publications = new Publications({ disk, layout, work, segments, onDamage });
    this.#files = new PublishedFiles({ disk, publications: this.#publications, emit });
    this.#open = new OpenSegments({
      disk,
      layout,
      onDamage,
      onSourceChange: (publication) => this.#files.blockChanged(publication),
    });
    this.#hashers = {
      small: inlineHasher,
      large: hashWorkers > 0 ? new WorkerHasher(hashWorkers, PIECE_LENGTH) : inlineHasher,
    };
  }

  async open(): Promise<void> {
    await this.#work.open();
    // Rubbish that cannot be removed now costs space, nothing else; the next one to open the store tries again.
    void this.#calls.track(this.#sweep()).catch(() => undefined);
  }

  find(segmentId: Uint8Array): StoredSegment | undefined {
    try {
      const segment = this.#open.lookUp(hexOf(segmentId));
      return segment && new FileSegment(segment.info, this.#open, segment);
    } catch {
      // Out of file descriptors, no permission: for whoever asks it is not here.
      return undefined;
    }
  }

  async beginPublication(options: {
    readonly contentId: Uint8Array;
    readonly hash: HashName;
    readonly length?: number | undefined;
    readonly source?: SourceFile | undefined;
  }): Promise<PublicationWriter> {
    return this.#call(async () => {
      const { contentId, hash, length, source } = options;
      const name = publicationName(contentId);
      await this.#publications.claim(name);
      const serverKey = deriveServerKey(hash, this.#serverSecret);
      const writer = new FilePublicationWriter(
        {
          disk: this.#disk,
          work: this.#work,
          segments: this.#directories,
          publications: this.#publications,
          hashers: this.#hashers,
          onEnd: (isComplete) => {
            this.#writers.delete(writer);
            if (isComplete && source !== undefined) this.#files.watch(name);
          },
        },
        { contentId, name, hash, serverKey, length, source },
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
    return this.#call(() => this.#publications.remove(publicationName(contentId)));
  }

  adopt(info: SegmentInfo, tag: Uint8Array): Promise<StoredSegment> {
    return this.#call(async () => {
      const idHex = hexOf(info.id);
      const holder = tagHolder(tag);
      const isHere = await this.#directories.hold(idHex, info, holder);
      if (!isHere) await this.#directories.add(info, idHex, holder);
      return new FileSegment(info, this.#open, this.#open.lookUp(idHex));
    });
  }

  flush(tag: Uint8Array): Promise<void> {
    return this.#call(() => this.#directories.releaseAll(tagHolder(tag)));
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
    await this.#open.close();
    await this.#hashers.large.close();
    // Whatever cannot be removed now is swept away later.
    await this.#work.close().catch(() => undefined);
  }

  async #sweep(): Promise<void> {
    await this.#work.sweep();
    await this.#publications.sweep();
    await this.#directories.sweep((holder) => this.#publications.isLeft(holder));
  }

  #call<Result>(action: () => Promise<Result>): Promise<Result> {
    if (this.#isClosed) return Promise.reject(new StoreFailure('CLOSED', 'the store is closed'));
    return this.#calls.track(action());
  }
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
