import type { SegmentInfo } from '../ports.js';
import { BLOCK_LENGTH, blockLength } from '../wire/index.js';
import type { SeenVersion } from './block-trust.js';
import type { Disk } from './disk.js';
import { isSameVersion } from './file-version.js';

interface ReadBytes {
  readonly bytes: Buffer;
  readonly seen: SeenVersion | undefined;
}

/** Blocks of one file, read by one call. */
interface Run {
  readonly fd: number;
  readonly from: number;
  readonly to: number;
  /** Gone once it may be used for another run. */
  memory: Buffer | undefined;
  readonly result: Promise<ReadBytes>;
  /** How many blocks have not been asked for yet. */
  left: number;
  /** How many who asked have not got theirs yet. */
  users: number;
  isDropped: boolean;
}

/** Most blocks read by one call: half a megabyte. */
const MOST_TOGETHER = 8;

/** Runs kept at a time, and pieces of memory kept for new ones: 8 MiB each. */
const KEEP_RUNS = 16;

/** An open file with blocks of a segment, and which of them are worth reading. */
export interface ReadableFile {
  readonly fd: number;
  /** Where the segment begins in it. */
  readonly start: number;
  readonly segment: SegmentInfo;
  readonly has: (index: number) => boolean;
}

/** Looks at the bytes of a block; they are from one version of the file, unless that changed meanwhile. */
export type UseBytes<Result> = (bytes: Buffer, seen: SeenVersion | undefined) => Result;

/**
 * Reads blocks from data files. Blocks are mostly asked for in order and a call to the thread pool costs more than
 * copying one, so the neighbours behind a block are read with it and kept for a while. They are as the file was then:
 * whoever finds one wrong reads it anew. Their memory is used again, as collecting it cost a fifth of a transfer.
 */
export class BlockReads {
  readonly #disk: Disk;
  /** In the order of reading. */
  readonly #runs = new Set<Run>();
  readonly #free: Buffer[] = [];

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** Lends the bytes of a block to `use`, until that returns; they are fewer than it has if the file ends in it. */
  async lend<Result>(file: ReadableFile, index: number, use: UseBytes<Result>): Promise<Result> {
    const run = this.#find(file.fd, index) ?? this.#start(file, index);
    run.users += 1;
    run.left -= 1;
    try {
      const { bytes, seen } = await run.result;
      const at = (index - run.from) * BLOCK_LENGTH;
      return use(bytes.subarray(at, at + blockLength(file.segment, index)), seen);
    } catch (error) {
      this.#drop(run);
      throw error;
    } finally {
      run.users -= 1;
      // Whoever reads in order goes through a run once.
      if (run.left <= 0) this.#drop(run);
      else this.#recycle(run);
    }
  }

  /** Forgets what was read of a file: a block of it, or all of it when it is closed. */
  forget(file: number, index?: number): void {
    for (const run of this.#runs) {
      if (run.fd === file && (index === undefined || includes(run, index))) this.#drop(run);
    }
  }

  #find(file: number, index: number): Run | undefined {
    for (const run of this.#runs) if (run.fd === file && includes(run, index)) return run;
    return undefined;
  }

  #start({ fd, start, segment, has }: ReadableFile, from: number): Run {
    let to = from + 1;
    while (to < from + MOST_TOGETHER && has(to)) to += 1;
    const memory = this.#free.pop() ?? Buffer.allocUnsafeSlow(MOST_TOGETHER * BLOCK_LENGTH);
    const offset = from * BLOCK_LENGTH;
    const wanted = memory.subarray(0, Math.min(to * BLOCK_LENGTH, segment.length) - offset);
    const result = this.#read(fd, wanted, start + offset);
    const run: Run = { fd, from, to, memory, result, left: to - from, users: 0, isDropped: false };
    this.#runs.add(run);
    const [oldest] = this.#runs;
    if (this.#runs.size > KEEP_RUNS && oldest !== undefined) this.#drop(oldest);
    return run;
  }

  async #read(fd: number, target: Buffer, position: number): Promise<ReadBytes> {
    const atMs = Date.now();
    const before = this.#disk.version(fd);
    const bytes = target.subarray(0, await this.#disk.read(fd, target, position));
    const version = this.#disk.version(fd);
    const isOne = before !== undefined && version !== undefined && isSameVersion(before, version);
    return { bytes, seen: isOne ? { version, atMs } : undefined };
  }

  #drop(run: Run): void {
    this.#runs.delete(run);
    run.isDropped = true;
    this.#recycle(run);
  }

  /** Memory that somebody still waits for or looks at is not taken away from under him. */
  #recycle(run: Run): void {
    const { memory } = run;
    if (!run.isDropped || run.users > 0 || memory === undefined) return;
    run.memory = undefined;
    if (this.#free.length < KEEP_RUNS) this.#free.push(memory);
  }
}

const includes = ({ from, to }: Run, index: number): boolean => from <= index && index < to;
