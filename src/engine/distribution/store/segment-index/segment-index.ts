import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { systemCode } from '../../../system-code.js';
import type { Disk } from '../disk/disk.js';
import { InFlight } from '../disk/in-flight.js';
import type { WorkArea } from '../disk/work-area.js';
import { unitPaths, type Layout } from '../layout.js';
import type { Place } from '../units/place.js';
import { ENTRIES_PER_PAGE, IndexTable } from './index-table.js';

const FIRST_PAGE_COUNT = 64;

/** Longer than any file system takes to give the next change of a directory another time. */
const SETTLED_MS = 2_000;

/** A segment, by its id or the beginning of it, and a place where it is. */
type Entry = readonly [id: Uint8Array, place: Place];

interface OwnTable {
  readonly path: string;
  readonly table: IndexTable;
}

/** Entries that are added before the event loop has its turn: each takes two system calls or more. */
const ADDED_IN_A_TURN = 32;

/** How full a new table is at most; pages begin to overflow at about twice that. */
const FIRST_LOAD = 0.4;

/**
 * In which units segments of version 2 are. It is a set of hints in files, so that it takes no memory and starts at once:
 * each process writes a table of its own and reads those of all, so that nobody waits for anybody, and takes over what
 * processes left that are no more. An entry may be wrong; whoever gets it looks.
 */
export class SegmentIndex {
  readonly #disk: Disk;
  readonly #layout: Layout;
  readonly #work: WorkArea;
  readonly #others = new Map<string, IndexTable>();
  readonly #calls = new InFlight();
  #own: OwnTable | undefined;
  #creating: Promise<OwnTable> | undefined;
  /** What the own one grows into. */
  #next: IndexTable | undefined;
  #names = 0;
  #growing: Promise<void> | undefined;
  #addedSinceGrowth = 0;
  #lookedMs = -Infinity;
  #listedMs = 0;
  #listedChange: number | undefined;
  #isClosed = false;

  constructor(parts: { readonly disk: Disk; readonly layout: Layout; readonly work: WorkArea }) {
    this.#disk = parts.disk;
    this.#layout = parts.layout;
    this.#work = parts.work;
  }

  /** Where a segment may be. @param maxAgeMs of the last look at the disk, if another one can be spared. */
  find(id: Uint8Array, maxAgeMs = 0): readonly Place[] {
    if (maxAgeMs === 0 || Date.now() - this.#lookedMs >= maxAgeMs) this.look();
    const here = this.#own?.table.find(id) ?? [];
    if (this.#others.size === 0) return here;
    return [here, ...[...this.#others.values()].map((table) => table.find(id))].flat();
  }

  /** Opens the tables of other processes that are new, and closes those that are gone. */
  look(): void {
    if (this.#isClosed) return;
    this.#lookedMs = Date.now();
    const change = this.#disk.changedMs(this.#layout.index);
    const isListed = change === this.#listedChange && this.#listedMs - (change ?? 0) > SETTLED_MS;
    if (change === undefined || isListed) return;
    this.#listedMs = Date.now();
    this.#listedChange = change;
    this.#list();
  }

  /** @throws the system's error. */
  async add(entries: readonly Entry[]): Promise<void> {
    for (let from = 0; from < entries.length; from += ADDED_IN_A_TURN) {
      if (from > 0) await setImmediate();
      await this.#addNow(entries.slice(from, from + ADDED_IN_A_TURN));
    }
  }

  async #addNow(entries: readonly Entry[]): Promise<void> {
    if (this.#isClosed) return;
    let own = this.#own ?? (await this.#begin());
    for (const [id, place] of entries) {
      const looked = own.table.add(id, place);
      if (looked !== 1) this.#growIfWorth(own.table);
      if (looked === undefined) {
        await this.#growing;
        own = this.#own ?? own;
        own.table.add(id, place);
      }
      this.#next?.add(id, place);
      this.#addedSinceGrowth += 1;
    }
  }

  /** Forgets a place where the segment is not; what other processes noted is theirs to forget. */
  remove(id: Uint8Array, place: Place): void {
    this.#own?.table.remove(id, place);
    this.#next?.remove(id, place);
  }

  /** Takes over the tables of processes that are no more. */
  async takeOver(): Promise<void> {
    for (const file of await this.#disk.list(this.#layout.index)) {
      if (this.#isClosed) return;
      if (!this.#work.isOpen(file.slice(0, file.lastIndexOf('.')))) await this.#inherit(file);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#calls.end();
    for (const table of [this.#own?.table, ...this.#others.values()]) table?.close();
    this.#own = undefined;
    this.#others.clear();
  }

  /** Makes the own table; once, however many need it. */
  async #begin(): Promise<OwnTable> {
    this.#creating ??= this.#calls.track(this.#create(FIRST_PAGE_COUNT));
    try {
      this.#own ??= await this.#creating;
      return this.#own;
    } finally {
      this.#creating = undefined;
    }
  }

  /** Where a new table of this process lies. */
  #newPath(): string {
    this.#names += 1;
    return join(this.#layout.index, `${this.#work.owner}.${this.#names}`);
  }

  async #create(pageCount: number): Promise<OwnTable> {
    await this.#disk.makeDirectory(this.#layout.index);
    const [prepared, path] = [this.#work.newPath(), this.#newPath()];
    const table = IndexTable.create(this.#disk, prepared, pageCount);
    try {
      await this.#disk.rename(prepared, path);
      return { path, table };
    } catch (error) {
      table.close();
      throw error;
    }
  }

  /** Whoever else opens the store may be at the same table: one of them gets it, by giving it another name. */
  async #inherit(file: string): Promise<void> {
    const path = this.#newPath();
    if (!(await this.#rename(join(this.#layout.index, file), path))) return;
    const table = IndexTable.open(this.#disk, path);
    if (this.#own === undefined && this.#creating === undefined && table !== undefined) {
      this.#own = { path, table };
      return;
    }
    if (table !== undefined) await this.#forEachLive(table, (entries) => this.add(entries));
    table?.close();
    if (!this.#isClosed) await this.#disk.removeFile(path);
  }

  async #rename(from: string, to: string): Promise<boolean> {
    try {
      return await this.#disk.rename(from, to);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return false;
      throw error;
    }
  }

  /** Once there is as much as could fill a quarter: one crowded page alone is no reason. */
  #growIfWorth({ pageCount }: IndexTable): void {
    const isWorth = this.#addedSinceGrowth > (pageCount * ENTRIES_PER_PAGE) / 4;
    if (this.#growing !== undefined || !isWorth) return;
    this.#growing = this.#calls.track(this.#grow()).finally(() => {
      this.#growing = undefined;
    });
  }

  /** Moves what is still true into a table that has room for it, while the old one is in use. Never rejects. */
  async #grow(): Promise<void> {
    const old = this.#own;
    if (old === undefined) return;
    this.#addedSinceGrowth = 0;
    try {
      let live = 0;
      await this.#forEachLive(old.table, (entries) => void (live += entries.length));
      const pages = live / (ENTRIES_PER_PAGE * FIRST_LOAD);
      const next = await this.#create(Math.max(FIRST_PAGE_COUNT, 2 ** Math.ceil(Math.log2(pages))));
      this.#next = next.table;
      await this.#forEachLive(old.table, (entries) => {
        for (const [id, place] of entries) next.table.add(id, place);
      });
      const isDone = !this.#isClosed;
      const [kept, dropped] = isDone ? [next, old] : [old, next];
      this.#own = kept;
      dropped.table.close();
      await this.#disk.removeFile(dropped.path);
    } catch {
      // No room, for instance: the old one goes on, and finds fewer segments than there are.
    } finally {
      this.#next = undefined;
    }
  }

  /** Calls back with all entries whose unit exists, as long as this is open. */
  async #forEachLive(
    table: IndexTable,
    use: (entries: readonly Entry[]) => void | Promise<void>,
  ): Promise<void> {
    const units = new Map<string, boolean>();
    const exists = (name: string): boolean => {
      const known = units.get(name) ?? this.#disk.exists(unitPaths(this.#layout, name).info);
      units.set(name, known);
      return known;
    };
    for (const page of table.entries()) {
      if (this.#isClosed) return;
      await use(page.filter(([, { unit }]) => exists(unit)));
      await setImmediate();
    }
  }

  #list(): void {
    const own = this.#own?.path;
    const files = this.#disk
      .listNow(this.#layout.index)
      .filter((file) => join(this.#layout.index, file) !== own);
    for (const [file, table] of this.#others) {
      if (files.includes(file)) continue;
      this.#others.delete(file);
      table.close();
    }
    for (const file of files) {
      if (this.#others.has(file)) continue;
      const table = IndexTable.open(this.#disk, join(this.#layout.index, file));
      if (table !== undefined) this.#others.set(file, table);
    }
  }
}
