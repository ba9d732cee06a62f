import type { SeenVersion } from './block-trust.js';
import { lengthOf, type BlockLayout } from './block-layout.js';
import type { Disk } from '../disk/disk.js';
import { isSameVersion } from '../disk/file-version.js';
import { settled } from '../disk/in-flight.js';
import { ReadMemory } from './read-memory.js';

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
  /** How many who asked have not got theirs yet, and the read itself. */
  users: number;
  isDropped: boolean;
}

/**
 * Bytes read by the first call for a file, and twice as many by each one after that: somebody may be waiting for a first
 * byte and want no more, and memory that was never used costs more than what is read into it.
 */
const FIRST_TOGETHER = 128 * 1024;

/** Most bytes read by one call, and by all whose blocks are kept. */
const MOST_TOGETHER = 1024 * 1024;
const MOST_KEPT = 8 * MOST_TOGETHER;

/** An open file with blocks, and which of them are worth reading. */
export interface ReadableFile {
  readonly fd: number;
  /** Where the first block begins in it. */
  readonly start: number;
  readonly layout: BlockLayout;
  readonly has: (index: number) => boolean;
  /** Keeps the file open until what is done with it is over, which does not fail. */
  readonly keepOpen: (work: Promise<void>) => void;
}

/** Looks at the bytes of a block; they are from one version of the file, unless that changed meanwhile. */
export type UseBytes<Result> = (bytes: Buffer, seen: SeenVersion | undefined) => Result;

/**
 * Reads blocks from data files. Blocks are mostly asked for in order and a call to the thread pool costs more than
 * copying one, so the neighbours behind a block are read with it and kept for a while: the more, the fewer such runs there
 * are, as every reader has one. Who has gone through half of a run finds the next one read. They are as the file was
 * then: whoever finds one wrong reads it anew.
 */
export class BlockReads {
  readonly #disk: Disk;
  /** In the order of reading; a few, as they are as long as they can be. */
  readonly #runs: Run[] = [];
  /** How many bytes the next call for a file reads. */
  readonly #next = new Map<number, number>();
  readonly #memory = new ReadMemory(MOST_KEPT);
  #kept = 0;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** Lends the bytes of a block to `use`, until that returns; they are fewer than it has if the file ends in it. */
  async lend<Result>(file: ReadableFile, index: number, use: UseBytes<Result>): Promise<Result> {
    const run = this.#find(file.fd, index) ?? this.#start(file, index);
    run.users += 1;
    run.left -= 1;
    this.#readAhead(file, run);
    try {
      const { bytes, seen } = await run.result;
      const at = file.layout.startOf(index) - file.layout.startOf(run.from);
      return use(bytes.subarray(at, at + lengthOf(file.layout, index)), seen);
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
    if (index === undefined) this.#next.delete(file);
    if (this.#runs.length === 0) return;
    const isMeant = (run: Run): boolean => run.fd === file && (index === undefined || includes(run, index));
    for (const run of this.#runs.filter(isMeant)) this.#drop(run);
  }

  #find(file: number, index: number): Run | undefined {
    for (const run of this.#runs) if (run.fd === file && includes(run, index)) return run;
    return undefined;
  }

  /** Where the next run of a file begins: those who ask over several connections do not ask in order. */
  #startOfNext(file: number, index: number): number | undefined {
    let next: number | undefined;
    for (const { fd, from } of this.#runs) {
      if (fd === file && from > index) next = Math.min(next ?? from, from);
    }
    return next;
  }

  /** Whoever has had more than half of a run is going through it. */
  #readAhead(file: ReadableFile, { from, to, left }: Run): void {
    const { fd, layout, has } = file;
    if (left >= (to - from) / 2 || to >= layout.count || !has(to)) return;
    if (this.#find(fd, to) !== undefined) return;
    file.keepOpen(settled(this.#start(file, to).result));
  }

  #start({ fd, start, layout, has }: ReadableFile, from: number): Run {
    const wanted = this.#next.get(fd) ?? FIRST_TOGETHER;
    this.#next.set(fd, Math.min(2 * wanted, MOST_TOGETHER));
    const most = Math.min(wanted, MOST_KEPT / (this.#runs.length + 1));
    const offset = layout.startOf(from);
    let to = from + 1;
    const end = this.#startOfNext(fd, from) ?? layout.count;
    while (to < end && layout.startOf(to + 1) - offset <= most && has(to)) to += 1;
    const length = layout.startOf(to) - offset;
    const memory = this.#memory.take(length);
    const result = this.#read(fd, memory.subarray(0, length), start + offset);
    const run: Run = { fd, from, to, memory, result, left: to - from, users: 1, isDropped: false };
    const release = (): void => {
      run.users -= 1;
      this.#recycle(run);
    };
    result.then(release, () => {
      this.#drop(run);
      release();
    });
    this.#runs.push(run);
    this.#kept += memory.length;
    for (let [oldest] = this.#runs; this.#kept > MOST_KEPT && oldest !== run; [oldest] = this.#runs) {
      if (oldest !== undefined) this.#drop(oldest);
    }
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
    const at = this.#runs.indexOf(run);
    if (at >= 0) {
      this.#runs.splice(at, 1);
      this.#kept -= run.memory?.length ?? 0;
    }
    run.isDropped = true;
    this.#recycle(run);
  }

  /** Memory that somebody still waits for or looks at is not taken away from under him. */
  #recycle(run: Run): void {
    const { memory } = run;
    if (!run.isDropped || run.users > 0 || memory === undefined) return;
    run.memory = undefined;
    this.#memory.giveBack(memory);
  }
}

const includes = ({ from, to }: Run, index: number): boolean => from <= index && index < to;
