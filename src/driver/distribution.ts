import type { CallOptions, GivenBytesOptions } from './call.js';
import type { Cancel } from './clock.js';
import type { DistributionEvent, ReportedEvent } from './distribution-events.js';
import type { ContentExplanation, DistributionCounters } from './distribution-insight.js';
import type { PeerAttempt } from './distribution-reasons.js';
import type { ContentHandle, ContentInformationHandle, SessionHandle, StreamHandle } from './handles.js';

/** PEERDIST_STATUS. */
export type DistributionStatus = 'disabled' | 'unavailable' | 'available';

/** PEERDIST_STATUS_INFO: the status with the content information versions on offer (1 = Windows 7, 2 = Windows 8). */
export interface DistributionStatusInfo {
  readonly status: DistributionStatus;
  readonly minVersion: number;
  readonly maxVersion: number;
  /** Why it is not available, where the driver knows. */
  readonly reason?: string | undefined;
}

/** One armed registration for the next status change. */
export interface StatusRegistration {
  /**
   * Resolves once, with the status at that moment, when the status has changed since the registration was armed.
   * Rejects with ERROR_OPERATION_ABORTED when it is unregistered or the session shuts down. It is spent after that.
   */
  readonly changed: Promise<DistributionStatusInfo>;
}

/** What tells one state of a file from any other: what fstat says, times in nanoseconds since 1970. */
export interface FileVersion {
  readonly device: bigint;
  readonly inode: bigint;
  readonly size: bigint;
  readonly modifiedNs: bigint;
  /** When anything about the file changed, its name included; no program can set it back. */
  readonly changedNs: bigint;
}

/** A file that holds the bytes of a publication. */
export interface SourceFile {
  /** Absolute, without symbolic links. */
  readonly path: string;
  /** As it was before its first byte was read. */
  readonly version: FileVersion;
}

/**
 * How a publisher cuts content into segments of version 2.
 *
 * - `fastcdc`: where the content itself says so; a changed content shares all segments but those around the changes.
 * - `fixed`: every 128 KiB, the greatest length there is, as each segment costs a description and a request; for content
 *   that only ever changes as a whole, or whose changes move nothing.
 */
export type Segmentation = 'fastcdc' | 'fixed';

/** What PeerDistServerPublishStream takes. */
export interface PublicationOptions {
  /** Opaque bytes, 1 or more. */
  readonly contentId: Uint8Array;
  /** Total length in bytes; `undefined`: unknown until completed. */
  readonly length?: number | undefined;
  /** PEERDIST_PUBLICATION_OPTIONS version of content information to prepare, 1 by default. */
  readonly version?: 1 | 2 | undefined;
  /**
   * How to cut content of version 2; the driver's choice by default. With version 1, which is always cut evenly, it is
   * ERROR_INVALID_PARAMETER; a driver that cannot be told how to cut answers `Unsupported`.
   */
  readonly segmentation?: Segmentation | undefined;
  /**
   * A file with the very bytes that are going to be added, read after the stream was opened. A driver may serve from it
   * instead of keeping a copy; then completion fails with ERROR_INVALID_DATA if the file is not the same any more. It may
   * also read it by itself, see {@link DistributionDriver.addFromSource}.
   */
  readonly source?: SourceFile | undefined;
  /** The bytes must stay when the source changes or goes away. */
  readonly keepCopy?: boolean | undefined;
}

/** What PeerDistServerOpenContentInformation(Ex) takes. */
export interface ContentInformationQuery {
  readonly contentId: Uint8Array;
  /** Start of the wanted range; 0 by default. */
  readonly offset?: number | undefined;
  /** Length of the wanted range; `undefined`: to the end. */
  readonly length?: number | undefined;
  readonly minVersion?: 1 | 2 | undefined;
  readonly maxVersion?: 1 | 2 | undefined;
}

/** Whom a service may ask for what its cache lacks. */
export type ContentSupplier = 'peers' | 'hosted-cache';

/** What PeerDistClientOpenContent takes. */
export interface ContentOptions {
  /** 16 bytes that name the application's class of content; {@link DistributionDriver.flush} forgets by it. */
  readonly tag: Uint8Array;
  /**
   * Peers to ask besides those the service discovers itself, as `host:port`. A driver that cannot be told answers
   * `Unsupported` if there are any.
   */
  readonly peers?: readonly string[] | undefined;
  /**
   * Who is asked, one after the other for each block; who is not named is not asked. Left out: whoever the service knows,
   * in its own order. None, or one twice, is ERROR_INVALID_PARAMETER; a driver that cannot be told answers `Unsupported`.
   */
  readonly suppliers?: readonly ContentSupplier[] | undefined;
  /**
   * What the application calls it, a URL or a path, so that a person can ask later where it came from. A driver that
   * remembers nothing of that ignores it.
   */
  readonly name?: string | undefined;
  /** The file that it is going to be written to, by which a person may ask as well. */
  readonly file?: string | undefined;
  /**
   * False for bytes that were had, and told of, without the service, and are only added for others and for later: then
   * adding them is not told as taken from the origin, and the content not remembered as a retrieval. True by default.
   */
  readonly isCounted?: boolean | undefined;
}

/** How much to read, and how long to wait for it. */
export interface ReadRequest {
  /** Most bytes to answer with. 0 asks how many consecutive bytes the local cache holds; nothing is fetched. */
  readonly maxBytes: number;
  /** 0: local cache only; `undefined`: the service's default of five seconds. */
  readonly timeoutMs?: number | undefined;
  /**
   * Memory for the answer, so that the same can serve many reads. A driver may put the bytes there if they fit in and
   * answer with a view of it, or ignore it. It belongs to the driver until the read is answered; after a cancelled read
   * until the content is closed.
   */
  readonly into?: Uint8Array | undefined;
  /**
   * The reader fetches from elsewhere what is missing, and adds it. Where several machines that know one another lack the
   * same bytes, a driver may tell one of them at a time, and let the others wait until that one has them: for so many
   * milliseconds at most from when the read began, unless what is missing usually takes longer.
   */
  readonly fillsGapsAfterMs?: number | undefined;
}

/** What a read found at `offset` (from the start of the content). */
export type ReadResult =
  | { readonly _tag: 'Data'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly _tag: 'Available'; readonly offset: number; readonly length: number }
  /** PEERDIST_ERROR_MISSING_DATA or ERROR_TIMEOUT: fetch these bytes from the origin and add them. */
  | {
      readonly _tag: 'Missing';
      readonly offset: number;
      readonly length: number;
      readonly cause: 'missing' | 'timeout';
      /** What each peer made of the request for the first of them, where the driver knows. */
      readonly attempts?: readonly PeerAttempt[] | undefined;
      /** The driver has asked its neighbours, which leave these bytes to this machine; see `fillsGapsAfterMs`. */
      readonly isClaimed?: boolean | undefined;
    }
  /** PEERDIST_ERROR_NO_MORE: the end of the content or range. */
  | { readonly _tag: 'End' };

/**
 * The distribution family. Every member but `startup` takes the session first. On a drop to disabled or unavailable
 * all stream, content information and content handles are void (PEERDIST_ERROR_INVALIDATED) but must still be closed;
 * the session stays valid.
 */
export interface DistributionDriver {
  /** PeerDistStartup. */
  startup(): Promise<SessionHandle>;
  /** PeerDistShutdown: cancels pending work and removes every publication made through the session. */
  shutdown(session: SessionHandle): Promise<void>;
  /** PeerDistGetStatus. */
  getStatus(session: SessionHandle): Promise<DistributionStatus>;
  /** PeerDistGetStatusEx. */
  getStatusInfo(session: SessionHandle): Promise<DistributionStatusInfo>;
  /**
   * PeerDistRegisterForStatusChangeNotification(Ex): armed when it resolves, for one change. A second one while the
   * first is armed is ERROR_INVALID_PARAMETER.
   */
  registerStatusChange(session: SessionHandle): Promise<StatusRegistration>;
  /** PeerDistUnregisterForStatusChangeNotification. */
  unregisterStatusChange(session: SessionHandle): Promise<void>;
  /**
   * Turns the service on or off for this machine's users of the same data (Enable-BCDistributed, Disable-BC). A driver
   * that must not do that by itself answers `Unsupported` and says who can.
   */
  setEnabled(enabled: boolean): Promise<void>;
  /**
   * Events of the service while it works for this session, to the end of `shutdown`. A driver without them never calls back.
   */
  observe(session: SessionHandle, listener: (event: DistributionEvent) => void): Cancel;
  /**
   * Puts an event of a layer above the service, such as HTTP, among those of the service. A driver without events drops
   * it, and so does one whose session is closed.
   */
  report(session: SessionHandle, event: ReportedEvent): void;
  /**
   * Sums over the events since the session began. A driver without events answers `Unsupported`: what Windows has are
   * performance counters of the machine.
   */
  getCounters(session: SessionHandle): Promise<DistributionCounters>;

  /** PeerDistServerPublishStream. */
  publishStream(
    session: SessionHandle,
    options: PublicationOptions,
    call?: CallOptions,
  ): Promise<StreamHandle>;
  /** PeerDistServerPublishAddToStream: one at a time per stream; `data` must not change until it resolves. */
  addToStream(
    session: SessionHandle,
    stream: StreamHandle,
    data: Uint8Array,
    call?: CallOptions,
  ): Promise<void>;
  /**
   * Adds the next `length` bytes of the stream's source, which the driver reads itself, so that they do not pass the
   * caller's thread: whole blocks of 64 KiB, or all that is left. One call at a time per stream, as for
   * {@link addToStream}; it resolves when the next one is welcome, which may be before the bytes are read.
   *
   * ERROR_INVALID_DATA if the file is not the same any more. A driver that wants to be given the bytes of this stream
   * answers `Unsupported`, and the stream is as before.
   */
  addFromSource(
    session: SessionHandle,
    stream: StreamHandle,
    length: number,
    call?: CallOptions,
  ): Promise<void>;
  /** PeerDistServerPublishCompleteStream: the publication is usable from here on. */
  completeStream(session: SessionHandle, stream: StreamHandle, call?: CallOptions): Promise<void>;
  /** PeerDistServerCloseStreamHandle: before completion it cancels the publication, afterwards it keeps it. */
  closeStream(session: SessionHandle, stream: StreamHandle): Promise<void>;
  /** PeerDistServerUnpublish. */
  unpublish(session: SessionHandle, contentId: Uint8Array): Promise<void>;
  /** PeerDistServerOpenContentInformation(Ex). */
  openContentInformation(
    session: SessionHandle,
    query: ContentInformationQuery,
    call?: CallOptions,
  ): Promise<ContentInformationHandle>;
  /**
   * PeerDistServerRetrieveContentInformation: the next bytes, `maxBytes` at most; an empty answer is
   * PEERDIST_ERROR_NO_MORE.
   */
  retrieveContentInformation(
    session: SessionHandle,
    information: ContentInformationHandle,
    maxBytes: number,
    call?: CallOptions,
  ): Promise<Uint8Array>;
  /** PeerDistServerCloseContentInformation. */
  closeContentInformation(session: SessionHandle, information: ContentInformationHandle): Promise<void>;

  /** PeerDistClientOpenContent. */
  openContent(session: SessionHandle, options: ContentOptions, call?: CallOptions): Promise<ContentHandle>;
  /** PeerDistClientAddContentInformation: in order, one at a time per content. */
  addContentInformation(
    session: SessionHandle,
    content: ContentHandle,
    bytes: Uint8Array,
    call?: GivenBytesOptions,
  ): Promise<void>;
  /** PeerDistClientCompleteContentInformation: required before reading. */
  completeContentInformation(
    session: SessionHandle,
    content: ContentHandle,
    call?: CallOptions,
  ): Promise<void>;
  /** PeerDistClientStreamRead: continues at the handle's cursor; several may wait, answered in order. */
  streamRead(
    session: SessionHandle,
    content: ContentHandle,
    request: ReadRequest,
    call?: CallOptions,
  ): Promise<ReadResult>;
  /** PeerDistClientBlockRead: at `offset` from the start of the content. */
  blockRead(
    session: SessionHandle,
    content: ContentHandle,
    offset: number,
    request: ReadRequest,
    call?: CallOptions,
  ): Promise<ReadResult>;
  /**
   * PeerDistClientAddData: bytes fetched from the origin. They are checked against the content information before
   * anything is kept; past the end is PEERDIST_ERROR_OUT_OF_BOUNDS.
   */
  addData(
    session: SessionHandle,
    content: ContentHandle,
    offset: number,
    data: Uint8Array,
    call?: CallOptions,
  ): Promise<void>;
  /**
   * Has the driver itself put the content into a file, which the caller has made, empty, and which nobody else writes to:
   * every byte that a stream read answers with or that is added, at its place counted from the start of the content, or of
   * the range that is described. What the driver caches meanwhile may lie in that file instead of beside it. Before the
   * first read, once per content; afterwards it is ERROR_INVALID_PARAMETER. A driver that leaves writing to the caller
   * answers `Unsupported`.
   *
   * @param path absolute.
   */
  fillFile(session: SessionHandle, content: ContentHandle, path: string, call?: CallOptions): Promise<void>;
  /**
   * Once the stream was read to its end: resolves when the file has all of it. It is the caller's then; the driver never
   * changes it again, and what others ask for is read from it only as long as it is unchanged. A content that is closed
   * before leaves the file unfinished.
   *
   * PEERDIST_ERROR_MISSING_DATA before the end, ERROR_INVALID_PARAMETER without a file that is filled.
   */
  finishFile(session: SessionHandle, content: ContentHandle, call?: CallOptions): Promise<void>;
  /** PeerDistClientCloseContent: cancels what is pending on it. */
  closeContent(session: SessionHandle, content: ContentHandle): Promise<void>;
  /** PeerDistClientCancelAsyncOperation without an operation: all that is pending on the handle. */
  cancelContent(session: SessionHandle, content: ContentHandle): Promise<void>;
  /** PeerDistClientFlushContent: drops what the local cache holds for a tag. */
  flush(session: SessionHandle, tag: Uint8Array, call?: CallOptions): Promise<void>;
  /** PeerDistClientGetInformationByHandle. */
  getContentBasicInfo(
    session: SessionHandle,
    content: ContentHandle,
  ): Promise<{ readonly flashCrowd: boolean }>;
  /**
   * Where the bytes of a content came from so far, and why. A driver that is not told that by its service answers
   * `Unsupported`.
   */
  explainContent(session: SessionHandle, content: ContentHandle): Promise<ContentExplanation>;
}
