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

interface Entry {
  readonly shape: SegmentShape;
  readonly blocks: Map<number, PackedRecord>;
}

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
      for (const record of records) store.#enter(record);
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

  find(segmentId: Uint8Array): EncryptedSegment | undefined {
    const entry = this.#segments.get(segmentName({ id: segmentId }));
    return (
      entry && {
        shape: entry.shape,
        has: (index) => entry.blocks.has(index),
        isComplete: () => entry.blocks.size === blocksOf(entry.shape),
      }
    );
  }

  /** `undefined` if it is not here, or was found damaged (it is forgotten then). */
  async read(segmentId: Uint8Array, index: number): Promise<EncryptedBlock | undefined> {
    const name = segmentName({ id: segmentId });
    const blocks = this.#segments.get(name)?.blocks;
    const record = blocks?.get(index);
    if (blocks === undefined || record === undefined) return undefined;
    record.pack.lastUse = this.#options.clock.now();
    const block = await record.pack.read(record).catch(() => undefined);
    if (block === undefined && blocks.get(index) === record) this.#forget(name, index);
    return block;
  }

  /** Keeps a block unless it is here. Rejects with the system's error if it cannot. */
  async add(block: EncryptedBlock): Promise<void> {
    if (this.find(block.segmentId)?.has(block.index) === true) return;
    const appending = this.#append(block);
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

  async #append(block: EncryptedBlock): Promise<void> {
    const placing = this.#placing.then(async () => {
      const pack = await this.#packWithRoom(block.data.length);
      pack.lastUse = this.#options.clock.now();
      // Takes its place at once and writes while the next one takes its own.
      return { pack, appending: pack.append(block) };
    });
    this.#placing = placing.catch(() => undefined);
    const { pack, appending } = await placing;
    try {
      this.#enter(await appending);
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
      const { segmentId, index, dataLength } = record.header;
      const name = segmentName({ id: segmentId });
      if (this.#segments.get(name)?.blocks.get(index) !== record) continue;
      this.#forget(name, index);
      lost.set(name, (lost.get(name) ?? 0) + dataLength);
    }
    this.#packs.delete(pack);
    for (const [segment, bytes] of lost)
      this.#options.emit({ _tag: 'SegmentEvicted', segment, bytes, reason: 'quota' });
  }

  #enter(record: PackedRecord): void {
    const { segmentId, shape, index } = record.header;
    const name = segmentName({ id: segmentId });
    const known = this.#segments.get(name);
    const entry: Entry = known ?? { shape, blocks: new Map() };
    if (known === undefined) this.#segments.set(name, entry);
    entry.blocks.set(index, record);
    this.#packs.get(record.pack)?.push(record);
  }

  #forget(name: string, index: number): void {
    const entry = this.#segments.get(name);
    entry?.blocks.delete(index);
    if (entry?.blocks.size === 0) this.#segments.delete(name);
  }
}
