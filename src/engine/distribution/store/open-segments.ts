import type { SegmentInfo } from '../ports.js';
import { blockCount } from '../wire/index.js';
import { copyOfOurs, type BlockFile } from './block-file.js';
import { BlockReads } from './block-reads.js';
import { BlockTrust } from './block-trust.js';
import { BlockWrites } from './block-writes.js';
import type { Disk } from './disk.js';
import { InFlight } from './in-flight.js';
import { segmentPaths, type Layout } from './layout.js';
import { openSources } from './open-sources.js';
import { decodeSegmentInfo } from './record-codec.js';

/** A segment whose files are open. */
export interface OpenSegment {
  readonly info: SegmentInfo;
  readonly data: number;
  readonly blocks: number;
  /** One byte per block, 1 if it is in the data file; as of the last look at the disk. */
  readonly present: Uint8Array;
  /** The data file, then those that publications were made from. */
  readonly files: readonly BlockFile[];
  readonly writes: BlockWrites;
}

interface Entry extends OpenSegment {
  readonly infoPath: string;
  readonly identity: string;
  /** A file that could not be opened may be there again. */
  readonly lacksSource: boolean;
  users: number;
  isDropped: boolean;
}

/** Whether a block is here, as of the last look at the disk. */
export const hasBlock = ({ files }: OpenSegment, index: number): boolean =>
  files.some((file) => file.has(index));

/** How many segments are kept open at most, not counting those in use; each takes two or three file descriptors. */
const KEEP_OPEN = 32;

/** Keeps the files of the segments used last open. Other processes may change or remove them at any time. */
export class OpenSegments {
  readonly #disk: Disk;
  readonly #layout: Layout;
  readonly #onDamage: (path: string) => void;
  readonly #onSourceChange: (publication: string) => void;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>();
  readonly #uses = new InFlight();
  /** Shared, so that the memory it takes does not grow with the number of segments. */
  readonly reads: BlockReads;
  #isClosed = false;

  constructor(parts: {
    readonly disk: Disk;
    readonly layout: Layout;
    readonly onDamage: (path: string) => void;
    /** A file that this publication was made from has not the bytes any more that it had. */
    readonly onSourceChange: (publication: string) => void;
  }) {
    this.#disk = parts.disk;
    this.#layout = parts.layout;
    this.#onDamage = parts.onDamage;
    this.#onSourceChange = parts.onSourceChange;
    this.reads = new BlockReads(parts.disk);
  }

  /** The segment as it is on disk now. It is good until control returns to the event loop. */
  lookUp(idHex: string): OpenSegment | undefined {
    return this.#current(idHex);
  }

  /**
   * Keeps the segment open while `action` runs.
   *
   * @param known as it was found a moment ago, which is good enough if it is still open.
   * @returns `undefined` if there is no such segment.
   */
  async use<Result>(
    idHex: string,
    action: (segment: OpenSegment) => Promise<Result>,
    known?: OpenSegment,
  ): Promise<Result | undefined> {
    const open = this.#entries.get(idHex);
    const entry = open !== undefined && open === known ? open : this.#current(idHex);
    if (entry === undefined) return undefined;
    entry.users += 1;
    try {
      return await this.#uses.track(action(entry));
    } finally {
      entry.users -= 1;
      this.#closeIfUnused(entry);
    }
  }

  /** There are no segments any more; waits for the actions under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const idHex of [...this.#entries.keys()]) this.#drop(idHex);
    await this.#uses.end();
  }

  #current(idHex: string): Entry | undefined {
    if (this.#isClosed) return undefined;
    const known = this.#entries.get(idHex);
    const identity = this.#disk.identity(known?.infoPath ?? segmentPaths(this.#layout, idHex).info);
    if (known?.identity !== identity || known?.lacksSource === true) this.#drop(idHex);
    if (identity === undefined) return undefined;
    const entry = this.#entries.get(idHex) ?? this.#open(idHex, identity);
    if (entry === undefined) return undefined;
    this.#entries.delete(idHex);
    this.#entries.set(idHex, entry);
    this.#closeLeastRecent(entry);
    this.#disk.readNow(entry.blocks, entry.present);
    return entry;
  }

  #open(idHex: string, identity: string): Entry | undefined {
    const paths = segmentPaths(this.#layout, idHex);
    const record = this.#disk.readWhole(paths.info);
    if (record === undefined) return undefined;
    const info = decodeSegmentInfo(record);
    if (info === undefined) {
      this.#onDamage(paths.info);
      return undefined;
    }
    const data = this.#disk.open(paths.data);
    if (data === undefined) return undefined;
    const blocks = this.#openOrClose(paths.blocks, data);
    if (blocks === undefined) return undefined;
    const sources = openSources(this.#disk, paths, info, this.#onSourceChange);
    const present = new Uint8Array(blockCount(info));
    const copy = copyOfOurs(this.#disk, { data, blocks }, present, new BlockTrust());
    return {
      info,
      infoPath: paths.info,
      data,
      blocks,
      present,
      files: [copy, ...sources.filter((source) => source !== undefined)],
      lacksSource: sources.includes(undefined),
      writes: new BlockWrites(this.#disk, { data, blocks }),
      identity,
      users: 0,
      isDropped: false,
    };
  }

  /** Opens a second file; the first one is not left open if that fails. */
  #openOrClose(path: string, first: number): number | undefined {
    let opened: number | undefined;
    try {
      opened = this.#disk.open(path);
      return opened;
    } finally {
      if (opened === undefined) this.#disk.close(first);
    }
  }

  #closeLeastRecent(current: Entry): void {
    for (const [idHex, entry] of this.#entries) {
      if (this.#entries.size <= KEEP_OPEN) return;
      if (entry.users === 0 && entry !== current) this.#drop(idHex);
    }
  }

  #drop(idHex: string): void {
    const entry = this.#entries.get(idHex);
    if (entry === undefined) return;
    this.#entries.delete(idHex);
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
  }
}
