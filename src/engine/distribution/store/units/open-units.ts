import type { SegmentInfo } from '../../ports.js';
import type { Disk } from '../disk/disk.js';
import { InFlight } from '../disk/in-flight.js';
import { unitPaths, type Layout } from '../layout.js';
import { copyOfOurs, type BlockFile } from './block-file.js';
import { lengthOf } from './block-layout.js';
import { wholeMarks } from './block-marks.js';
import { BlockReads } from './block-reads.js';
import { BlockTrust } from './block-trust.js';
import { BlockWrites } from './block-writes.js';
import type { DiskFilledFile } from './filled-file.js';
import { openSources } from './open-sources.js';
import { openUnitFiles } from './open-unit-files.js';
import { decodeUnitCalled } from './unit-codec.js';
import type { Unit } from './unit.js';

/** A unit whose files are open. */
export interface OpenUnit {
  readonly unit: Unit;
  /** One byte per block, 1 if it is in the data file; as of the last look at the disk. */
  readonly present: Uint8Array;
  /** The data file if it can be opened, then those that publications were made from. */
  readonly files: readonly BlockFile[];
  readonly writes: BlockWrites;
  /** Its files are not closed until this, which does not fail, is over. */
  readonly keepOpen: (work: Promise<void>) => void;
  /** Where it begins in a retrieved file, which its data file is another name of. */
  readonly start: number | undefined;
  /** That file, if it was being filled by this process when the unit was opened. */
  readonly filled: DiskFilledFile | undefined;
}

interface Entry extends OpenUnit {
  readonly infoPath: string;
  readonly identity: string;
  /** A file that could not be opened may be there again. */
  readonly lacksSource: boolean;
  readonly blocks: number;
  lookedMs: number;
  users: number;
  isDropped: boolean;
  readonly onClosed: (() => void)[];
}

/** A retrieved file belongs to whoever wanted it, once it is complete. */
export const isWritable = ({ start, filled }: OpenUnit): boolean =>
  start === undefined || filled?.isFilling === true;

/** Whether a block is here, as of the last look at the disk. */
export const hasBlock = ({ files }: OpenUnit, block: number): boolean =>
  files.some((file) => file.has(block));

/** The same of a block that is so long. Somebody may have been told another length of the last one: that is not here. */
export const hasBlockOf = (open: OpenUnit, block: number, length: number): boolean =>
  lengthOf(open.unit.layout, block) === length && hasBlock(open, block);

/** How many units are kept open at most, not counting those in use; each takes two or three file descriptors. */
const KEEP_OPEN = 32;

/** Keeps the files of the units used last open. Other processes may change or remove them at any time. */
export class OpenUnits {
  readonly #disk: Disk;
  readonly #layout: Layout;
  readonly #onDamage: (path: string) => void;
  readonly #onSourceChange: (publication: string) => void;
  readonly #onUse: (name: string) => void;
  readonly #onBlockDamage: (segment: SegmentInfo, bytes: number) => void;
  readonly #filledAt: (fd: number) => DiskFilledFile | undefined;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>();
  readonly #uses = new InFlight();
  /** Shared, so that the memory it takes does not grow with the number of units. */
  readonly reads: BlockReads;
  #isClosed = false;

  constructor(parts: {
    readonly disk: Disk;
    readonly layout: Layout;
    readonly onDamage: (path: string) => void;
    /** A file that this publication was made from has not the bytes any more that it had. */
    readonly onSourceChange: (publication: string) => void;
    /** Blocks of the unit are read or written. */
    readonly onUse: (name: string) => void;
    /** A block of this segment was not what it should be, and was forgotten. */
    readonly onBlockDamage: (segment: SegmentInfo, bytes: number) => void;
    /** The file that this process fills and that is open there. */
    readonly filledAt: (fd: number) => DiskFilledFile | undefined;
  }) {
    this.#disk = parts.disk;
    this.#layout = parts.layout;
    this.#onDamage = parts.onDamage;
    this.#onSourceChange = parts.onSourceChange;
    this.#onUse = parts.onUse;
    this.#onBlockDamage = parts.onBlockDamage;
    this.#filledAt = parts.filledAt;
    this.reads = new BlockReads(parts.disk);
  }

  /**
   * The unit as it is on disk; `undefined` also if it cannot be opened: for whoever asks it is not here.
   *
   * @param maxAgeMs of the last look at the disk, if another one can be spared.
   */
  lookUp(name: string, maxAgeMs = 0): OpenUnit | undefined {
    try {
      return this.#seen(name, maxAgeMs);
    } catch {
      return undefined;
    }
  }

  /** The unit as it was at the last look at the disk, if that was lately. */
  lastSeen(name: string): OpenUnit | undefined {
    return this.#entries.get(name) ?? this.lookUp(name);
  }

  /** Whether it is still what is on disk under its name. */
  isOnDisk(unit: OpenUnit): boolean {
    const { infoPath, identity } = unit as Entry;
    return this.#disk.identity(infoPath) === identity;
  }

  /**
   * Keeps the unit open while `action` runs.
   *
   * @param maxAgeMs of the last look at the disk, if another one can be spared.
   * @returns `undefined` if there is no such unit.
   */
  async use<Result>(
    name: string,
    action: (unit: OpenUnit) => Promise<Result>,
    maxAgeMs = 0,
  ): Promise<Result | undefined> {
    const entry = this.#seen(name, maxAgeMs);
    if (entry === undefined) return undefined;
    this.#onUse(name);
    return this.#hold(entry, () => action(entry));
  }

  /**
   * A unit has all its blocks, if it lies in that file, which this process has not open for writing any more afterwards:
   * a program that somebody can write to is not run by the system.
   */
  async markWhole(name: string, file: DiskFilledFile): Promise<void> {
    const entry = this.#entries.get(name) ?? this.#seen(name, 0);
    if (entry?.filled !== file) return;
    const marks = wholeMarks(entry.unit.layout.count);
    this.#disk.writeNow(entry.blocks, marks, 0);
    entry.present.set(marks);
    const closed = new Promise<void>((resolve) => entry.onClosed.push(resolve));
    this.#drop(name);
    await closed;
  }

  /** A block of the store's own file was read, is not what it should be, and was forgotten. */
  damaged(segment: SegmentInfo, bytes: number): void {
    this.#onBlockDamage(segment, bytes);
  }

  /** Something was dropped: no earlier look at the disk is good any more. */
  lookAgain(): void {
    for (const entry of this.#entries.values()) entry.lookedMs = -Infinity;
  }

  /** Lets go of units that were removed, so that the system can have their room. */
  closeRemoved(): void {
    for (const [name, { infoPath }] of this.#entries) {
      if (!this.#disk.exists(infoPath)) this.#drop(name);
    }
  }

  /** There are no units any more; waits for the actions under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const name of [...this.#entries.keys()]) this.#drop(name);
    await this.#uses.end();
  }

  async #hold<Result>(entry: Entry, action: () => Promise<Result>): Promise<Result> {
    entry.users += 1;
    try {
      return await this.#uses.track(action());
    } finally {
      entry.users -= 1;
      this.#closeIfUnused(entry);
    }
  }

  #seen(name: string, maxAgeMs: number): Entry | undefined {
    const open = maxAgeMs > 0 ? this.#entries.get(name) : undefined;
    return open !== undefined && Date.now() - open.lookedMs < maxAgeMs ? open : this.#current(name);
  }

  #current(name: string): Entry | undefined {
    if (this.#isClosed) return undefined;
    const known = this.#entries.get(name);
    const identity = this.#disk.identity(known?.infoPath ?? unitPaths(this.#layout, name).info);
    if (known?.identity !== identity || known?.lacksSource === true) this.#drop(name);
    if (identity === undefined) return undefined;
    const entry = this.#entries.get(name) ?? this.#open(name, identity);
    if (entry === undefined) return undefined;
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    this.#closeLeastRecent(entry);
    this.#disk.readNow(entry.blocks, entry.present);
    entry.lookedMs = Date.now();
    return entry;
  }

  #open(name: string, identity: string): Entry | undefined {
    const paths = unitPaths(this.#layout, name);
    const record = this.#disk.readWhole(paths.info);
    if (record === undefined) return undefined;
    const unit = decodeUnitCalled(name, record);
    if (unit === undefined) {
      this.#onDamage(paths.info);
      return undefined;
    }
    const opened = openUnitFiles(this.#disk, paths, unit, this.#filledAt);
    if (opened === undefined) return undefined;
    const { files, present, start, filled } = opened;
    const { data, blocks } = files;
    const sources = openSources(this.#disk, paths, this.#onSourceChange);
    const copy =
      data === undefined ? [] : [copyOfOurs(this.#disk, { ...files, data }, present, new BlockTrust())];
    const entry: Entry = {
      unit,
      infoPath: paths.info,
      blocks,
      present,
      start,
      filled,
      files: [...copy, ...sources.filter((source) => source !== undefined)],
      lacksSource: sources.includes(undefined),
      writes: new BlockWrites(this.#disk, files, unit.layout),
      keepOpen: (work) => void this.#hold(entry, () => work),
      onClosed: [],
      identity,
      lookedMs: 0,
      users: 0,
      isDropped: false,
    };
    return entry;
  }

  #closeLeastRecent(current: Entry): void {
    for (const [name, entry] of this.#entries) {
      if (this.#entries.size <= KEEP_OPEN) return;
      if (entry.users === 0 && entry !== current) this.#drop(name);
    }
  }

  #drop(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    this.#entries.delete(name);
    entry.isDropped = true;
    this.#closeIfUnused(entry);
  }

  #closeIfUnused(entry: Entry): void {
    if (!entry.isDropped || entry.users > 0) return;
    this.#disk.close(entry.blocks);
    for (const { fd } of entry.files) {
      // The next file to be opened may get the same number.
      this.reads.forget(fd);
      this.#disk.close(fd);
    }
    for (const closed of entry.onClosed) closed();
  }
}
