import { join } from 'node:path';
import { systemCode } from '../../../system-code.js';
import type { Disk } from './disk.js';
import { settled } from './in-flight.js';
import type { Layout } from '../layout.js';
import { isOwnerAlive, newOwner } from '../process-owner.js';

/**
 * This process's own corner of the store. What is made here becomes visible to others by a rename only, and what is
 * removed is renamed to here first; if the process dies, the next one to open the store throws the corner away.
 */
export class WorkArea {
  readonly owner = newOwner();
  readonly #disk: Disk;
  readonly #layout: Layout;
  #names = 0;

  constructor(disk: Disk, layout: Layout) {
    this.#disk = disk;
    this.#layout = layout;
  }

  get directory(): string {
    return this.directoryOf(this.owner);
  }

  /** The corner of any open store. */
  directoryOf(owner: string): string {
    return join(this.#layout.incoming, owner);
  }

  /** Everybody who has a corner, also if they are no more. */
  owners(): Promise<readonly string[]> {
    return this.#disk.list(this.#layout.incoming);
  }

  async open(): Promise<void> {
    await this.#disk.makeDirectory(this.directory);
  }

  /** A path that nothing has used yet. */
  newPath(): string {
    this.#names += 1;
    return join(this.directory, String(this.#names));
  }

  /** Lends a new directory to `use`; what is still in its place afterwards is removed. */
  async withDirectory<Result>(use: (directory: string) => Promise<Result>): Promise<Result> {
    const directory = this.newPath();
    try {
      await this.#disk.makeDirectory(directory);
      return await use(directory);
    } finally {
      await settled(this.#disk.removeTree(directory));
    }
  }

  /** Replaces the file at `path` as a whole or not at all. */
  async replaceFile(path: string, bytes: Uint8Array): Promise<void> {
    const prepared = this.newPath();
    try {
      await this.#disk.create(prepared, bytes);
      await this.#disk.rename(prepared, path);
    } catch (error) {
      await settled(this.#disk.removeFile(prepared));
      throw error;
    }
  }

  /** Takes a directory out of sight. @returns where it is now, `undefined` if it was gone or has to stay. */
  async takeAway(directory: string): Promise<string | undefined> {
    const taken = this.newPath();
    try {
      return (await this.#disk.rename(directory, taken)) ? taken : undefined;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Whether the store that goes by this name is still open somewhere. */
  isOpen(owner: string): boolean {
    return isOwnerAlive(owner) && this.#disk.exists(join(this.#layout.incoming, owner));
  }

  /** Removes what processes left that are no more. */
  async sweep(): Promise<void> {
    for (const owner of await this.#disk.list(this.#layout.incoming)) {
      if (!isOwnerAlive(owner)) await this.#disk.removeTree(join(this.#layout.incoming, owner));
    }
  }

  async close(): Promise<void> {
    await this.#disk.removeTree(this.directory);
  }
}
