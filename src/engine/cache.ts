import { join } from 'node:path';
import type { CacheEvent } from '../driver/index.js';
import { limitsNow, problemOf, type CacheSettings } from './cache-settings.js';
import { defaultDataDirectory, openDataDirectory } from './data-dir.js';
import type { CachedSegments, CacheState, ContentStore, Removed } from './distribution/ports.js';
import { openContentStore } from './distribution/store/index.js';
import { exportPackage, type CachePackage } from './distribution/store/package/export-package.js';
import { importPackage, type Imported } from './distribution/store/package/import-package.js';
import { parseContentInformation } from './distribution/wire/index.js';
import { ServiceConfig } from './service-config.js';
import { asyncDispose } from '../driver/dispose-symbols.js';

/** Which cache, and who wants to know. */
export interface OpenCacheOptions {
  /** The platform's place by default, see {@link defaultDataDirectory}. */
  readonly dataDir?: string | undefined;
  /** Told of every segment that is evicted by what is done here. */
  readonly onEvent?: ((event: CacheEvent) => void) | undefined;
}

/** The local cache of a data directory, for whoever manages it. Close it. */
export interface LocalCache extends AsyncDisposable {
  /** How much there is, and the limits. */
  state(): Promise<CacheState>;
  /** What was set; what was not is left out. */
  settings(): Promise<CacheSettings>;
  /**
   * Sets the limits of all processes that use the data directory; running ones notice within ten seconds. What is too
   * much now is evicted before it resolves. Rejects with a RangeError for limits that are none.
   */
  set(settings: CacheSettings): Promise<void>;
  /** What is kept, in no order. */
  list(): AsyncIterable<CachedSegments>;
  /** Reads and hashes all blocks that are kept, and drops those that are damaged. */
  verify(): AsyncIterable<CachedSegments>;
  /** Drops everything that is neither published nor in use by an open content. */
  clear(): Promise<Removed>;
  /**
   * The blocks that are here as a package for {@link LocalCache.importPackage} of another machine: all, or those of a
   * content. Whoever has a package has the content: it is not encrypted. It is made as it is read; then its `exported` says
   * what went into it, and how much is missing.
   */
  exportPackage(contentInformation?: Uint8Array): CachePackage;
  /**
   * Takes in a package; every block is checked before it is stored. Rejects with a CachePackageError for a file that is
   * none or damaged; blocks that came before the damage are kept.
   */
  importPackage(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Imported>;
  /** Gives the directory back; nothing may be asked of it any more. */
  close(): Promise<void>;
}

/** What imported segments are held by. `flush` of this tag drops them. */
export const IMPORT_TAG: Uint8Array = Buffer.from('peerweave import');

/**
 * Opens the local cache of a data directory, to look at it, to bound it and to carry it to other machines. Programs and
 * services may use the directory at the same time.
 *
 * Use it for what Get-, Set- and Clear-BCCache, Export- and Import-BCCachePackage do on Windows. Nothing is listened on, no
 * session is needed, the service may be disabled. Close it when done.
 *
 * @throws DataDirectoryError, ServiceConfigError for damaged settings, the system's errors.
 *
 * @example
 * ```ts
 * import { openCache } from 'peerweave/engine';
 *
 * await using here = await openCache({ dataDir: './here' });
 * await using there = await openCache({ dataDir: './there' });
 * await here.set({ quota: { percent: 10 }, maxAgeMs: 7 * 24 * 3600 * 1000 });
 * const { bytes } = await there.importPackage(here.exportPackage());
 * console.log(bytes, (await there.state()).segments); // 0 0
 * ```
 */
export const openCache = async (options: OpenCacheOptions = {}): Promise<LocalCache> => {
  const dataDir = await openDataDirectory(options.dataDir ?? defaultDataDirectory());
  const config = new ServiceConfig(dataDir);
  const directory = join(dataDir, 'content');
  const store = await openContentStore({
    directory,
    serverSecret: await config.serverSecret(),
    cacheLimits: async () => limitsNow(directory, await config.cacheSettings()),
    emit: (event) => {
      if (event._tag === 'SegmentEvicted') options.onEvent?.(event);
    },
  });
  return new EngineCache(config, store);
};

class EngineCache implements LocalCache {
  constructor(
    private readonly config: ServiceConfig,
    private readonly store: ContentStore,
  ) {}

  state(): Promise<CacheState> {
    return this.store.cache.state();
  }

  settings(): Promise<CacheSettings> {
    return this.config.cacheSettings();
  }

  async set(settings: CacheSettings): Promise<void> {
    const problem = problemOf(settings);
    if (problem !== undefined) throw new RangeError(problem);
    await this.config.setCacheSettings(settings);
    await this.store.cache.trim();
  }

  list(): AsyncIterable<CachedSegments> {
    return this.store.cache.list();
  }

  verify(): AsyncIterable<CachedSegments> {
    return this.store.cache.verify();
  }

  clear(): Promise<Removed> {
    return this.store.cache.clear();
  }

  exportPackage(contentInformation?: Uint8Array): CachePackage {
    return exportPackage(this.store, contentInformation && parseContentInformation(contentInformation));
  }

  importPackage(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Imported> {
    return importPackage(source, this.store, IMPORT_TAG);
  }

  close(): Promise<void> {
    return this.store.close();
  }

  [asyncDispose](): Promise<void> {
    return this.close();
  }
}
