import {
  win32Fault,
  type CallOptions,
  type Cancel,
  type Clock,
  type ContentHandle,
  type ContentInformationHandle,
  type ContentInformationQuery,
  type ContentOptions,
  type DistributionDriver,
  type DistributionEvent,
  type DistributionStatus,
  type DistributionStatusInfo,
  type PublicationOptions,
  type ReadRequest,
  type ReadResult,
  type SessionHandle,
  type StatusRegistration,
  type StreamHandle,
} from '../../driver/index.js';
import { invalidArgument, requireContentId, requireTag, requireVersion1, requireWhole } from './arguments.js';
import { Content, type ContentLimits } from './content/content.js';
import { normalisePeer } from './content/peer-address.js';
import type { ContentStore, HashName, Publication } from './ports.js';
import { segmentName } from './segment-name.js';
import type { DistributionService, Running } from './service.js';
import { ContentInformationSource } from './session/content-information-source.js';
import { PublicationStream } from './session/publication-stream.js';
import { Session } from './session/session.js';
import { toFault } from './system-faults.js';
import { contentInformationOf, encodeContentInformationV1 } from './wire/index.js';

export interface DistributionParts {
  readonly service: DistributionService;
  readonly clock: Clock;
  /** The hash of new publications. */
  readonly hash: HashName;
  readonly limits: ContentLimits;
  /** Writes the configuration that the service obeys. */
  writeEnabled(enabled: boolean): Promise<void>;
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The distribution family over the embedded service: finds what a handle stands for, checks arguments, maps faults. */
export class EngineDistribution implements DistributionDriver {
  readonly #parts: DistributionParts;
  readonly #sessions = new Map<bigint, Session>();
  #lastHandle = 0n;

  constructor(parts: DistributionParts) {
    this.#parts = parts;
    parts.service.onStatus(async (info) => {
      await Promise.all([...this.#sessions.values()].map((session) => session.statusChanged(info)));
    });
  }

  /** Tells the observers of all sessions. What one of them throws is its own affair. */
  readonly emit = (event: DistributionEvent): void => {
    for (const { observers } of this.#sessions.values()) {
      for (const observer of observers) observer(event);
    }
  };

  async startup(): Promise<SessionHandle> {
    await this.#parts.service.acquire();
    const handle = this.#nextHandle();
    this.#sessions.set(handle, new Session(this.#nextHandle));
    return handle as SessionHandle;
  }

  async shutdown(handle: SessionHandle): Promise<void> {
    const session = this.#session('distribution.shutdown', handle);
    this.#sessions.delete(handle);
    await session.close('distribution.shutdown');
    const ids = [...session.published.values()];
    await this.#withdraw(ids);
    await this.#parts.service.release();
  }

  /** Shuts all sessions down. Never rejects. */
  async dispose(): Promise<void> {
    await Promise.allSettled(
      [...this.#sessions.keys()].map((handle) => this.shutdown(handle as SessionHandle)),
    );
  }

  async getStatus(handle: SessionHandle): Promise<DistributionStatus> {
    this.#session('distribution.getStatus', handle);
    return Promise.resolve(this.#parts.service.info.status);
  }

  async getStatusInfo(handle: SessionHandle): Promise<DistributionStatusInfo> {
    this.#session('distribution.getStatusInfo', handle);
    return Promise.resolve(this.#parts.service.info);
  }

  async registerStatusChange(handle: SessionHandle): Promise<StatusRegistration> {
    const operation = 'distribution.registerStatusChange';
    return Promise.resolve(this.#session(operation, handle).registrations.arm(operation));
  }

  async unregisterStatusChange(handle: SessionHandle): Promise<void> {
    const operation = 'distribution.unregisterStatusChange';
    this.#session(operation, handle).registrations.cancel(operation);
    return Promise.resolve();
  }

  async setEnabled(enabled: boolean): Promise<void> {
    try {
      await this.#parts.writeEnabled(enabled);
    } catch (error) {
      throw toFault('distribution.setEnabled', error);
    }
    await this.#parts.service.refresh();
  }

  observe(handle: SessionHandle, listener: (event: DistributionEvent) => void): Cancel {
    const { observers } = this.#session('distribution.observe', handle);
    // Wrapped, so that one function may observe twice.
    const observer = (event: DistributionEvent): void => listener(event);
    observers.add(observer);
    return () => observers.delete(observer);
  }

  async publishStream(
    handle: SessionHandle,
    options: PublicationOptions,
    call: CallOptions = {},
  ): Promise<StreamHandle> {
    const operation = 'distribution.publishStream';
    const session = this.#session(operation, handle);
    const { length } = options;
    requireContentId(operation, options.contentId);
    if (length !== undefined) requireWhole(operation, 'the length of a content', length, 1);
    requireVersion1(operation, options.version);
    const contentId = Uint8Array.from(options.contentId);
    const { store } = this.#running(operation);
    return session.operations.run(
      operation,
      call.signal,
      async () => session.streams.add(await this.#beginPublication(operation, store, contentId, length)),
      (late) => void session.streams.close(operation, late),
    );
  }

  async addToStream(
    session: SessionHandle,
    stream: StreamHandle,
    data: Uint8Array,
    call: CallOptions = {},
  ): Promise<void> {
    const operation = 'distribution.addToStream';
    return this.#session(operation, session).streams.run(operation, stream, call.signal, (found, signal) =>
      found.add(operation, data, signal),
    );
  }

  async completeStream(handle: SessionHandle, stream: StreamHandle, call: CallOptions = {}): Promise<void> {
    const operation = 'distribution.completeStream';
    const session = this.#session(operation, handle);
    const publication = await session.streams.run(
      operation,
      stream,
      call.signal,
      (found) => found.complete(operation),
      ({ contentId }) => void this.#withdraw([contentId]),
    );
    session.published.set(hexOf(publication.contentId), publication.contentId);
    this.#announce(publication);
  }

  async closeStream(session: SessionHandle, stream: StreamHandle): Promise<void> {
    const operation = 'distribution.closeStream';
    await this.#session(operation, session).streams.close(operation, stream);
  }

  async unpublish(handle: SessionHandle, contentId: Uint8Array): Promise<void> {
    const operation = 'distribution.unpublish';
    const session = this.#session(operation, handle);
    requireContentId(operation, contentId);
    const { store } = this.#running(operation);
    await session.operations.run(operation, undefined, async () => {
      if (!(await store.unpublish(contentId))) throw notPublished(operation);
      for (const { published } of this.#sessions.values()) published.delete(hexOf(contentId));
    });
  }

  async openContentInformation(
    handle: SessionHandle,
    query: ContentInformationQuery,
    call: CallOptions = {},
  ): Promise<ContentInformationHandle> {
    const operation = 'distribution.openContentInformation';
    const session = this.#session(operation, handle);
    const { contentId, offset = 0, length } = query;
    requireContentId(operation, contentId);
    requireWhole(operation, 'the offset of a range', offset);
    if (length !== undefined) requireWhole(operation, 'the length of a range', length, 1);
    requireVersion1(operation, query.minVersion, query.maxVersion);
    const { store } = this.#running(operation);
    return session.operations.run(operation, call.signal, () => {
      const publication = store.publication(contentId);
      if (publication === undefined) throw notPublished(operation);
      const end = length === undefined ? publication.length : offset + length;
      if (offset >= publication.length || end > publication.length) {
        throw invalidArgument(
          operation,
          `bytes ${offset} to ${end} are no range of a content of ${publication.length} bytes`,
        );
      }
      const range = { start: offset, length: end - offset };
      const bytes = encodeContentInformationV1(contentInformationOf(publication.segments, range));
      return Promise.resolve(session.informations.add(new ContentInformationSource(bytes)));
    });
  }

  async retrieveContentInformation(
    session: SessionHandle,
    information: ContentInformationHandle,
    maxBytes: number,
    call: CallOptions = {},
  ): Promise<Uint8Array> {
    const operation = 'distribution.retrieveContentInformation';
    const { informations } = this.#session(operation, session);
    requireWhole(operation, 'the most bytes to retrieve', maxBytes, 1);
    return informations.run(operation, information, call.signal, (found) =>
      Promise.resolve(found.next(maxBytes)),
    );
  }

  async closeContentInformation(
    session: SessionHandle,
    information: ContentInformationHandle,
  ): Promise<void> {
    const operation = 'distribution.closeContentInformation';
    await this.#session(operation, session).informations.close(operation, information);
  }

  async openContent(
    handle: SessionHandle,
    options: ContentOptions,
    call: CallOptions = {},
  ): Promise<ContentHandle> {
    const operation = 'distribution.openContent';
    const session = this.#session(operation, handle);
    requireTag(operation, options.tag);
    const peers = requirePeers(operation, options.peers ?? []);
    const { store, client } = this.#running(operation);
    const { clock, limits, service } = this.#parts;
    const content = new Content({
      tag: Uint8Array.from(options.tag),
      peers,
      store,
      client,
      clock,
      limits,
      emit: this.emit,
      onWriteFailure: () => void service.refresh(),
    });
    return session.operations.run(operation, call.signal, () =>
      Promise.resolve(session.contents.add(content)),
    );
  }

  async addContentInformation(
    session: SessionHandle,
    content: ContentHandle,
    bytes: Uint8Array,
    call: CallOptions = {},
  ): Promise<void> {
    const operation = 'distribution.addContentInformation';
    return this.#onContent(operation, session, content, call, (found) => {
      found.addInformation(operation, bytes);
      return Promise.resolve();
    });
  }

  async completeContentInformation(
    session: SessionHandle,
    content: ContentHandle,
    call: CallOptions = {},
  ): Promise<void> {
    const operation = 'distribution.completeContentInformation';
    return this.#onContent(operation, session, content, call, (found) =>
      found.completeInformation(operation),
    );
  }

  async streamRead(
    session: SessionHandle,
    content: ContentHandle,
    request: ReadRequest,
    call: CallOptions = {},
  ): Promise<ReadResult> {
    const operation = 'distribution.streamRead';
    return this.#onContent(operation, session, content, call, (found, signal) => {
      requireReadRequest(operation, request);
      return found.readNext(operation, request, signal);
    });
  }

  async blockRead(
    session: SessionHandle,
    content: ContentHandle,
    offset: number,
    request: ReadRequest,
    call: CallOptions = {},
  ): Promise<ReadResult> {
    const operation = 'distribution.blockRead';
    return this.#onContent(operation, session, content, call, (found, signal) => {
      requireWhole(operation, 'the offset of a read', offset);
      requireReadRequest(operation, request);
      return found.readAt(operation, offset, request, signal);
    });
  }

  async addData(
    session: SessionHandle,
    content: ContentHandle,
    offset: number,
    data: Uint8Array,
    call: CallOptions = {},
  ): Promise<void> {
    const operation = 'distribution.addData';
    return this.#onContent(operation, session, content, call, (found) => {
      requireWhole(operation, 'the offset of data', offset);
      return found.add(operation, offset, data);
    });
  }

  async closeContent(session: SessionHandle, content: ContentHandle): Promise<void> {
    const operation = 'distribution.closeContent';
    await this.#session(operation, session).contents.close(operation, content);
  }

  async cancelContent(session: SessionHandle, content: ContentHandle): Promise<void> {
    const operation = 'distribution.cancelContent';
    this.#session(operation, session).contents.cancel(operation, content);
    return Promise.resolve();
  }

  async flush(handle: SessionHandle, tag: Uint8Array, call: CallOptions = {}): Promise<void> {
    const operation = 'distribution.flush';
    const session = this.#session(operation, handle);
    requireTag(operation, tag);
    const { store } = this.#running(operation);
    await session.operations.run(operation, call.signal, async () => {
      await store.flush(tag);
      for (const { contents } of this.#sessions.values()) {
        for (const content of contents.usable()) {
          if (hexOf(content.tag) === hexOf(tag)) content.forgetCached();
        }
      }
    });
  }

  async getContentBasicInfo(
    session: SessionHandle,
    content: ContentHandle,
  ): Promise<{ readonly flashCrowd: boolean }> {
    const operation = 'distribution.getContentBasicInfo';
    return this.#onContent(operation, session, content, {}, ({ flashCrowd }) =>
      Promise.resolve({ flashCrowd }),
    );
  }

  readonly #nextHandle = (): bigint => {
    this.#lastHandle += 1n;
    return this.#lastHandle;
  };

  #session(operation: string, handle: SessionHandle): Session {
    const session = this.#sessions.get(handle);
    if (session === undefined) {
      throw win32Fault(operation, 'ERROR_INVALID_HANDLE', {
        reason: 'the session is shut down or never was',
      });
    }
    return session;
  }

  /** What opening needs; refuses while the service does not run. */
  #running(operation: string): Running {
    const { running, info } = this.#parts.service;
    if (running !== undefined) return running;
    throw win32Fault(
      operation,
      info.status === 'disabled' ? 'ERROR_ACCESS_DISABLED_BY_POLICY' : 'PEERDIST_ERROR_SERVICE_UNAVAILABLE',
      { reason: info.reason },
    );
  }

  async #onContent<Result>(
    operation: string,
    session: SessionHandle,
    content: ContentHandle,
    call: CallOptions,
    work: (content: Content, signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    return this.#session(operation, session).contents.run(operation, content, call.signal, work);
  }

  async #beginPublication(
    operation: string,
    store: ContentStore,
    contentId: Uint8Array,
    length: number | undefined,
  ): Promise<PublicationStream> {
    // The store forgets who made a publication when it is closed, which it is while the service does not run.
    const isOurs = [...this.#sessions.values()].some(({ published }) => published.has(hexOf(contentId)));
    if (isOurs && store.publication(contentId) !== undefined) {
      throw win32Fault(operation, 'PEERDIST_ERROR_ALREADY_EXISTS', {
        reason: 'this content id is published',
      });
    }
    return new PublicationStream(
      await store.beginPublication({ contentId, hash: this.#parts.hash, length }),
      length,
    );
  }

  #announce({ segments }: Publication): void {
    for (const segment of segments) {
      this.emit({ _tag: 'SegmentPublished', segment: segmentName(segment), bytes: segment.length });
    }
  }

  /** Takes publications back; teardown does not fail. */
  async #withdraw(contentIds: readonly Uint8Array[]): Promise<void> {
    if (contentIds.length === 0) return;
    await this.#parts.service
      .withStore(async (store) => {
        for (const contentId of contentIds) await store.unpublish(contentId);
      })
      .catch(() => undefined);
  }
}

const notPublished = (operation: string): Error =>
  win32Fault(operation, 'ERROR_NOT_FOUND', { reason: 'no content with this id is published' });

const requirePeers = (operation: string, peers: readonly string[]): readonly string[] => [
  ...new Set(
    peers.map((peer) => {
      const normal = normalisePeer(peer);
      if (normal === undefined) {
        throw invalidArgument(
          operation,
          `${JSON.stringify(peer)} is no peer: write host:port or [IPv6]:port`,
        );
      }
      return normal;
    }),
  ),
];

const requireReadRequest = (operation: string, { maxBytes, timeoutMs }: ReadRequest): void => {
  requireWhole(operation, 'the most bytes to read', maxBytes);
  if (timeoutMs !== undefined) requireWhole(operation, 'the timeout of a read', timeoutMs);
};
