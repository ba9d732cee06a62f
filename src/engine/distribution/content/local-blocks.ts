import { setImmediate } from 'node:timers/promises';
import type { DistributionEvent } from '../../../driver/index.js';
import type { CheckedBlock, ContentStore, StoredSegment } from '../ports.js';
import type { PlacedSegment } from '../wire/index.js';
import { segmentName } from '../segment-name.js';
import type { NumberedBlock } from './block-window.js';
import type { ContentFile } from './content-file.js';
import type { ContentMap, SegmentRun } from './content-map.js';

type FoundBlock = CheckedBlock & NumberedBlock;

/** So many runs, those taken up last, are kept from being evicted while the content is open: 256 MiB at most. */
export const MOST_PINNED = 8;

/** Segments that are looked up before the event loop has its turn: each takes several system calls. */
const LOOKS_IN_A_TURN = 64;

/** What of a content lies on this machine, by block number. */
export class LocalBlocks {
  /** Runs of segments held for the tag, by their number, from when something of them is first read or written. */
  readonly #adopting = new Map<number, Promise<ReadonlyMap<PlacedSegment, StoredSegment>>>();
  readonly #adopted = new Map<PlacedSegment, StoredSegment>();
  /** By run, in the order in which they were adopted. */
  readonly #runs = new Map<number, SegmentRun>();
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
    // Asking the store takes several system calls.
    const stored = this.#adopted.get(place.segment) ?? this.store.find(place.segment.info.id, maxAgeMs);
    return stored?.has(place.index) === true;
  }

  /**
   * The number of the first block from `block` on, before `limit`, that is (or is not) here; `limit` if all are alike.
   * There may be very many: others have their turns meanwhile. Rejects with the signal's reason.
   */
  async firstThat(isHere: boolean, block: number, limit: number, signal: AbortSignal): Promise<number> {
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
      if ((place !== undefined && stored?.has(place.index) === true) === isHere) return at;
    }
    return limit;
  }

  /** The plain bytes of a block if it is here and undamaged. */
  async read(block: number): Promise<Buffer | undefined> {
    const place = this.map.find(block);
    if (place === undefined || !this.has(block)) return undefined;
    // Not what `has` found: that may go by another list of block hashes than this content's.
    const stored = await this.#adopt(block, place.segment);
    const bytes = await stored.read(place.index);
    if (bytes === undefined) {
      // Damaged, or another process has dropped the segment.
      this.#forget(this.map.runOf(block));
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
    const bySegment = new Map<PlacedSegment, { readonly first: number; readonly found: FoundBlock[] }>();
    for (const { block, bytes } of blocks) {
      const place = this.map.find(block);
      if (place === undefined) continue;
      const found = { index: place.index, bytes, block };
      const others = bySegment.get(place.segment);
      if (others === undefined) bySegment.set(place.segment, { first: block, found: [found] });
      else others.found.push(found);
    }
    await Promise.all(
      [...bySegment].map(async ([segment, { first, found }]) => {
        const stored = await this.#adopt(first, segment);
        const missing = found.filter(({ index }) => !stored.has(index));
        const where = await stored.writeAll(missing);
        this.#file?.note(this.map.runOf(first), where, missing);
      }),
    );
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

  #forget({ index, segments }: SegmentRun): void {
    this.#adopting.delete(index);
    for (const segment of segments) this.#adopted.delete(segment);
  }

  async #adopt(block: number, segment: PlacedSegment): Promise<StoredSegment> {
    const known = this.#adopted.get(segment);
    if (known !== undefined) return known;
    const run = this.map.runOf(block);
    const stored = (await (this.#adopting.get(run.index) ?? this.#adoptRun(run))).get(segment);
    if (stored === undefined) throw new RangeError(`block ${block} is not of its run`);
    return stored;
  }

  async #adoptRun(run: SegmentRun): Promise<ReadonlyMap<PlacedSegment, StoredSegment>> {
    const adopting = this.#askForAll(run);
    this.#adopting.set(run.index, adopting);
    const isCurrent = (): boolean => this.#adopting.get(run.index) === adopting;
    try {
      const stored = await adopting;
      if (isCurrent()) for (const [segment, one] of stored) this.#adopted.set(segment, one);
      return stored;
    } catch (error) {
      if (isCurrent()) this.#forget(run);
      throw error;
    }
  }

  /** A run that is not pinned any more may be evicted: it is adopted anew when it is used again. */
  async #pin(run: SegmentRun): Promise<void> {
    if (this.#pins.has(run.index)) return;
    const pinned = this.store.pin(run.segments.map(({ info }) => info));
    this.#pins.set(run.index, pinned);
    this.#runs.set(run.index, run);
    for (const index of this.#pins.keys()) {
      if (this.#pins.size <= MOST_PINNED) break;
      const oldest = this.#runs.get(index);
      if (oldest !== undefined) this.#forget(oldest);
      void this.#unpin(index);
    }
    await pinned;
  }

  async #unpin(index: number): Promise<void> {
    const pinned = this.#pins.get(index);
    this.#pins.delete(index);
    this.#runs.delete(index);
    await pinned?.then((unpin) => unpin()).catch(() => undefined);
  }

  async #askForAll(run: SegmentRun): Promise<ReadonlyMap<PlacedSegment, StoredSegment>> {
    const { segments } = run;
    await this.#pin(run);
    const stored = await this.store.adoptAll(
      segments.map(({ info }) => info),
      this.tag,
      this.#file?.placeOf(run),
    );
    return new Map(
      segments.flatMap((segment, index) => {
        const one = stored[index];
        return one === undefined ? [] : [[segment, one]];
      }),
    );
  }
}
