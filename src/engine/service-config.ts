import { randomBytes } from 'node:crypto';
import { watch, type FSWatcher } from 'node:fs';
import { link, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cancel } from '../driver/index.js';
import { readSettings, type CacheSettings } from './cache-settings.js';
import { systemCode } from './system-code.js';

const SETTINGS_FILE = 'service.json';
const CACHE_FILE = 'cache.json';
const SECRET_FILE = 'server-secret';
const SECRET_LENGTH = 32;

/** A secret that was set, or came from another server, may have any length up to this. */
export const MAX_SECRET_LENGTH = 32_768;

/** A file of the configuration says something that this program did not write. */
export class ServiceConfigError extends Error {
  constructor(
    readonly path: string,
    what: string,
  ) {
    super(`${path}: ${what}`);
    this.name = 'ServiceConfigError';
  }
}

/**
 * What the distribution service remembers between runs, in files that all processes with the same data directory
 * share. Files change as a whole or not at all. Besides {@link ServiceConfigError} everything rejects with the system's
 * errors.
 */
export class ServiceConfig {
  readonly #directory: string;

  /** @param directory an existing one. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Whether the service may run; it may unless somebody switched it off. */
  async isEnabled(): Promise<boolean> {
    const path = join(this.#directory, SETTINGS_FILE);
    const text = await readIfThere(path);
    if (text === undefined) return true;
    const settings = parseJson(text.toString('utf8'));
    if (typeof settings === 'object' && settings !== null && 'enabled' in settings) {
      if (typeof settings.enabled === 'boolean') return settings.enabled;
    }
    throw new ServiceConfigError(path, 'damaged; enabling or disabling the service writes it anew');
  }

  async setEnabled(enabled: boolean): Promise<void> {
    const path = join(this.#directory, SETTINGS_FILE);
    await this.#prepare(Buffer.from(`${JSON.stringify({ enabled })}\n`), (prepared) =>
      rename(prepared, path),
    );
  }

  /** The limits of the cache, as far as somebody set them. */
  async cacheSettings(): Promise<CacheSettings> {
    const path = join(this.#directory, CACHE_FILE);
    const text = await readIfThere(path);
    if (text === undefined) return {};
    const settings = readSettings(parseJson(text.toString('utf8')));
    if (settings !== undefined) return settings;
    throw new ServiceConfigError(path, 'damaged; remove it to have the default limits of the cache');
  }

  async setCacheSettings(settings: CacheSettings): Promise<void> {
    await this.#prepare(Buffer.from(`${JSON.stringify(settings)}\n`), (prepared) =>
      rename(prepared, join(this.#directory, CACHE_FILE)),
    );
  }

  /** What segment secrets are derived from: made by whoever asks first, the same for everybody ever after. */
  async serverSecret(): Promise<Buffer> {
    const path = join(this.#directory, SECRET_FILE);
    const known = await readIfThere(path);
    if (known === undefined) {
      await this.#prepare(randomBytes(SECRET_LENGTH), (prepared) => linkUnlessThere(prepared, path));
      return this.serverSecret();
    }
    if (isSecret(known)) return known;
    // A new one would silently change the ids of everything that was ever published.
    throw new ServiceConfigError(
      path,
      `not 1 to ${MAX_SECRET_LENGTH} bytes; set or import a secret, or remove it to have a new one made`,
    );
  }

  /** Replaces it for every service that starts from now on. @throws RangeError for a length that no secret has. */
  async setServerSecret(secret: Uint8Array): Promise<void> {
    if (!isSecret(secret)) throw new RangeError(`a server secret has 1 to ${MAX_SECRET_LENGTH} bytes`);
    await this.#prepare(secret, (prepared) => rename(prepared, join(this.#directory, SECRET_FILE)));
  }

  /**
   * Calls back when a process may have switched the service. Where the system cannot watch a directory it never does,
   * so whoever depends on it must look by himself from time to time. It does not keep the process alive.
   */
  watch(onChange: () => void): Cancel {
    const watcher = this.#startWatching((file) => {
      if (file === null || file === SETTINGS_FILE) onChange();
    });
    return () => watcher?.close();
  }

  #startWatching(onFile: (file: string | null) => void): FSWatcher | undefined {
    try {
      const watcher = watch(this.#directory, { persistent: false }, (_event, file) => onFile(file));
      watcher.on('error', () => watcher.close());
      return watcher;
    } catch {
      // Out of watches, or a file system without them.
      return undefined;
    }
  }

  /** Lends a file with these bytes, safe on disk and readable by the owner only, to `use`. */
  async #prepare(bytes: Uint8Array, use: (path: string) => Promise<void>): Promise<void> {
    const path = join(this.#directory, `.${randomBytes(8).toString('hex')}.tmp`);
    try {
      const file = await open(path, 'wx', 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await use(path);
    } finally {
      await rm(path, { force: true });
    }
  }
}

const isSecret = ({ length }: Uint8Array): boolean => length >= 1 && length <= MAX_SECRET_LENGTH;

const readIfThere = async (path: string): Promise<Buffer | undefined> => {
  try {
    return await readFile(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
};

/** Gives the file a second name, which unlike renaming fails if somebody was faster. */
const linkUnlessThere = async (from: string, to: string): Promise<void> => {
  try {
    await link(from, to);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
