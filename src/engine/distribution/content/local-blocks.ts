import { setImmediate } from 'node:timers/promises';
import type { DistributionEvent } from '../../../driver/index.js';
import type { AdoptedBlock, AdoptedSegments, ContentStore, StoredSegment } from '../ports.js';
import { blockLength, type PlacedSegment } from '../wire/index.js';
import { segmentName } from '../segment-name.js';
import type { NumberedBlock } from './block-window.js';
import type { ContentFile } from './content-file.js';
import type { ContentMap, PlacedBlock, SegmentRun } from './content-map.js';

type FoundBlock = AdoptedBlock & NumberedBlock;

/** So many runs, those taken up last, are kept from being evicted while the content is open: 256 MiB at most. */
export const MOST_PINNED = 8;

/** Segments that are looked up before the event loop has its turn: each takes several system calls. */
const LOOKS_IN_A_TURN = 64;

/** What of a content lies on this machine, by block number. */
export class LocalBlocks {
  /** Runs of segments held for the tag, by their number, from when something of them is first read or written. */
  readonly #adopting = new Map<number, Promise<AdoptedSegments>>();
  readonly #adopted = new Map<number, AdoptedSegments>();
  /** By run, in the order in which they were adopted. */
  readonly #pins = new Map<number, Promise<() => Promise<void>>>();
  #file: ContentFile | undefined;

  constructor(
    private readonly map: ContentMap,
    private readonly tag: Uint8Array,
    private readonly store: ContentStore,
    private readonly emit: (event: DistributionEvent) => void,
  ) {}

  /** From here on, what is read or written is put into the file, too, where it does not lie there anyway. */
  fill(file: ContentFile): void {
    this.#file = file;
  }

  /** @param maxAgeMs of the last look at the disk, if another one can be spared. */
  has(block: number, maxAgeMs = 0): boolean {
    const place = this.map.find(block);
    if (place === undefined) return false;
    const adopted = this.#adopted.get(this.map.runIndexOf(block));
    if (adopted !== undefined) return adopted.has(this.map.indexInRun(block), place.index);
    // Asking the store takes several system calls.
    return isHere(this.store.find(place.segment.info.id, maxAgeMs), place);
  }

  /**
   * The number of the first block from `block` on, before `limit`, that is (or is not) here; `limit` if all are alike.
   * There may be very many: others have their turns meanwhile. Rejects with the signal's reason.
   */
  async firstThat(isWanted: boolean, block: number, limit: number, signal: AbortSignal): Promise<number> {
    let segment: PlacedSegment | undefined;
    let stored: StoredSegment | undefined;
    let looks = 0;
    for (let at = block; at < limit; at += 1) {
      const place = this.map.find(at);
      if (place !== undefined && place.segment !== segment) {
        if (looks > 0 && looks % LOOKS_IN_A_TURN === 0) {
          await setImmediate();
          signal.throwIfAborted();
        }
        looks += 1;
        segment = place.segment;
        stored = this.store.find(segment.info.id);
      }
      if ((place !== undefined && isHere(stored, place)) === isWanted) return at;
    }
    return limit;
  }

  /** The plain bytes of a block if it is here and undamaged. */
  async read(block: number): Promise<Buffer | undefined> {
    const place = this.map.find(block);
    if (place === undefined || !this.has(block)) return undefined;
    // Not what `has` found: that may go by another list of block hashes than this content's.
    const adopted = await this.#adopt(block);
    const bytes = await adopted.at(this.map.indexInRun(block)).read(place.index);
    if (bytes === undefined) {
      // Damaged, or another process has dropped the segment.
      this.#forget(this.map.runIndexOf(block));
      return undefined;
    }
    await this.#file?.put([{ block, bytes }]);
    const segment = segmentName(place.segment.info);
    this.emit({ _tag: 'CacheHit', segment, block: place.index, bytes: bytes.length });
    return bytes;
  }

  /** Keeps blocks that were checked against their hashes. */
  async write(blocks: readonly NumberedBlock[]): Promise<void> {
    try {
      await this.#store(blocks);
    } finally {
      await this.#file?.put(blocks);
    }
  }

  async #store(blocks: readonly NumberedBlock[]): Promise<void> {
    const byRun = new Map<number, { readonly first: number; readonly found: FoundBlock[] }>();
    for (const { block, bytes } of blocks) {
      const place = this.map.find(block);
      if (place === undefined) continue;
      const found = { segment: this.map.indexInRun(block), index: place.index, bytes, block };
      const run = this.map.runIndexOf(block);
      const others = byRun.get(run);
      if (others === undefined) byRun.set(run, { first: block, found: [found] });
      else others.found.push(found);
    }
    await Promise.all([...byRun.values()].map(({ first, found }) => this.#storeTogether(first, found)));
  }

  /** @param found blocks of one run. */
  async #storeTogether(first: number, found: readonly FoundBlock[]): Promise<void> {
    const adopted = await this.#adopt(first);
    const where = await adopted.writeAll(found);
    this.#file?.note(this.map.runOf(first), where, found);
  }

  /** The cache has dropped what the tag held: segments must be adopted anew. */
  forget(): void {
    this.#adopting.clear();
    this.#adopted.clear();
  }

  /** Lets everything go; never rejects. */
  async close(): Promise<void> {
    await Promise.all([...this.#pins.keys()].map((index) => this.#unpin(index)));
  }

  #forget(run: number): void {
    this.#adopting.delete(run);
    this.#adopted.delete(run);
  }

  /** The run of a block. */
  async #adopt(block: number): Promise<AdoptedSegments> {
    const index = this.map.runIndexOf(block);
    return this.#adopted.get(index) ?? this.#adopting.get(index) ?? this.#adoptRun(this.map.runOf(block));
  }

  async #adoptRun(run: SegmentRun): Promise<AdoptedSegments> {
    const adopting = this.#askForAll(run);
    this.#adopting.set(run.index, adopting);
    const isCurrent = (): boolean => this.#adopting.get(run.index) === adopting;
    try {
      const adopted = await adopting;
      if (isCurrent()) this.#adopted.set(run.index, adopted);
      return adopted;
    } catch (error) {
      if (isCurrent()) this.#forget(run.index);
      throw error;
    }
  }

  /** A run that is not pinned any more may be evicted: it is adopted anew when it is used again. */
  async #pin({ index, segments }: SegmentRun): Promise<void> {
    if (this.#pins.has(index)) return;
    const pinned = this.store.pin(segments.map(({ info }) => info));
    this.#pins.set(index, pinned);
    for (const oldest of this.#pins.keys()) {
      if (this.#pins.size <= MOST_PINNED) break;
      this.#forget(oldest);
      void this.#unpin(oldest);
    }
    await pinned;
  }

  async #unpin(index: number): Promise<void> {
    const pinned = this.#pins.get(index);
    this.#pins.delete(index);
    await pinned?.then((unpin) => unpin()).catch(() => undefined);
  }

  async #askForAll(run: SegmentRun): Promise<AdoptedSegments> {
    await this.#pin(run);
    return this.store.adoptAll(
      run.segments.map(({ info }) => info),
      this.tag,
      this.#file?.placeOf(run),
    );
  }
}

/** Whether a block is here as the content describes it: the store may have been told another length of its segment. */
const isHere = (stored: StoredSegment | undefined, { segment, index }: PlacedBlock): boolean =>
  stored?.has(index) === true && blockLength(stored.info, index) === blockLength(segment.info, index);
