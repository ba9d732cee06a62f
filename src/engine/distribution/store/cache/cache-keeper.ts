import { join } from 'node:path';
import type { CacheEvent, EvictionReason } from '../../../../driver/index.js';
import type {
  CacheLimitsNow,
  CacheState,
  CachedSegments,
  ContentCache,
  Removed,
  SegmentInfo,
} from '../../ports.js';
import { hashBlock } from '../../wire/index.js';
import type { Disk } from '../disk/disk.js';
import { InFlight, settled } from '../disk/in-flight.js';
import type { WorkArea } from '../disk/work-area.js';
import { unitPaths, type Holder, type Layout } from '../layout.js';
import { lengthOf } from '../units/block-layout.js';
import type { OpenUnits } from '../units/open-units.js';
import type { UnitDirectories } from '../units/unit-directories.js';
import { hashInUnit } from '../units/unit.js';
import { readCachedUnit, segmentsHere, useMark, type CachedUnit, type HereOfSegment } from './cached-unit.js';
import type { UnitPins } from './unit-pins.js';
import type { Departures } from './departures.js';
import { UsageLedger } from './usage-ledger.js';

/** How often marks of use reach the disk, and it is looked whether other processes removed what is open here. */
export const MARK_EVERY_MS = 10_000;
/** How often it is looked for what has become too old. */
export const LOOK_EVERY_MS = 600_000;
/** When the cache is full, so much of it is left: the next look is that far away. */
export const LOW_WATER = 0.9;
/** When not enough could go, it is looked again after so much more of the quota was written. */
const LOOK_AGAIN = 0.05;

export interface CacheKeeperParts {
  readonly disk: Disk;
  readonly layout: Layout;
  readonly work: WorkArea;
  readonly directories: UnitDirectories;
  readonly units: OpenUnits;
  readonly pins: UnitPins;
  readonly departures: Departures;
  /** Tells, for one look, whether a holder is a publication of somebody who still runs. */
  readonly lookForLiving: () => (holder: string) => boolean;
  /** Left out: no limits. */
  readonly limits?: (() => Promise<CacheLimitsNow>) | undefined;
  readonly emit: (event: CacheEvent) => void;
}

/**
 * Keeps the cache within its limits: what was not used for longest goes first, what is published or open stays. Several
 * processes do so in the same directory without a lock; they may look twice, and evict once. Nothing here touches a file
 * for each block that is read or written.
 */
export class CacheKeeper implements ContentCache {
  readonly #parts: CacheKeeperParts;
  readonly #ledger: UsageLedger;
  readonly #used = new Set<string>();
  readonly #calls = new InFlight();
  #trimming: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lookedMs = 0;
  /** From so many bytes on it is worth looking. */
  #limit = Infinity;
  #lastQuota: number | undefined;
  #isClosed = false;

  constructor(parts: CacheKeeperParts) {
    this.#parts = parts;
    this.#ledger = new UsageLedger(parts.disk, parts.work);
  }

  /** A block of the unit was asked for, or stored. */
  used(name: string): void {
    this.#used.add(name);
  }

  /** Bytes were stored. When there is no room for more, it resolves after room was made. */
  async wrote(bytes: number): Promise<void> {
    if (this.#isClosed || this.#parts.limits === undefined) return;
    if (this.#ledger.wrote(bytes)) await settled(this.#ledger.tell());
    if ((this.#ledger.bytes ?? 0) > this.#limit) await settled(this.#trimOnce());
  }

  /** Begins to keep order; the first look is taken at once. */
  start(): void {
    if (this.#parts.limits === undefined) return;
    this.#tick();
  }

  async trim(): Promise<void> {
    // The one under way may go by former limits.
    await this.#trimming?.catch(() => undefined);
    await this.#dropLost();
    await this.#trimOnce();
  }

  async *list(): AsyncGenerator<CachedSegments> {
    for await (const [name, found] of this.#units()) yield await this.#describe(name, found);
  }

  async *verify(): AsyncGenerator<CachedSegments> {
    for await (const [name, found] of this.#units()) {
      // Publications by their path have no copy; they are checked whenever they are read.
      const damaged = await this.#dropDamaged(name, found);
      yield { ...(await this.#describe(name, found)), damaged };
    }
  }

  async *units(): AsyncGenerator<readonly SegmentInfo[]> {
    for await (const [, { unit }] of this.#units()) if (unit !== undefined) yield unit.segments;
  }

  async clear(): Promise<Removed> {
    let removed: Removed = { segments: 0, bytes: 0 };
    for await (const [name, found] of this.#units()) {
      if (!found.isPublished && (await this.#evict(name, found, 'cleared'))) removed = sum(removed, found);
    }
    return removed;
  }

  /** Drops what only `holder` holds. */
  async flush(holder: Holder): Promise<void> {
    const { disk, layout, directories, lookForLiving } = this.#parts;
    for await (const name of directories.all()) {
      if (!disk.exists(join(unitPaths(layout, name).holders, holder))) continue;
      const found = await readCachedUnit(disk, layout, name, lookForLiving());
      await directories.release(name, holder);
      if (found?.holders.length === 1) await this.#tell(segmentsHere(found), 'cleared');
    }
  }

  /** A block on disk is not what it should be, and was forgotten. */
  damaged(segment: SegmentInfo, bytes: number): void {
    if (this.#isClosed) return;
    const id = Buffer.from(segment.id).toString('hex');
    void this.#calls.track(this.#tell([{ id, bytes }], 'damaged'));
  }

  async state(): Promise<CacheState> {
    const state = { segments: 0, bytes: 0, publishedSegments: 0, publishedBytes: 0 };
    for await (const [, found] of this.#units()) {
      const here = segmentsHere(found).length;
      if (found.isPublished) {
        state.publishedSegments += here;
        state.publishedBytes += found.bytes;
      } else {
        state.segments += here;
        state.bytes += found.bytes;
      }
    }
    return { ...state, ...(await this.#parts.limits?.()) };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#calls.end();
    await settled(this.#mark());
    this.#ledger.close();
  }

  #tick(): void {
    if (this.#isClosed) return;
    const isDue = Date.now() - this.#lookedMs >= LOOK_EVERY_MS;
    void settled(this.#calls.track(isDue ? this.#trimOnce() : this.#look())).then(() => {
      if (this.#isClosed) return;
      this.#timer = setTimeout(() => this.#tick(), MARK_EVERY_MS);
      this.#timer.unref();
    });
  }

  async #look(): Promise<void> {
    await this.#mark();
    this.#parts.units.closeRemoved();
    await this.#ledger.tell();
    const { quotaBytes } = (await this.#parts.limits?.()) ?? { quotaBytes: Infinity };
    if (quotaBytes < this.#limit && quotaBytes !== this.#lastQuota) this.#limit = quotaBytes;
    if ((this.#ledger.bytes ?? 0) > this.#limit) await this.#trimOnce();
  }

  /** Notes on disk what was used, so that the other processes see it. */
  async #mark(): Promise<void> {
    const names = [...this.#used];
    this.#used.clear();
    for (const name of names) await settled(this.#parts.disk.touch(useMark(this.#parts.layout, name)));
  }

  /** Looks at all of the cache, and evicts what is too old or too much; one at a time. */
  #trimOnce(): Promise<void> {
    this.#trimming ??= this.#calls.track(this.#trim()).finally(() => {
      this.#trimming = undefined;
    });
    return this.#trimming;
  }

  async #trim(): Promise<void> {
    this.#lookedMs = Date.now();
    const { disk, layout, lookForLiving } = this.#parts;
    const { quotaBytes, maxAgeMs = Infinity } = (await this.#parts.limits?.()) ?? { quotaBytes: Infinity };
    this.#lastQuota = quotaBytes;
    await this.#mark();
    await this.#ledger.look(async () => {
      const cached: (readonly [name: string, usedMs: number, bytes: number])[] = [];
      let total = 0;
      for await (const [name, found] of this.#units()) {
        if (found.isPublished) continue;
        const isOld = Date.now() - found.storedMs > maxAgeMs;
        if (isOld && (await this.#evict(name, found, 'age'))) continue;
        // What nobody can find any more goes first.
        cached.push([name, found.unit === undefined ? 0 : found.usedMs, found.bytes]);
        total += found.bytes;
      }
      if (total <= quotaBytes) return total;
      for (const [name, , bytes] of cached.sort(([, one], [, other]) => one - other)) {
        if (total <= quotaBytes * LOW_WATER) break;
        if (this.#used.has(name)) continue;
        const found = await readCachedUnit(disk, layout, name, lookForLiving());
        // Gone is as good as evicted.
        if (found === undefined || (await this.#evict(name, found, 'quota'))) total -= bytes;
      }
      return total;
    });
    // What is open cannot go: it makes no sense to look again at once.
    this.#limit = Math.max(quotaBytes, (this.#ledger.bytes ?? 0) + quotaBytes * LOOK_AGAIN);
    if ((this.#ledger.bytes ?? 0) <= quotaBytes) this.#limit = quotaBytes;
  }

  /** Drops what lies here without a record of what it is. */
  async #dropLost(): Promise<void> {
    for await (const [name, found] of this.#units()) {
      if (found.unit === undefined) await this.#evict(name, found, 'damaged');
    }
  }

  async #evict(name: string, found: CachedUnit, reason: EvictionReason): Promise<boolean> {
    const { directories, pins, units, lookForLiving } = this.#parts;
    if (!(await directories.evict(name, () => pins.isPinned(name), lookForLiving()))) return false;
    // As after an unpublish or a flush: it is neither handed out any more nor written to.
    units.closeRemoved();
    units.lookAgain();
    await this.#tell(segmentsHere(found), reason);
    return true;
  }

  /** Tells of segments that have left, and keeps for later why. */
  async #tell(segments: readonly HereOfSegment[], reason: EvictionReason): Promise<void> {
    for (const { id, bytes } of segments) {
      this.#parts.emit({ _tag: 'SegmentEvicted', segment: id, bytes, reason });
    }
    await this.#parts.departures.note(
      segments.map(({ id }) => id),
      reason,
    );
  }

  async #describe(name: string, found: CachedUnit): Promise<CachedSegments> {
    const { unit, bytes, isPublished, usedMs, storedMs } = found;
    const segments = segmentsHere(found);
    const isOpen = await this.#parts.pins.isPinned(name);
    return {
      segments,
      bytes,
      length: unit === undefined ? bytes : unit.layout.startOf(unit.layout.count),
      isPublished,
      isOpen,
      usedMs,
      storedMs,
    };
  }

  /** @returns how many blocks were dropped; of a unit whose record is lost, all that were marked in it. */
  async #dropDamaged(name: string, found: CachedUnit): Promise<number> {
    const { unit, present } = found;
    if (unit === undefined) {
      const isDropped = await this.#evict(name, found, 'damaged');
      return isDropped ? Math.max(1, present.filter((mark) => mark === 1).length) : 0;
    }
    const damaged = await this.#parts.units.use(name, async (open) => {
      const dropped = new Set<number>();
      const [ours] = open.files;
      // Not what was read before: what is on disk now.
      if (ours !== undefined) this.#parts.units.reads.forget(ours.fd);
      for (const [block, isHere] of present.entries()) {
        const expected = hashInUnit(unit, block);
        if (isHere !== 1 || ours === undefined || expected === undefined) continue;
        const { fd, start, has } = ours;
        const at = { fd, start, has, layout: unit.layout, keepOpen: open.keepOpen };
        const hash = unit.segments[0]?.hash ?? 'sha256';
        const length = lengthOf(unit.layout, block);
        // A file that is too short is damaged, too.
        const isIntact = await this.#parts.units.reads
          .lend(at, block, (bytes) => bytes.length === length && hashBlock(hash, bytes).equals(expected))
          .catch(() => false);
        if (isIntact) continue;
        ours.forget(block);
        dropped.add(block);
      }
      return dropped;
    });
    const lost = damaged ?? new Set();
    await this.#tell(
      segmentsHere(found, (block) => lost.has(block)),
      'damaged',
    );
    return lost.size;
  }

  async *#units(): AsyncGenerator<readonly [name: string, found: CachedUnit]> {
    const { disk, layout, directories, lookForLiving } = this.#parts;
    const isLiving = lookForLiving();
    for await (const name of directories.all()) {
      const found = await readCachedUnit(disk, layout, name, isLiving);
      if (found !== undefined) yield [name, found];
    }
  }
}

const sum = (removed: Removed, found: CachedUnit): Removed => ({
  segments: removed.segments + segmentsHere(found).length,
  bytes: removed.bytes + found.bytes,
});
