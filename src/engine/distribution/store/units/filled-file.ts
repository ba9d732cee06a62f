import type { FilledFile } from '../../ports.js';
import type { Disk } from '../disk/disk.js';
import { InFlight, settled } from '../disk/in-flight.js';
import { StoreFailure } from '../store-failure.js';

/** Where a unit lies in such a file. */
export interface UnitPlace {
  readonly file: DiskFilledFile;
  readonly start: number;
}

interface FilledFileParts {
  readonly disk: Disk;
  /** Notes that a unit has all its blocks, if it lies in that file, and lets go of it. */
  readonly markWhole: (unit: string, file: DiskFilledFile) => Promise<void>;
  readonly onClose: () => void;
}

/**
 * A file that gets a content. Units of that content may lie in it: their data file is another name of it. They are written
 * to by this process alone, and only as long as the file is filled, because after that it belongs to whoever wanted it.
 */
export class DiskFilledFile implements FilledFile {
  readonly path: string;
  readonly #parts: FilledFileParts;
  readonly #fd: number;
  readonly #units = new Set<string>();
  readonly #writes = new InFlight();
  #state: 'filling' | 'over' | 'closed' = 'filling';

  /** @param fd of the file, which is closed with it. */
  constructor(path: string, fd: number, parts: FilledFileParts) {
    this.path = path;
    this.#fd = fd;
    this.#parts = parts;
  }

  get isFilling(): boolean {
    return this.#state === 'filling';
  }

  /** Whether that is this file, by whatever name. */
  is(file: string | number): boolean {
    try {
      const { disk } = this.#parts;
      const [one, other] = [disk.version(this.#fd), disk.version(file)];
      return one !== undefined && one.inode === other?.inode && one.device === other.device;
    } catch {
      // What cannot be looked at is another one.
      return false;
    }
  }

  /** A unit was put into it. */
  holds(unit: string): void {
    this.#units.add(unit);
  }

  /** What is written to a unit that lies in it. */
  track<Result>(write: Promise<Result>): Promise<Result> {
    return this.#writes.track(write);
  }

  write(bytes: Uint8Array, position: number): Promise<void> {
    // The next file that is opened gets the same number.
    return this.isFilling
      ? this.track(this.#parts.disk.write(this.#fd, [bytes], position))
      : Promise.reject(new StoreFailure('CLOSED', `${this.path} is not filled any more`));
  }

  async finish(): Promise<void> {
    if (!this.isFilling) return;
    this.#state = 'over';
    await this.#writes.end();
    // What cannot be noted is found missing later, and fetched again.
    for (const name of this.#units) await settled(this.#parts.markWhole(name, this));
    await this.close();
  }

  async close(): Promise<void> {
    if (this.#state === 'filling') this.#state = 'over';
    await this.#writes.end();
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#parts.disk.close(this.#fd);
    this.#parts.onClose();
  }
}
