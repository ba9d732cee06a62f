import type { Clock, ReadRequest, ReadResult, SegmentReason, SegmentSource } from '../../../driver/index.js';
import { inTurns } from '../in-turns.js';
import { releaseBytes } from '../release-bytes.js';
import type { BlockRange, BlockWindow } from './block-window.js';
import type { ContentMap } from './content-map.js';
import type { LocalBlocks } from './local-blocks.js';
import type { Provenance } from './provenance.js';
import { waitFor } from './wait.js';

/** "The service's default of five seconds". */
const DEFAULT_TIMEOUT_MS = 5_000;
/** An answer has so many blocks if they come within this time: an answer costs more than a block. */
const ENOUGH_TOGETHER = 16;
const GATHER_MS = 10;
/** A disk that is slow is looked after that often. */
const DISK_MS = 1_000;
/** A block found damaged is forgotten, so that the second attempt fetches it. */
const ATTEMPTS = 3;

export interface ReaderParts {
  readonly map: ContentMap;
  readonly local: LocalBlocks;
  readonly window: BlockWindow;
  readonly provenance: Provenance;
  readonly clock: Clock;
  /** The peer that is a hosted cache, if there is one. */
  readonly hostedCache: string | undefined;
  /** Whether it is asked only for what peers do not deliver. */
  readonly isAskedAfterPeers: boolean;
  /** Whether there is anybody to ask. */
  readonly hasPeers: () => boolean;
  /** How long peers are looked for, if they are. */
  readonly searchMs: number | undefined;
  /** Blocks to fetch ahead of a reader that reads on where it stopped. */
  readonly readAhead: number;
  /** The longest answer. */
  readonly maxReadBytes: number;
}

/** What to answer a read with: the bytes from `offset` to `limit`, as far as they are here. */
interface Wanted {
  readonly offset: number;
  readonly limit: number;
  /** Where to put them, if they fit in. */
  readonly into: Uint8Array | undefined;
}

interface PeerRead extends Wanted {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly wanted: BlockRange;
}

type Missing = Extract<ReadResult, { readonly _tag: 'Missing' }>;

const CACHE: SegmentSource = { source: 'cache' };

/** Answers reads of one content from memory, the local cache and peers. */
export class ContentReader {
  readonly #parts: ReaderParts;
  #active = 0;
  /** Whoever reads the first bytes may be waiting for them. */
  #hasBegun = false;
  /** What is fetched between two reads that follow one another. */
  #ahead: BlockRange | undefined;
  /** Where the read before this one ended. */
  #expected: number;
  /** Of the blocks before this one it is known why the cache has them not, if it ever had. */
  #explainedTo = 0;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    this.#expected = parts.map.start;
  }

  /**
   * Reads at `offset`; rejects with the signal's reason. Only a reader that goes on where it stopped is read ahead of.
   */
  async read(
    offset: number,
    request: ReadRequest,
    signal: AbortSignal,
    sequential = offset === this.#expected,
  ): Promise<ReadResult> {
    const { map, hasPeers, local, maxReadBytes } = this.#parts;
    if (offset < map.start || offset >= map.end) return { _tag: 'End' };
    if (request.maxBytes === 0) {
      const [from, to] = [map.blockAt(offset), map.blockAfter(map.end)];
      const missing = await local.firstThat(false, from, to, signal);
      return {
        _tag: 'Available',
        offset,
        length: Math.max(0, Math.min(map.startOf(missing), map.end) - offset),
      };
    }
    const timeoutMs = request.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const limit = Math.min(map.end, offset + Math.min(request.maxBytes, maxReadBytes));
    const answer = { offset, limit, into: request.into };
    if (timeoutMs === 0) return this.#readLocal(answer, { _tag: 'CacheOnly' }, signal);
    if (!hasPeers()) return this.#readLocal(answer, { _tag: 'NoPeerKnown' }, signal);
    const wanted = this.#rangeFrom(offset, sequential ? undefined : limit);
    this.#active += 1;
    this.#parts.window.want(wanted);
    try {
      const result = await this.#readFromPeers({ timeoutMs, signal, wanted, ...answer });
      this.#expected = endOf(result) ?? this.#expected;
      if (sequential) this.#readAhead();
      return result;
    } finally {
      this.#active -= 1;
      // Nobody is waiting and the last to do so has lost interest.
      if (signal.aborted && this.#active === 0) this.#stopReadingAhead();
      this.#parts.window.giveUp(wanted);
    }
  }

  async #readLocal(answer: Wanted, reason: SegmentReason, signal: AbortSignal): Promise<ReadResult> {
    const { offset } = answer;
    const bytes = await this.#collect(answer);
    if (bytes !== undefined) return { _tag: 'Data', offset, bytes };
    const { local, map, provenance } = this.#parts;
    const place = map.find(map.blockAt(offset));
    if (place !== undefined) provenance.notCached(place);
    // The block at `offset` is missing even if the cache still lists it: it was found damaged.
    const [from, to] = [map.blockAt(offset) + 1, map.blockAfter(map.end)];
    const here = await local.firstThat(true, from, to, signal);
    // Who reads on in what is missing would have the rest looked through each time.
    const unexplained = map.segmentsFrom(Math.max(from, this.#explainedTo), here);
    await inTurns(unexplained, (segment) => provenance.leftCache(segment), { signal });
    this.#explainedTo = Math.max(this.#explainedTo, here);
    const missing = this.#missing(offset, here, 'missing');
    provenance.failed(missing, reason);
    return missing;
  }

  async #readFromPeers(read: PeerRead): Promise<ReadResult> {
    const { window, clock } = this.#parts;
    const { offset, wanted, signal } = read;
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const bytes = await this.#collect(read);
      if (bytes !== undefined) return { _tag: 'Data', offset, bytes };
      signal.throwIfAborted();
      if (window.isBehind) {
        await this.#waitForDisk(signal);
        // It may have come by another way meanwhile.
        attempt -= 1;
        continue;
      }
      const outcome = await waitFor(window.get(wanted), { clock, ms: read.timeoutMs, signal });
      if (outcome === 'timeout') return this.#timedOut(read);
      if (outcome._tag === 'Broken') throw outcome.error;
      if (outcome._tag === 'Lacking') return this.#notDelivered(read);
      if (this.#hasBegun) await this.#gather(read);
      this.#hasBegun = true;
    }
    // Found damaged each time.
    const missing = this.#missing(offset, wanted.from + 1, 'missing');
    this.#parts.provenance.failed(missing, { _tag: 'LeftCache', cause: 'damaged' });
    return missing;
  }

  /** Not a part of the wait for peers: nobody who could be asked instead makes the disk any faster. */
  async #waitForDisk(signal: AbortSignal): Promise<void> {
    const { window, clock } = this.#parts;
    const limits = { clock, ms: DISK_MS, signal };
    while (window.isBehind) await waitFor(window.room(), limits);
  }

  /** Waits a moment for more of what is wanted, if that is on its way. */
  async #gather({ limit, timeoutMs, signal, wanted }: PeerRead): Promise<void> {
    const { window, map, clock } = this.#parts;
    const last = Math.min(wanted.to, map.blockAfter(limit), wanted.from + ENOUGH_TOGETHER) - 1;
    const pending = window.pending(last);
    if (pending === undefined) await restOfTurn();
    else await waitFor(pending, { clock, ms: Math.min(GATHER_MS, timeoutMs), signal });
  }

  #notDelivered({ offset, wanted }: PeerRead): ReadResult {
    const { window, map, provenance, searchMs } = this.#parts;
    const attempts = window.attempts(wanted.from);
    const lacking = Math.max(1, window.takeLacking(wanted.from));
    const missing = this.#missing(offset, wanted.from + lacking, 'missing');
    const place = map.find(wanted.from);
    if (place !== undefined) provenance.notDelivered(place, missing, attempts, searchMs);
    return { ...missing, attempts };
  }

  #stopReadingAhead(): void {
    if (this.#ahead !== undefined) this.#parts.window.giveUp(this.#ahead);
    this.#ahead = undefined;
  }

  /** Moves what is read ahead to where the next read is expected. */
  #readAhead(): void {
    const before = this.#ahead;
    this.#ahead = this.#rangeFrom(this.#expected, undefined);
    this.#parts.window.want(this.#ahead);
    if (before !== undefined) this.#parts.window.giveUp(before);
  }

  /** The blocks up to `limit`, or as many as are read ahead, from `offset` on. */
  #rangeFrom(offset: number, limit: number | undefined): BlockRange {
    const { map, readAhead } = this.#parts;
    const from = map.blockAt(offset);
    return { from, to: Math.min(map.blockAfter(limit ?? map.end), from + readAhead) };
  }

  /** The wanted bytes that are here already; `undefined` if the first is not. */
  async #collect({ offset, limit, into }: Wanted): Promise<Buffer | undefined> {
    const { map } = this.#parts;
    const end = this.#endOfHere(offset, limit);
    if (end === offset) return undefined;
    const answer = memoryFor(end - offset, into);
    let at = offset;
    while (at < end) {
      const block = map.blockAt(at);
      const next = Math.min(end, map.startOf(block + 1));
      const from = await this.#copy(
        block,
        at - map.startOf(block),
        answer.subarray(at - offset, next - offset),
      );
      if (from === undefined) break;
      this.#cameFrom(from, at, next - at);
      at = next;
    }
    return at === offset ? undefined : answer.subarray(0, at - offset);
  }

  /** Where the bytes end that seem to be here without a gap. */
  #endOfHere(offset: number, limit: number): number {
    const { map, window, local } = this.#parts;
    let block = map.blockAt(offset);
    while (map.startOf(block) < limit && (window.fetched(block) !== undefined || local.has(block)))
      block += 1;
    return Math.max(offset, Math.min(limit, map.startOf(block)));
  }

  /**
   * Copies what is behind `offset` of a block, as the answer belongs to the caller while the block is still being
   * written or read by others. `undefined` if it is not here after all.
   */
  async #copy(block: number, offset: number, target: Buffer): Promise<SegmentSource | undefined> {
    const { window, local } = this.#parts;
    const fetched = window.fetched(block);
    if (fetched !== undefined) {
      fetched.bytes.copy(target, 0, offset);
      const { peer } = fetched;
      return { source: peer === this.#parts.hostedCache ? 'hosted-cache' : 'peer', peer };
    }
    const bytes = await local.read(block);
    if (bytes === undefined) return undefined;
    bytes.copy(target, 0, offset);
    releaseBytes(bytes);
    return CACHE;
  }

  /** Of what was asked for, everything up to the first block that is here is late. */
  #timedOut({ offset, limit, timeoutMs }: PeerRead): ReadResult {
    const { map, window, local, provenance } = this.#parts;
    const end = map.blockAfter(limit);
    const first = map.blockAt(offset);
    let block = first + 1;
    while (block < end && window.fetched(block) === undefined && !local.has(block)) block += 1;
    const missing = this.#missing(offset, block, 'timeout', limit);
    const unanswered = window.unanswered(first);
    for (const attempt of unanswered) provenance.attempted(offset, attempt);
    provenance.failed(missing, { _tag: 'ReadTimedOut', waitedMs: timeoutMs });
    return { ...missing, attempts: [...window.attempts(first), ...unanswered] };
  }

  #cameFrom(from: SegmentSource, offset: number, length: number): void {
    const { map, window, provenance, isAskedAfterPeers, searchMs } = this.#parts;
    const block = map.blockAt(offset);
    const place = map.find(block);
    if (place === undefined) return;
    provenance.cameFrom(from, place, { offset, length });
    if (from.source !== 'hosted-cache' || !isAskedAfterPeers) return;
    if (window.attempts(block).length === 0) provenance.nobodyToAsk({ offset, length }, searchMs);
  }

  #missing(offset: number, toBlock: number, cause: Missing['cause'], limit = Infinity): Missing {
    const { map } = this.#parts;
    const end = Math.min(map.startOf(toBlock), limit, map.end);
    return { _tag: 'Missing', offset, length: end - offset, cause };
  }
}

/** @param given used if it is large enough. */
const memoryFor = (length: number, given: Uint8Array | undefined): Buffer =>
  given === undefined || given.length < length
    ? Buffer.allocUnsafeSlow(length)
    : Buffer.from(given.buffer, given.byteOffset, length);

/**
 * Resolves when everything that has arrived by now has been looked at: a reader that is woken by each block is woken
 * thousands of times too often.
 */
const restOfTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Where the next read continues. */
export const endOf = (result: ReadResult): number | undefined => {
  if (result._tag === 'Data') return result.offset + result.bytes.length;
  if (result._tag === 'Missing') return result.offset + result.length;
  return undefined;
};
