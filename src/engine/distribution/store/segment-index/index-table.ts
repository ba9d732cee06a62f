import type { Disk } from '../disk/disk.js';
import type { Place } from '../units/place.js';
import { RUN_NAME_LENGTH } from '../units/unit.js';

/*
 * A table is pages of entries behind one page with the magic word. An entry has the beginning of a segment id, which
 * is as good as random and tells its page, the name of a unit and a position there. It is a hint: whoever finds it
 * looks whether that segment is in that place. So it needs no checksum, and what a crash leaves of one does no harm.
 */
const MAGIC = Buffer.from('PWi1');
const PAGE_LENGTH = 4096;
const KEY_LENGTH = 14;
const ENTRY_LENGTH = KEY_LENGTH + RUN_NAME_LENGTH + 2;
export const ENTRIES_PER_PAGE = PAGE_LENGTH / ENTRY_LENGTH;

/** Entries that found their page full are in one of those behind it, not further than this. */
const MOST_PROBES = 64;

/** The name of the unit in an entry that is not used any more, and in one that never was. */
const REMOVED = Buffer.alloc(RUN_NAME_LENGTH, 0xff);
const NEVER_USED = Buffer.alloc(RUN_NAME_LENGTH);

/** A file with the places of segments of version 2. One process writes it, any number read it. */
export class IndexTable {
  readonly #disk: Disk;
  readonly #fd: number;
  readonly #pageCount: number;
  readonly #page = Buffer.alloc(PAGE_LENGTH);

  private constructor(disk: Disk, fd: number, pageCount: number) {
    this.#disk = disk;
    this.#fd = fd;
    this.#pageCount = pageCount;
  }

  /** `undefined`: it is missing, or no table. */
  static open(disk: Disk, path: string): IndexTable | undefined {
    const fd = disk.open(path);
    if (fd === undefined) return undefined;
    const pageCount = Number(disk.version(fd)?.size ?? 0n) / PAGE_LENGTH - 1;
    const magic = Buffer.alloc(MAGIC.length);
    disk.readNow(fd, magic);
    if (magic.equals(MAGIC) && Number.isInteger(Math.log2(pageCount))) {
      return new IndexTable(disk, fd, pageCount);
    }
    disk.close(fd);
    return undefined;
  }

  /** @param pageCount a power of two. */
  static create(disk: Disk, path: string, pageCount: number): IndexTable {
    const fd = disk.openNew(path);
    const page = Buffer.alloc(PAGE_LENGTH);
    // The last page makes the file as long as it will ever be; those before it take no room before they are used.
    disk.writeNow(fd, page, pageCount * PAGE_LENGTH);
    disk.writeNow(fd, MAGIC, 0);
    return new IndexTable(disk, fd, pageCount);
  }

  get pageCount(): number {
    return this.#pageCount;
  }

  /** Where a segment may be. */
  find(id: Uint8Array): readonly Place[] {
    const key = keyOf(id);
    const places: Place[] = [];
    for (let probe = 0; probe < this.#mostProbes; probe += 1) {
      const { page } = this.#read(this.#pageFor(key, probe));
      for (const at of entriesWith(page, key)) places.push(placeAt(page, at));
      // An entry goes to the first page that has room.
      if (!isFull(page)) break;
    }
    return places;
  }

  /** @returns how many pages it had to look at; `undefined` if there is no room for the entry. */
  add(id: Uint8Array, place: Place): number | undefined {
    const key = keyOf(id);
    let free: number | undefined;
    let looked = 0;
    for (let probe = 0; probe < this.#mostProbes; probe += 1) {
      const { page, start } = this.#read(this.#pageFor(key, probe));
      looked += 1;
      if (entriesWith(page, key).some((at) => isSame(placeAt(page, at), place))) return looked;
      const at = firstFree(page);
      if (at !== undefined) free ??= start + at;
      if (!isFull(page)) break;
    }
    if (free !== undefined) this.#disk.writeNow(this.#fd, encodeEntry(key, place), free);
    return free === undefined ? undefined : looked;
  }

  /** Forgets a place where the segment is not. */
  remove(id: Uint8Array, place: Place): void {
    const key = keyOf(id);
    for (let probe = 0; probe < this.#mostProbes; probe += 1) {
      const { page, start } = this.#read(this.#pageFor(key, probe));
      const at = entriesWith(page, key).find((entry) => isSame(placeAt(page, entry), place));
      if (at !== undefined) this.#disk.writeNow(this.#fd, REMOVED, start + at + KEY_LENGTH);
      if (at !== undefined || !isFull(page)) return;
    }
  }

  /** All entries, by the beginning of the segment's id, a page at a time. */
  *entries(): Generator<readonly (readonly [key: Buffer, place: Place])[]> {
    for (let index = 0; index < this.#pageCount; index += 1) {
      const { page } = this.#read(index);
      yield SLOTS.filter((at) => isInUse(page, at)).map(
        (at) => [Buffer.from(page.subarray(at, at + KEY_LENGTH)), placeAt(page, at)] as const,
      );
    }
  }

  close(): void {
    this.#disk.close(this.#fd);
  }

  get #mostProbes(): number {
    return Math.min(MOST_PROBES, this.#pageCount);
  }

  /** Its own page, or one of those behind it. */
  #pageFor(key: Buffer, probe: number): number {
    const home = Math.floor((key.readUInt32BE(0) / 2 ** 32) * this.#pageCount);
    return (home + probe) % this.#pageCount;
  }

  #read(index: number): ReadPage {
    const start = (1 + index) * PAGE_LENGTH;
    const length = this.#disk.readNow(this.#fd, this.#page, start);
    return { page: this.#page.fill(0, length), start };
  }
}

/** It is good until the next one is read. */
interface ReadPage {
  readonly page: Buffer;
  /** Where it begins in the file. */
  readonly start: number;
}

const keyOf = ({ buffer, byteOffset, length }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, Math.min(length, KEY_LENGTH));

const encodeEntry = (key: Buffer, { unit, first }: Place): Buffer => {
  const entry = Buffer.allocUnsafe(ENTRY_LENGTH);
  key.copy(entry);
  entry.write(unit, KEY_LENGTH, 'hex');
  entry.writeUInt16BE(first, KEY_LENGTH + RUN_NAME_LENGTH);
  return entry;
};

const placeAt = (page: Buffer, at: number): Place => ({
  unit: page.toString('hex', at + KEY_LENGTH, at + KEY_LENGTH + RUN_NAME_LENGTH),
  first: page.readUInt16BE(at + KEY_LENGTH + RUN_NAME_LENGTH),
});

const isSame = (one: Place, other: Place): boolean => one.unit === other.unit && one.first === other.first;

const hasUnit = (page: Buffer, at: number, name: Buffer): boolean =>
  page.compare(name, 0, RUN_NAME_LENGTH, at + KEY_LENGTH, at + KEY_LENGTH + RUN_NAME_LENGTH) === 0;

const isInUse = (page: Buffer, at: number): boolean =>
  !hasUnit(page, at, NEVER_USED) && !hasUnit(page, at, REMOVED);

/** Entries are used in their order, so the last one tells. */
const isFull = (page: Buffer): boolean => !hasUnit(page, PAGE_LENGTH - ENTRY_LENGTH, NEVER_USED);

const SLOTS: readonly number[] = Array.from({ length: ENTRIES_PER_PAGE }, (_, index) => index * ENTRY_LENGTH);

const firstFree = (page: Buffer): number | undefined => SLOTS.find((at) => !isInUse(page, at));

const entriesWith = (page: Buffer, key: Buffer): readonly number[] => {
  const found: number[] = [];
  for (let at = page.indexOf(key); at !== -1; at = page.indexOf(key, at + 1)) {
    if (at % ENTRY_LENGTH === 0 && isInUse(page, at)) found.push(at);
  }
  return found;
};
