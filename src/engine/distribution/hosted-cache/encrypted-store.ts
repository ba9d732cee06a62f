import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, DistributionEvent } from '../../../driver/index.js';
import { makePrivateDirectory } from '../../private-directory.js';
import { segmentName } from '../segment-name.js';
import { blocksOf, type EncryptedBlock, type SegmentShape } from './encrypted-block.js';
import { Pack, type PackedRecord } from './pack.js';

export interface EncryptedStoreOptions {
  /** Made if it is missing. */
  readonly directory: string;
  /** Most bytes of all packs together. */
  readonly quota: number;
  readonly clock: Clock;
  readonly emit: (event: DistributionEvent) => void;
}

/** What is here of a segment. */
export interface EncryptedSegment {
  readonly shape: SegmentShape;
  has(index: number): boolean;
  isComplete(): boolean;
}

/** What somebody has delivered of a segment. Which copy is the right one only readers can tell. */
interface Copy {
  readonly shape: SegmentShape;
  readonly blocks: Map<number, PackedRecord>;
}

interface Entry {
  /** The first one stays, the last one makes room for another. */
  readonly copies: Copy[];
  /** How often a block was read that there are several copies of. */
  readonly turns: Map<number, number>;
}

/** Two of each of two lengths. */
const MOST_COPIES = 4;

const SUFFIX = '.blocks';
const LONGEST_PACK = 64 * 1024 * 1024;
/** A quota is kept in steps of a pack, so there must be several in it. */
const PACKS_IN_QUOTA = 16;

/**
 * Encrypted blocks in files that are only appended to, with the list of them in memory. The least recently used file
 * goes when there is no room. After a crash, of all that was written only what was not finished is missing. Processes
 * that share a directory do not see what the others add, and do no harm.
 */
export class EncryptedStore {
  readonly #options: EncryptedStoreOptions;
  readonly #segments = new Map<string, Entry>();
  readonly #packs = new Map<Pack, PackedRecord[]>();
  readonly #appends = new Set<Promise<unknown>>();
  /** The pack that is being filled. */
  #current: Pack | undefined;
  /** The last in line for a place in it. */
  #placing: Promise<unknown> = Promise.resolve();

  private constructor(options: EncryptedStoreOptions) {
    this.#options = options;
  }

  /** Reads what there is. Rejects with the system's error if the directory cannot be used. */
  static async open(options: EncryptedStoreOptions): Promise<EncryptedStore> {
    const store = new EncryptedStore(options);
    makePrivateDirectory(options.directory);
    const names = await readdir(options.directory);
    for (const name of names.filter((one) => one.endsWith(SUFFIX))) {
      const { pack, records } = await Pack.open(join(options.directory, name));
      store.#packs.set(pack, []);
      for (const record of records) store.#enter(record, true);
    }
    await store.#makeRoom(0);
    return store;
  }

  /** Bytes on disk. */
  get length(): number {
    let length = 0;
    for (const pack of this.#packs.keys()) length += pack.length;
    return length;
  }

  get segmentCount(): number {
    return this.#segments.size;
  }

  /** @param shape to see copies of that one only; otherwise all of them, as the longest is cut. */
  find(segmentId: Uint8Array, shape?: SegmentShape): EncryptedSegment | undefined {
    const copies = this.#segments
      .get(segmentName({ id: segmentId }))
      ?.copies.filter((copy) => shape === undefined || isSame(copy.shape, shape));
    const [first, ...rest] = copies ?? [];
    if (copies === undefined || first === undefined) return undefined;
    const longest = rest.reduce(
      (most, copy) => (copy.shape.length > most.length ? copy.shape : most),
      first.shape,
    );
    const has = (index: number): boolean => copies.some(({ blocks }) => blocks.has(index));
    return {
      shape: longest,
      has,
      isComplete: () => Array.from({ length: blocksOf(longest) }, (_, index) => index).every(has),
    };
  }

  /**
   * `undefined` if it is not here, or was found damaged (it is forgotten then). Of several copies another one each time,
   * the latest one first: whoever got a wrong one asks again.
   */
  async read(segmentId: Uint8Array, index: number): Promise<EncryptedBlock | undefined> {
    const name = segmentName({ id: segmentId });
    for (;;) {
      const entry = this.#segments.get(name);
      const copies = entry?.copies.filter(({ blocks }) => blocks.has(index)) ?? [];
      const turn = entry?.turns.get(index) ?? 0;
      const copy = copies[copies.length - 1 - (turn % copies.length)];
      const record = copy?.blocks.get(index);
      if (entry === undefined || copy === undefined || record === undefined) return undefined;
      if (copies.length > 1) entry.turns.set(index, turn + 1);
      record.pack.lastUse = this.#options.clock.now();
      const block = await record.pack.read(record).catch(() => undefined);
      if (block !== undefined) return block;
      if (!this.#forget(record)) continue;
      const bytes = record.header.dataLength;
      this.#options.emit({ _tag: 'SegmentEvicted', segment: name, bytes, reason: 'damaged' });
    }
  }

  /**
   * Keeps a block unless it is here. Rejects with the system's error if it cannot.
   *
   * @param isOther: as another copy, if there is one already.
   */
  async add(block: EncryptedBlock, isOther = false): Promise<void> {
    if (!isOther && this.find(block.segmentId, block.shape)?.has(block.index) === true) return;
    const appending = this.#append(block, isOther);
    this.#appends.add(appending);
    try {
      await appending;
    } finally {
      this.#appends.delete(appending);
    }
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#appends);
    // What fails here costs the next process some time, nothing else.
    await this.#current?.seal().catch(() => undefined);
    for (const pack of this.#packs.keys()) {
      await pack.touch().catch(() => undefined);
      await pack.close();
    }
  }

  async #append(block: EncryptedBlock, isOther: boolean): Promise<void> {
    const placing = this.#placing.then(async () => {
      const pack = await this.#packWithRoom(block.data.length);
      pack.lastUse = this.#options.clock.now();
      // Takes its place at once and writes while the next one takes its own.
      return { pack, appending: pack.append(block) };
    });
    this.#placing = placing.catch(() => undefined);
    const { pack, appending } = await placing;
    try {
      this.#enter(await appending, isOther);
    } catch (error) {
      // It may have a hole now, behind which nobody would look after a restart.
      if (this.#current === pack) this.#current = undefined;
      throw error;
    }
  }

  async #packWithRoom(bytes: number): Promise<Pack> {
    const { directory, quota, clock } = this.#options;
    const longest = Math.min(LONGEST_PACK, quota / PACKS_IN_QUOTA);
    const full = this.#current;
    if (full !== undefined && full.length + bytes <= longest) return full;
    this.#current = undefined;
    await full?.seal();
    await this.#makeRoom(Math.max(longest, bytes));
    const pack = await Pack.create(join(directory, `${randomUUID()}${SUFFIX}`), clock.now());
    this.#packs.set(pack, []);
    this.#current = pack;
    return pack;
  }

  async #makeRoom(bytes: number): Promise<void> {
    const byAge = [...this.#packs.keys()].sort((one, other) => one.lastUse - other.lastUse);
    for (const pack of byAge) {
      if (this.length + bytes <= this.#options.quota) return;
      this.#evict(pack);
      await pack.remove();
    }
  }

  #evict(pack: Pack): void {
    const lost = new Map<string, number>();
    for (const record of this.#packs.get(pack) ?? []) {
      if (!this.#forget(record)) continue;
      const name = segmentName({ id: record.header.segmentId });
      lost.set(name, (lost.get(name) ?? 0) + record.header.dataLength);
    }
    this.#packs.delete(pack);
    for (const [segment, bytes] of lost)
      this.#options.emit({ _tag: 'SegmentEvicted', segment, bytes, reason: 'quota' });
  }

  #enter(record: PackedRecord, isOther: boolean): void {
    const { segmentId, shape, index } = record.header;
    const name = segmentName({ id: segmentId });
    const entry: Entry = this.#segments.get(name) ?? { copies: [], turns: new Map() };
    this.#segments.set(name, entry);
    this.#packs.get(record.pack)?.push(record);
    const alike = entry.copies.filter((copy) => isSame(copy.shape, shape));
    // Two clients delivered it at the same time.
    if (!isOther && alike.some(({ blocks }) => blocks.has(index))) return;
    let copy = alike.find(({ blocks }) => !blocks.has(index)) ?? alike[1];
    if (copy === undefined) {
      copy = { shape, blocks: new Map() };
      if (entry.copies.length === MOST_COPIES) entry.copies.pop();
      entry.copies.push(copy);
    }
    copy.blocks.set(index, record);
    entry.turns.delete(index);
  }

  /** `false`: it was forgotten before. */
  #forget(record: PackedRecord): boolean {
    const { segmentId, index } = record.header;
    const name = segmentName({ id: segmentId });
    const entry = this.#segments.get(name);
    const copy = entry?.copies.find(({ blocks }) => blocks.get(index) === record);
    if (entry === undefined || copy === undefined) return false;
    copy.blocks.delete(index);
    if (copy.blocks.size === 0) entry.copies.splice(entry.copies.indexOf(copy), 1);
    if (entry.copies.length === 0) this.#segments.delete(name);
    return true;
  }
}

const isSame = (one: SegmentShape, other: SegmentShape): boolean =>
  one.length === other.length && one.isCut === other.isCut;
