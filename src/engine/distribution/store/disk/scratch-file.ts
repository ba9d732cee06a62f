import type { ScratchFile } from '../../ports.js';
import type { Disk } from './disk.js';
import { settled } from './in-flight.js';

/** Makes a file at `path` that has no name as soon as it is open. Where it has to have one, it goes with the work area. */
export const openScratchFile = async (disk: Disk, path: string): Promise<ScratchFile> => {
  const fd = disk.openNew(path);
  await settled(disk.removeFile(path));
  return new OpenScratchFile(disk, fd);
};

class OpenScratchFile implements ScratchFile {
  readonly #disk: Disk;
  #fd: number | undefined;
  #length = 0;

  constructor(disk: Disk, fd: number) {
    this.#disk = disk;
    this.#fd = fd;
  }

  async append(bytes: Uint8Array): Promise<void> {
    await this.#disk.write(this.#open, [bytes], this.#length);
    this.#length += bytes.length;
  }

  readNow(target: Uint8Array, position: number): void {
    const bytes = this.#disk.readNow(this.#open, target, position);
    if (bytes < target.length)
      throw new RangeError(`${target.length} bytes from ${position} of ${this.#length}`);
  }

  close(): void {
    if (this.#fd !== undefined) this.#disk.close(this.#fd);
    this.#fd = undefined;
  }

  get #open(): number {
    if (this.#fd === undefined) throw new Error('a scratch file that is closed');
    return this.#fd;
  }
}
