import type { Disk } from './disk.js';

const FIRST_LENGTH = 32 * 1024;

/**
 * Reads files one after the other into the same memory: the garbage that a buffer for each would be is counted by nobody
 * until there are thirty megabytes of it.
 */
export class RecordReader {
  readonly #disk: Disk;
  #memory = Buffer.allocUnsafeSlow(FIRST_LENGTH);

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** All of a file, good until the next one is read; `undefined` if it is missing. */
  read(path: string): Buffer | undefined {
    const fd = this.#disk.openToRead(path);
    if (fd === undefined) return undefined;
    try {
      for (;;) {
        const length = this.#disk.readNow(fd, this.#memory, 0);
        if (length < this.#memory.length) return this.#memory.subarray(0, length);
        this.#memory = Buffer.allocUnsafeSlow(2 * length);
      }
    } finally {
      this.#disk.close(fd);
    }
  }
}
