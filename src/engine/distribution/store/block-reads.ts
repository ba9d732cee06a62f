import { BLOCK_LENGTH, blockLength } from '../wire/index.js';
import type { Disk } from './disk.js';

/** Blocks of one file, read by one call. */
interface Run {
  readonly fd: number;
  readonly from: number;
  readonly to: number;
  readonly bytes: Promise<Buffer>;
  /** How many blocks have not been asked for yet. */
  left: number;
}

/** Most blocks read by one call: half a megabyte. */
const MOST_TOGETHER = 8;

/** Runs kept at a time; 8 MiB. */
const KEEP_RUNS = 16;

/** The part of a segment's data file that is worth reading. */
export interface ReadableFile {
  readonly fd: number;
  readonly length: number;
  readonly has: (index: number) => boolean;
}

/**
 * Reads blocks from data files. Blocks are mostly asked for in order and a call to the thread pool costs more than
 * copying one, so the neighbours behind a block are read with it and kept for a while. They are as the file was then:
 * whoever finds one wrong reads it anew.
 */
export class BlockReads {
  readonly #disk: Disk;
  /** In the order of reading. */
  #runs: Run[] = [];

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** The bytes of a block, fewer than it has if the file ends in it. Not to be changed. */
  async read(file: ReadableFile, index: number): Promise<Buffer> {
    const known = this.#runs.find(({ fd, from, to }) => fd === file.fd && from <= index && index < to);
    const run = known ?? this.#start(file, index);
    run.left -= 1;
    // A reader goes through a run once; kept on, its memory would grow old and costly to collect.
    if (run.left === 0) this.#drop(run);
    try {
      const at = (index - run.from) * BLOCK_LENGTH;
      return (await run.bytes).subarray(at, at + blockLength(file.length, index));
    } catch (error) {
      this.#drop(run);
      throw error;
    }
  }

  /** Forgets what was read of a file: a block of it, or all of it when it is closed. */
  forget(file: number, index?: number): void {
    this.#runs = this.#runs.filter(
      ({ fd, from, to }) => fd !== file || (index !== undefined && (index < from || index >= to)),
    );
  }

  #drop(run: Run): void {
    this.#runs = this.#runs.filter((other) => other !== run);
  }

  #start({ fd, length, has }: ReadableFile, from: number): Run {
    let to = from + 1;
    while (to < from + MOST_TOGETHER && has(to)) to += 1;
    const bytes = this.#read(fd, from, Math.min(to * BLOCK_LENGTH, length));
    const run = { fd, from, to, bytes, left: to - from };
    this.#runs.push(run);
    if (this.#runs.length > KEEP_RUNS) this.#runs.shift();
    return run;
  }

  async #read(fd: number, from: number, end: number): Promise<Buffer> {
    const start = from * BLOCK_LENGTH;
    const bytes = Buffer.allocUnsafe(end - start);
    return bytes.subarray(0, await this.#disk.read(fd, bytes, start));
  }
}
