import {
  isDriverFault,
  win32Fault,
  type Cancel,
  type Clock,
  type ContentExplanation,
  type ContentHandle,
  type DistributionEvent,
  type ReadRequest,
  type ReadResult,
} from '../../../driver/index.js';
import { LOOK_AGE_MS } from '../look-age.js';
import { invalidArgument } from '../arguments.js';
import { FetchFailure, type ContentStore, type PendingBlock, type RetrievalClient } from '../ports.js';
import { ContentLog } from '../insight/content-log.js';
import type { GivenNames } from '../insight/names.js';
import { MOST_RUNS_KEPT, type RetrievalRecord } from '../insight/process-record.js';
import type { Held } from '../session/handle-table.js';
import type { DescribedContent } from '../wire/index.js';
import { AddedData } from './added-data.js';
import { ContentFile } from './content-file.js';
import { BlockWindow, type BlockRequest, type NumberedBlock } from './block-window.js';
import { SegmentNumbers, type CrowdMember, type CrowdService } from '../crowd/index.js';
import type { Discovery } from '../discovery/index.js';
import type { OfferSender } from '../hosted-cache/index.js';
import { ContentInformationBytes } from './content-information-bytes.js';
import type { ContentLimits } from './content-limits.js';
import { ContentMap } from './content-map.js';
import { ContentPeers } from './content-peers.js';
import { ContentReader, endOf } from './content-reader.js';
import { ContentRecord } from './content-record.js';
import { EarlyData } from './early-data.js';
import { LocalBlocks } from './local-blocks.js';
import { Provenance } from './provenance.js';
import { readOrClaim } from './read-or-claim.js';
import type { AskedCache } from './suppliers.js';

export interface ContentParts {
  readonly handle: ContentHandle;
  /** What the application calls it. */
  readonly names: GivenNames;
  /** Whether what is added counts as taken from the origin. */
  readonly isCounted: boolean;
  readonly tag: Uint8Array;
  /** In normal form. */
  readonly peers: readonly string[];
  readonly store: ContentStore;
  readonly client: RetrievalClient;
  /** Finds peers besides those; `undefined`: nobody does. */
  readonly discovery: Discovery | undefined;
  /** Asked as well; `undefined`: there is none, or it is not to be asked. */
  readonly askedCache: AskedCache | undefined;
  /** The hosted cache to tell of what came from elsewhere; `undefined`: there is none. */
  readonly hosted: OfferSender | undefined;
  /** Agrees with others who fetches what from the origin; `undefined`: everybody fetches what is missing. */
  readonly crowd: Pick<CrowdService, 'join'> | undefined;
  readonly clock: Clock;
  readonly limits: ContentLimits;
  readonly emit: (event: DistributionEvent) => void;
  /** Has its record kept until it is released. */
  readonly follow: (describe: () => RetrievalRecord) => Cancel;
  /** A fetched block could not be put into the cache. Its reader gets it all the same. */
  readonly onWriteFailure: (error: unknown) => void;
}

/** What there is once the content information is complete. */
interface Described {
  readonly map: ContentMap;
  readonly local: LocalBlocks;
  readonly window: BlockWindow;
  readonly reader: ContentReader;
  readonly added: AddedData;
  readonly provenance: Provenance;
  readonly peers: ContentPeers;
  readonly member: CrowdMember | undefined;
  readonly record: ContentRecord;
}

const NOTHING_READ: ContentExplanation = {
  bytes: { cache: 0, peer: 0, 'hosted-cache': 0, origin: 0 },
  bytesByPeer: {},
  reasons: [],
  segments: [],
};

/** The client's side of one content, behind a content handle. */
export class Content implements Held {
  readonly #parts: ContentParts;
  readonly #information: ContentInformationBytes;
  #isComplete = false;
  readonly #early: EarlyData;
  #described: Described | undefined;
  #cursor = 0;
  #hasBegun = false;
  #file: ContentFile | undefined;
  /** The last stream read in line. */
  #lastInLine: Promise<void> = Promise.resolve();
  /** Blocks from peers that are not in the cache yet. */
  readonly #unoffered = new Set<number>();
  readonly #found = { delivered: false, lacking: false };
  #hasFetched = false;

  constructor(parts: ContentParts) {
    this.#parts = parts;
    this.#information = new ContentInformationBytes(() => parts.store.scratch());
    this.#early = new EarlyData(parts.limits.maxEarlyBytes);
  }

  get tag(): Uint8Array {
    return this.#parts.tag;
  }

  /** Peers hold a part of it, so they are likely to be on their way to the rest. */
  get flashCrowd(): boolean {
    return this.#found.delivered && this.#found.lacking;
  }

  async addInformation(operation: string, bytes: Uint8Array, isConstant?: boolean): Promise<void> {
    this.#refuseWhenComplete(operation);
    await this.#information.add(operation, bytes, isConstant);
  }

  /**
   * Parses the content information, then checks what data was added before. What of that is wrong or cannot be kept is
   * dropped: its readers will find it missing.
   */
  async completeInformation(operation: string): Promise<void> {
    this.#refuseWhenComplete(operation);
    this.#isComplete = true;
    const information = await this.#information.parse().catch((error: unknown) => {
      this.#isComplete = false;
      throw error;
    });
    const described = this.#describe(information);
    this.#described = described;
    this.#cursor = described.map.start;
    for (const { offset, bytes } of this.#early.take()) {
      await this.add(operation, offset, bytes).catch((error: unknown) => {
        if (!isDriverFault(error)) this.#parts.onWriteFailure(error);
      });
    }
  }

  async readAt(
    operation: string,
    offset: number,
    request: ReadRequest,
    signal: AbortSignal,
  ): Promise<ReadResult> {
    const described = this.#ready(operation);
    const { reader, member, provenance } = described;
    this.#hasBegun = true;
    const { emit, handle, client, clock } = this.#parts;
    const { fillsGapsAfterMs, maxBytes, timeoutMs } = request;
    emit({ _tag: 'BlockRead', content: handle, offset, maxBytes });
    const claiming = maxBytes === 0 || timeoutMs === 0 ? undefined : member;
    const parts = claiming && { ...described, member: claiming, client, clock };
    const result =
      parts === undefined || fillsGapsAfterMs === undefined
        ? await reader.read(offset, request, signal)
        : await readOrClaim(parts, offset, { ...request, fillsGapsAfterMs }, signal);
    if (result._tag === 'Missing') provenance.lacks(result);
    return result;
  }

  /** Reads at the cursor when all stream reads before it are answered; its timeout counts from then on. */
  async readNext(operation: string, request: ReadRequest, signal: AbortSignal): Promise<ReadResult> {
    const { reader, provenance } = this.#ready(operation);
    this.#hasBegun = true;
    const before = this.#lastInLine;
    const read = before.then(async () => {
      signal.throwIfAborted();
      const { handle: content, emit } = this.#parts;
      emit({ _tag: 'StreamRead', content, offset: this.#cursor, maxBytes: request.maxBytes });
      const result = await reader.read(this.#cursor, request, signal, true);
      if (result._tag === 'Missing') provenance.lacks(result);
      signal.throwIfAborted();
      this.#file?.throwIfFailed();
      this.#cursor = endOf(result) ?? this.#cursor;
      return result;
    });
    this.#lastInLine = read.then(
      () => undefined,
      () => undefined,
    );
    return read;
  }

  /** Has what is read from here on put into a file, which is the store's as long as it is filled. */
  async fillFile(operation: string, path: string): Promise<void> {
    const { map, local } = this.#ready(operation);
    if (this.#file !== undefined || this.#hasBegun) {
      throw invalidArgument(operation, 'a file can be filled from the first read on, and one only');
    }
    this.#file = new ContentFile(map, await this.#parts.store.fill(path));
    local.fill(this.#file);
  }

  /** The stream was read to its end, and the file has all of it; it is the caller's from here on. */
  async finishFile(operation: string): Promise<void> {
    const { map, window } = this.#ready(operation);
    if (this.#file === undefined) throw invalidArgument(operation, 'there is no file that is filled');
    if (this.#cursor < map.end) {
      throw win32Fault(operation, 'PEERDIST_ERROR_MISSING_DATA', {
        reason: `the stream was read up to ${this.#cursor}, not to its end at ${map.end}`,
      });
    }
    await window.flush();
    await this.#file.finish();
  }

  /** Keeps bytes from the origin. Before the content information is complete they wait to be checked. */
  async add(operation: string, offset: number, data: Uint8Array): Promise<void> {
    if (this.#described === undefined) {
      this.#early.add(operation, offset, data);
      return;
    }
    const { added, window, member, map, provenance } = this.#described;
    const blocks = await added.add(operation, offset, data);
    await this.#file?.putBytes(offset, data);
    this.#file?.throwIfFailed();
    for (const block of blocks) {
      window.supply(block);
      this.#offer(map, block);
    }
    member?.progress(blocks.length);
    if (this.#parts.isCounted) provenance.cameFromOrigin(map, { offset, length: data.length });
  }

  /** The cache has dropped what the tag held. */
  forgetCached(): void {
    this.#described?.local.forget();
  }

  /** Where its bytes came from so far, and why. */
  explanation(): ContentExplanation {
    return this.#described?.provenance.explanation() ?? NOTHING_READ;
  }

  async release(): Promise<void> {
    const { member, window, local, record } = this.#described ?? {};
    member?.leave();
    try {
      await window?.close();
      await local?.close();
      await this.#file?.close();
    } finally {
      await record?.end();
      this.#information.close();
    }
  }

  /** Puts fetched blocks into the cache. Not before that a hosted cache could fetch them from here. */
  async #keep(map: ContentMap, local: LocalBlocks, blocks: readonly NumberedBlock[]): Promise<void> {
    try {
      await local.write(blocks);
      for (const { block } of blocks) if (this.#unoffered.delete(block)) this.#offer(map, block);
    } catch (error) {
      this.#parts.onWriteFailure(error);
    }
  }

  /** Tells the hosted cache of a block that did not come from there. */
  #offer(map: ContentMap, block: number): void {
    const place = map.find(block);
    if (place !== undefined) this.#parts.hosted?.kept(place.segment, this.#parts.tag);
  }

  #ready(operation: string): Described {
    if (this.#described === undefined) {
      throw win32Fault(operation, 'PEERDIST_ERROR_NOT_INITIALIZED', {
        reason: 'the content information is not complete',
      });
    }
    return this.#described;
  }

  #refuseWhenComplete(operation: string): void {
    if (this.#isComplete) {
      throw win32Fault(operation, 'PEERDIST_ERROR_ALREADY_COMPLETED', {
        reason: 'the content information is complete',
      });
    }
  }

  #describe(information: DescribedContent): Described {
    const { tag, store, emit, clock, limits, handle, client, discovery, hosted, crowd } = this.#parts;
    const map = new ContentMap(information);
    const provenance = new Provenance(handle, new ContentLog(information.segments), emit, (id) =>
      store.leftCacheBy(id),
    );
    const { segments, range, hash } = information;
    const version = hash === 'truncated-sha512' ? 2 : 1;
    emit({
      _tag: 'ContentInformationAdded',
      content: handle,
      version,
      segments: segments.length,
      bytes: range.length,
    });
    const local = new LocalBlocks(map, tag, store, emit);
    const { blocksPerSegment } = map;
    const numbers = crowd && new SegmentNumbers(segments);
    const member = crowd?.join(
      {
        segments,
        blocksPerSegment,
        numberOf: (segment) => numbers?.find(Buffer.from(segment, 'hex')),
        has: (block) => local.has(block),
      },
      discovery && ((wanted, met, signal) => discovery.meet(wanted, met, signal)),
    );
    const peers = new ContentPeers({
      segments: {
        at: (index) => segments.at(index)?.info,
        slice: (from, to) => segments.slice(from, to).map(({ info }) => info),
      },
      client,
      named: this.#parts.peers,
      hosted: this.#parts.askedCache,
      met: member && (() => member.met),
      discovery,
      clock,
    });
    const window = new BlockWindow({
      capacity: limits.readAheadBlocks,
      // A block that is read is looked for again then.
      isLocal: (block) => local.has(block, LOOK_AGE_MS),
      fetch: (block, request) => this.#fetch({ map, provenance, peers, member }, block, request),
      keep: (blocks) => this.#keep(map, local, blocks),
    });
    const reader = new ContentReader({
      map,
      local,
      window,
      clock,
      provenance,
      hostedCache: hosted?.address,
      isAskedAfterPeers: this.#parts.askedCache?.isAskedFirst === false,
      hasPeers: () => peers.mayHelp,
      searchMs: peers.searchMs,
      readAhead: limits.readAheadBlocks,
      maxReadBytes: limits.maxReadBytes,
    });
    const added = new AddedData(map, local, limits.maxPartialBlocks);
    const record = new ContentRecord({
      segments,
      names: this.#parts.names,
      clock,
      explanation: () => provenance.explanation(MOST_RUNS_KEPT),
      follow: this.#parts.follow,
      onSegment: (index, { id }) => numbers?.add(index, id),
    });
    return { map, local, window, reader, added, provenance, peers, member, record };
  }

  #fetch(
    { map, provenance, peers, member }: Pick<Described, 'map' | 'provenance' | 'peers' | 'member'>,
    block: number,
    request: BlockRequest,
  ): PendingBlock {
    const place = map.find(block);
    if (place === undefined) throw new RangeError(`block ${block} has no hash`);
    provenance.notCached(place);
    const { hosted } = this.#parts;
    const { info } = place.segment;
    const neighbours = map.neighboursOf(block);
    const left =
      neighbours === undefined
        ? info.blockHashes.length - place.index
        : neighbours.segments.length - neighbours.index;
    // Whoever waits for the first byte does not wait for a list of what there is.
    const wanted = this.#hasFetched ? Math.min(request.wanted, left) : 1;
    this.#hasFetched = true;
    const pending = peers.fetch(map.segmentIndexOf(block), {
      segment: info,
      block: place.index,
      wanted,
      believesLists: member?.isAsking,
      neighbours,
      emit: this.#parts.emit,
      onAttempt: (attempt) => {
        request.onAttempt(attempt);
        provenance.attempted(map.startOf(block), attempt);
      },
      signal: request.signal,
    });
    pending.block.then(
      ({ peer }) => {
        this.#found.delivered = true;
        member?.delivered(peer);
        if (hosted !== undefined && peer !== hosted.address) this.#unoffered.add(block);
      },
      (error: unknown) => (this.#found.lacking ||= error instanceof FetchFailure),
    );
    return pending;
  }
}
