import type { FileVersion } from '../../../../driver/index.js';
import { isSameVersion, isSettled } from '../disk/file-version.js';

/** The one state that a file was in while something of it was read. */
export interface SeenVersion {
  readonly version: FileVersion;
  /** Milliseconds since 1970, from before the read. */
  readonly atMs: number;
}

/**
 * The blocks of one open file that matched their hashes when they were last hashed, by this process or whoever
 * recorded it, and cannot have changed since, because the file is still of the same version. A program that maps the
 * file into memory can change it unnoticed for a while, and so can a failing disk: trust is for bytes that their
 * receiver verifies, for nobody else.
 */
export class BlockTrust {
  #version: FileVersion | undefined;
  #blocks: Set<number> | 'all' = new Set();

  /** @param intact the version in which all blocks are known to match. */
  constructor(intact?: FileVersion) {
    if (intact === undefined) return;
    this.#version = intact;
    this.#blocks = 'all';
  }

  covers(index: number, { version }: SeenVersion): boolean {
    return this.#isCurrent(version) && (this.#blocks === 'all' || this.#blocks.has(index));
  }

  /** Notes that a block that was read from this version matches its hash. */
  add(index: number, { version, atMs }: SeenVersion): void {
    if (!isSettled(version, atMs)) return;
    if (!this.#isCurrent(version)) {
      this.#version = version;
      this.#blocks = new Set();
    }
    if (this.#blocks !== 'all') this.#blocks.add(index);
  }

  #isCurrent(version: FileVersion): boolean {
    return this.#version !== undefined && isSameVersion(this.#version, version);
  }
}
