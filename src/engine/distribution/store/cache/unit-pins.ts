import { join } from 'node:path';
import type { Disk } from '../disk/disk.js';
import type { WorkArea } from '../disk/work-area.js';

/**
 * Which units are in use by an open content, so that no process evicts them: a file for each in the work area of the
 * process, which goes with it if it dies.
 */
export class UnitPins {
  readonly #disk: Disk;
  readonly #work: WorkArea;
  readonly #counts = new Map<string, number>();
  /** Changes of the files, one after the other. */
  #changes: Promise<unknown> = Promise.resolve();

  constructor(disk: Disk, work: WorkArea) {
    this.#disk = disk;
    this.#work = work;
  }

  /** Resolves when no process evicts the unit any more. */
  async pin(name: string): Promise<void> {
    const count = this.#counts.get(name) ?? 0;
    this.#counts.set(name, count + 1);
    await this.#adjust(name);
  }

  /** Never rejects: what cannot be removed now goes with the process. */
  async unpin(name: string): Promise<void> {
    const count = (this.#counts.get(name) ?? 0) - 1;
    if (count > 0) this.#counts.set(name, count);
    else this.#counts.delete(name);
    await this.#adjust(name).catch(() => undefined);
  }

  /** Whether any process that runs uses the unit. */
  async isPinned(name: string): Promise<boolean> {
    if (this.#counts.has(name)) return true;
    const owners = await this.#work.owners();
    return owners.some(
      (owner) =>
        this.#disk.exists(join(this.#work.directoryOf(owner), PINS, name)) && this.#work.isOpen(owner),
    );
  }

  /** Makes the file be there or not, as is right when its turn comes. */
  #adjust(name: string): Promise<void> {
    const adjusted = this.#changes.then(async () => {
      const directory = join(this.#work.directory, PINS);
      const path = join(directory, name);
      if (!this.#counts.has(name)) {
        await this.#disk.removeFile(path);
      } else if (!this.#disk.exists(path)) {
        await this.#disk.makeDirectory(directory);
        await this.#disk.create(path, NOTHING);
      }
    });
    this.#changes = adjusted.catch(() => undefined);
    return adjusted;
  }
}

const PINS = 'pins';
const NOTHING = new Uint8Array(0);
