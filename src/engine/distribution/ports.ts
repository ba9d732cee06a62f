/**
 * The seams between the parts of the distribution engine: what the store keeps, what the retrieval server reads and
 * what the retrieval client fetches. Each part is written and tested against these, not against the others.
 */

import type {
  DistributionEvent,
  EvictionReason,
  PeerAttempt,
  Segmentation,
  SourceFile,
} from '../../driver/index.js';

/** Hashes of version-1 content information. */
export type HashName = 'sha256' | 'sha384' | 'sha512';

export const HASH_NAMES: readonly HashName[] = ['sha256', 'sha384', 'sha512'];

/** The hash of a segment tells its version: version 2 has one of its own, SHA-512 cut to 32 bytes. */
export type SegmentHash = HashName | 'truncated-sha512';

/** A segment as content information describes it. A version-2 segment is one block. */
export interface SegmentInfo {
  /** HoHoDk, the public segment id. */
  readonly id: Uint8Array;
  readonly hash: SegmentHash;
  /** HoD. */
  readonly hashOfData: Uint8Array;
  /** Kp: whoever has it can decrypt and serve the segment. Never logged. */
  readonly secret: Uint8Array;
  /** Bytes of the whole segment: 1 to 32 MiB, in version 2 1 to 128 KiB. */
  readonly length: number;
  /**
   * From block 0 on; shorter than the segment when the content information described a range. In version 2 it is the
   * hash of data alone.
   */
  readonly blockHashes: readonly Uint8Array[];
}

/** Most segments of version 2 that are kept together: of the longest ones 32 MiB, as much as a segment of version 1. */
export const MAX_RUN = 256;

/** A segment with the blocks of it that lie on this machine. */
export interface StoredSegment {
  readonly info: SegmentInfo;
  /** Whether block `index` is here. */
  has(index: number): boolean;
  /**
   * The plain bytes of a block, checked against its hash on the way from disk. `undefined` if it is not here, or was
   * found damaged (it is forgotten then).
   */
  read(index: number): Promise<Buffer | undefined>;
  /**
   * Without a copy: the bytes are lent to `use` until it returns. Only for a receiver who checks them: a block whose file
   * has not changed since it was checked is not hashed again.
   */
  lend<Result>(index: number, use: (bytes: Buffer) => Result): Promise<Result | undefined>;
  /** Keeps a block that the caller has already checked against its hash. */
  write(index: number, bytes: Uint8Array): Promise<void>;
}

/** Segments that are kept together, in the order in which they were adopted. */
export interface AdoptedSegments extends Iterable<StoredSegment> {
  /** @throws RangeError if there are fewer. */
  at(segment: number): StoredSegment;
  /** Whether block `index` of one of them is here. */
  has(segment: number, index: number): boolean;
  /**
   * Keeps blocks of any of them, which costs less than one by one.
   *
   * @returns where they lie together outside of the store, if that is where the blocks have been written.
   */
  writeAll(blocks: readonly AdoptedBlock[]): Promise<FilePlace | undefined>;
}

/** A block of segments that are kept together. */
export interface AdoptedBlock extends CheckedBlock {
  /** The index of its segment among them. */
  readonly segment: number;
}

/**
 * A file outside of the store that gets a content. Segments of that content may lie in it instead of in the store, which
 * keeps them also when the file loses its name. Nobody else writes to it while it is filled.
 */
export interface FilledFile {
  /** What lies in the store, or nowhere; `bytes` must not change until it resolves. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** All bytes are in it. From here on the store changes nothing of it, and has it open for reading only. */
  finish(): Promise<void>;
  /** Call it in any case. */
  close(): Promise<void>;
}

/** Where a run of segments lies in such a file. */
export interface FilePlace {
  readonly file: FilledFile;
  readonly start: number;
}

/**
 * For what is too much to be held in memory, and nobody else's business. It is gone when it is closed, and when the process
 * is.
 */
export interface ScratchFile {
  /** Adds to its end; `bytes` must not change until it resolves. One at a time. */
  append(bytes: Uint8Array): Promise<void>;
  /** Fills `target` at once with what was added, from `position` on. */
  readNow(target: Uint8Array, position: number): void;
  close(): void;
}

/** A block whose bytes match its hash. */
export interface CheckedBlock {
  readonly index: number;
  /** Not to be changed until it is written. */
  readonly bytes: Uint8Array;
}

/** What the retrieval server needs of the store. */
export interface BlockSource {
  /** @param maxAgeMs what others did to the disk since may be missed; 0 by default. */
  find(segmentId: Uint8Array, maxAgeMs?: number): StoredSegment | undefined;
}

/** A finished publication. */
export interface Publication {
  readonly contentId: Uint8Array;
  readonly length: number;
  readonly hash: SegmentHash;
  /**
   * In order of the content; of version 1 all but the last have 32 MiB. They are read as they are asked for, anew each
   * time, as those of a large content are too many to be kept: each is good until the next one is asked for. Throws a
   * StoreFailure `GONE` when the publication is removed meanwhile, or turns out damaged: nobody takes some for all.
   */
  readonly segments: Iterable<SegmentInfo>;
}

/** A publication being written. Nothing of it is visible to anybody before {@link PublicationWriter.complete}. */
export interface PublicationWriter {
  /** One at a time; `data` must not change until it resolves. */
  append(data: Uint8Array, signal?: AbortSignal): Promise<void>;
  /**
   * The next bytes of the source, read by the writer. For version 1 only, and in whole blocks but for the end of the
   * source.
   */
  appendFromSource(length: number, signal?: AbortSignal): Promise<void>;
  complete(): Promise<Publication>;
  /** Removes what was written. Does nothing after `complete`. */
  abort(): Promise<void>;
}

/** What to publish, and how. */
export interface PublicationRequest {
  readonly contentId: Uint8Array;
  /** Tells the version of the publication. */
  readonly hash: SegmentHash;
  /** How to cut segments of version 2. */
  readonly segmentation?: Segmentation | undefined;
  readonly length?: number | undefined;
  /** A file with the bytes that are going to be appended, to refer to instead of keeping a copy. */
  readonly source?: SourceFile | undefined;
  /** The bytes are kept although there is a source. */
  readonly keepCopy?: boolean | undefined;
}

/** The limits of the cache at the moment. */
export interface CacheLimitsNow {
  readonly quotaBytes: number;
  /** `undefined`: any age. */
  readonly maxAgeMs?: number | undefined;
}

/** Segments that are kept together: one of version 1, or a run of version 2. */
export interface CachedSegments {
  /** Those of which something is here, by their public id in hex, with the bytes that are here. */
  readonly segments: readonly { readonly id: string; readonly bytes: number }[];
  readonly bytes: number;
  /** Of all of them when they are complete. */
  readonly length: number;
  /** Somebody publishes them: they do not count, and are not evicted. */
  readonly isPublished: boolean;
  /** A content that is open in some process uses them: they are not evicted. */
  readonly isOpen: boolean;
  /** When a block was stored or asked for last, in milliseconds since 1970, to about ten seconds. */
  readonly usedMs: number;
  /** When a block was stored last. */
  readonly storedMs: number;
  /** Blocks that were found damaged and dropped; when they were looked at. */
  readonly damaged?: number | undefined;
}

/** What went. */
export interface Removed {
  readonly segments: number;
  readonly bytes: number;
}

/** What is there, without what only publications refer to. */
export interface CacheState extends Removed, Partial<CacheLimitsNow> {
  readonly publishedSegments: number;
  readonly publishedBytes: number;
}

/** The part of the store that may go: what no publication holds. */
export interface ContentCache {
  list(): AsyncIterable<CachedSegments>;
  /** Reads and hashes every block that is kept, and drops those that are damaged. */
  verify(): AsyncIterable<CachedSegments>;
  /** The segments that are here, those together that are kept together. */
  units(): AsyncIterable<readonly SegmentInfo[]>;
  /** Evicts everything that is neither published nor open. */
  clear(): Promise<Removed>;
  /** Evicts what is too old or too much, at once. */
  trim(): Promise<void>;
  state(): Promise<CacheState>;
}

/** Content on disk: segments with their blocks, publications, and which tag or publication holds which segment. */
export interface ContentStore extends BlockSource {
  beginPublication(request: PublicationRequest): Promise<PublicationWriter>;
  publication(contentId: Uint8Array): Publication | undefined;
  /** Looks whether files have changed that publications made here refer to, and tells by an event of those that have. */
  checkSources(): Promise<void>;
  /** Stops serving what only this publication holds. `false`: no such publication. */
  unpublish(contentId: Uint8Array): Promise<boolean>;
  /** Makes room for a segment that is about to be fetched on behalf of `tag`; idempotent. */
  adopt(info: SegmentInfo, tag: Uint8Array): Promise<StoredSegment>;
  /**
   * The same for segments of version 2 that follow one another in a content, {@link MAX_RUN} at most: they are kept
   * together. Give the same ones each time.
   *
   * @param place where they are going to lie, if nothing of them is here yet and the file can have another name.
   */
  adoptAll(infos: readonly SegmentInfo[], tag: Uint8Array, place?: FilePlace): Promise<AdoptedSegments>;
  /**
   * Begins to fill a file, which is empty and has been made by the caller. Rejects with the system's error if it cannot be
   * written.
   */
  fill(path: string): Promise<FilledFile>;
  /** A new file on the volume of the store. Close it in any case. */
  scratch(): Promise<ScratchFile>;
  /**
   * Keeps segments that are or will be adopted together from being evicted by any process, until it is given back.
   * Pin before you adopt.
   */
  pin(infos: readonly SegmentInfo[]): Promise<() => Promise<void>>;
  /** Why a segment left the cache the last time; `undefined` if it did not lately. */
  leftCacheBy(segmentId: Uint8Array): EvictionReason | undefined;
  readonly cache: ContentCache;
  /** Drops what only `tag` holds. */
  flush(tag: Uint8Array): Promise<void>;
  /** Finds out whether the directory can be written right now; rejects with the system's error if it cannot. */
  probe(): Promise<void>;
  /** Aborts publications being written and waits for what is under way. */
  close(): Promise<void>;
}

/** A block that a peer delivered: decrypted and checked against its hash. */
export interface FetchedBlock {
  readonly peer: string;
  /** In memory of its own, which `releaseBytes` may give back. */
  readonly bytes: Buffer;
}

/** A block that is being fetched. */
export interface PendingBlock {
  /** Rejects with a {@link FetchFailure} when no peer delivered it, and with the reason for which it was ended. */
  readonly block: Promise<FetchedBlock>;
  /** Those that are being asked for it. */
  asked(): readonly string[];
  /** Ends it, if it is not over. */
  cancel(reason: Error): void;
}

/** Segments of version 2 that follow one another, and one of them. */
export interface SegmentNeighbours {
  /** Of these segments in this order, and no others. */
  readonly name: string;
  readonly segments: readonly SegmentInfo[];
  readonly index: number;
}

/** A block, and in version 2 the segments that peers are asked for together with its own. */
export interface BlockPlace {
  readonly segment: SegmentInfo;
  readonly block: number;
  /** For a segment of version 2: those among which the caller wants more, so that peers can be asked for all at once. */
  readonly neighbours?: SegmentNeighbours | undefined;
}

/** Fetches blocks from peers. One client serves all contents of an engine, so that peers are remembered across them. */
export interface RetrievalClient {
  /** How many of those named for a block are asked for it. */
  readonly peersPerBlock: number;
  /** Milliseconds after which others are asked as well, if those that are asked deliver nothing. */
  readonly overtakeMs: number;
  /** One block from whichever of `peers` (`host:port`) can deliver it; several are asked when one is slow. */
  fetch(
    request: BlockPlace & {
      readonly peers: readonly string[];
      /** How many blocks of this segment or its neighbours the caller wants; decides whether a list is worth asking for. */
      readonly wanted: number;
      /** What a peer has listed holds for every block, as the caller is told by another way what it gets: see `learn`. */
      readonly believesLists?: boolean | undefined;
      /** Told of each peer that does not deliver, as soon as that is known. */
      readonly onAttempt?: ((attempt: PeerAttempt) => void) | undefined;
      /** Takes the events of this fetch; those of the client if left out. */
      readonly emit?: ((event: DistributionEvent) => void) | undefined;
      /** Ends it and every connection in use for it; best the same for all blocks of a content. */
      readonly signal: AbortSignal;
    },
  ): PendingBlock;
  /** A peer has told by another way that it has so many blocks from that one on: what it listed before is out of date. */
  learn(peer: string, place: BlockPlace, count: number): void;
  /** Whether a peer has failed so often that it is not asked for blocks for a while. */
  isStruckOut(peer: string): boolean;
  close(): Promise<void>;
}

/** Why no peer delivered a block, with each peer's own reason. */
export class FetchFailure extends Error {
  constructor(readonly attempts: readonly PeerAttempt[]) {
    super(
      attempts.length === 0
        ? 'no peer to ask'
        : attempts.map(({ peer, detail }) => `${peer}: ${detail}`).join('; '),
    );
    this.name = 'FetchFailure';
  }
}

/** Serves stored blocks to peers. */
export interface RetrievalServer {
  /**
   * Binds and listens; the address it really has. Rejects with the system's error when it cannot.
   *
   * @param before the port of the listener before this one: taken again where any may be taken.
   */
  start(before?: number): Promise<{ readonly host: string; readonly port: number }>;
  /** Stops listening and ends every connection. */
  close(): Promise<void>;
  /** Called once if the listener dies by itself after `start`. */
  onDeath(listener: (cause: Error) => void): void;
}
