import { join } from 'node:path';
import type { Disk } from '../disk/disk.js';
import type { WorkArea } from '../disk/work-area.js';

const WRITTEN = 'written';

/** Bytes that a process writes before it tells the others, and looks what they have told. */
export const TELL_EVERY = 4 * 1024 * 1024;

/**
 * About how many bytes the cache has, without looking at it: what the last look found, what this process has written
 * since, and what the others say that they have, each in a file of eight bytes in its work area. A process that dies takes
 * what it did not tell with it; the next look finds that.
 */
export class UsageLedger {
  readonly #disk: Disk;
  readonly #work: WorkArea;
  #known: number | undefined;
  #written = 0;
  #toldAt = 0;
  #fd: number | undefined;
  readonly #others = new Map<string, number>();

  constructor(disk: Disk, work: WorkArea) {
    this.#disk = disk;
    this.#work = work;
  }

  /** `undefined` before the first look. */
  get bytes(): number | undefined {
    return this.#known;
  }

  /** @returns whether it is time to {@link tell}. */
  wrote(bytes: number): boolean {
    this.#written += bytes;
    if (this.#known !== undefined) this.#known += bytes;
    return this.#written - this.#toldAt >= TELL_EVERY;
  }

  /** Tells the others what was written here, and takes in what they tell. */
  async tell(): Promise<void> {
    if (this.#toldAt !== this.#written) {
      this.#toldAt = this.#written;
      this.#fd ??= this.#disk.openNew(join(this.#work.directory, WRITTEN));
      const record = Buffer.alloc(8);
      record.writeDoubleBE(this.#written);
      this.#disk.writeNow(this.#fd, record, 0);
    }
    for (const [owner, written] of await this.#readOthers()) {
      const news = written - (this.#others.get(owner) ?? 0);
      this.#others.set(owner, written);
      if (this.#known !== undefined && news > 0) this.#known += news;
    }
  }

  /** Looks at the cache. What is written meanwhile may count twice, which does no harm. */
  async look(measure: () => Promise<number>): Promise<void> {
    for (const [owner, written] of await this.#readOthers()) this.#others.set(owner, written);
    const before = this.#written;
    const found = await measure();
    this.#known = found + this.#written - before;
  }

  close(): void {
    if (this.#fd !== undefined) this.#disk.close(this.#fd);
    this.#fd = undefined;
  }

  async #readOthers(): Promise<readonly (readonly [string, number])[]> {
    const owners = await this.#work.owners();
    for (const owner of this.#others.keys()) if (!owners.includes(owner)) this.#others.delete(owner);
    return owners.flatMap((owner) => {
      if (owner === this.#work.owner) return [];
      const record = this.#disk.readWhole(join(this.#work.directoryOf(owner), WRITTEN));
      return record?.length === 8 ? [[owner, record.readDoubleBE()] as const] : [];
    });
  }
}
