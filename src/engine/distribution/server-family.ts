import {
  win32Fault,
  type CallOptions,
  type ContentInformationHandle,
  type ContentInformationQuery,
  type PublicationOptions,
  type SessionHandle,
  type StreamHandle,
  type DistributionDriver,
  type DistributionEvent,
  type DriverFault,
} from '../../driver/index.js';
import {
  invalidArgument,
  requireAbsolute,
  requireContentId,
  requirePublicationVersion,
  requireVersions,
  requireWhole,
} from './arguments.js';
import { inTurns } from './in-turns.js';
import type { HashName, Publication } from './ports.js';
import { segmentName } from './segment-name.js';
import type { DistributionService } from './service.js';
import { ContentInformationSource } from './session/content-information-source.js';
import { PublicationStream } from './session/publication-stream.js';
import type { Sessions } from './session/sessions.js';
import { StoreFailure } from './store/index.js';
import { contentInformationPieces, Outliner, versionOf } from './wire/index.js';
import { withdraw } from './withdraw.js';

type ServerFamily = Pick<
  DistributionDriver,
  | 'publishStream'
  | 'addToStream'
  | 'addFromSource'
  | 'completeStream'
  | 'closeStream'
  | 'unpublish'
  | 'openContentInformation'
  | 'retrieveContentInformation'
  | 'closeContentInformation'
>;

/** Publishing and handing out content information. `hash` is that of new publications of version 1. */
export const serverFamily = (
  service: DistributionService,
  sessions: Sessions,
  hash: HashName,
): ServerFamily => ({
  async publishStream(
    handle: SessionHandle,
    options: PublicationOptions,
    call: CallOptions = {},
  ): Promise<StreamHandle> {
    const operation = 'distribution.publishStream';
    const session = sessions.find(operation, handle);
    const { length, source, keepCopy, version = 1, segmentation } = options;
    requireContentId(operation, options.contentId);
    if (length !== undefined) requireWhole(operation, 'the length of a content', length, 1);
    if (source !== undefined) requireAbsolute(operation, source.path);
    requirePublicationVersion(operation, version, segmentation);
    const contentId = Uint8Array.from(options.contentId);
    const { store } = service.require(operation);
    // The store forgets who made a publication when it is closed, which it is while the service does not run.
    const isOurs = sessions.all().some(({ published }) => published.has(hexOf(contentId)));
    const begin = async (): Promise<PublicationStream> => {
      if (isOurs && store.publication(contentId) !== undefined) {
        throw win32Fault(operation, 'PEERDIST_ERROR_ALREADY_EXISTS', {
          reason: 'this content id is published',
        });
      }
      const request = {
        contentId,
        hash: version === 1 ? hash : ('truncated-sha512' as const),
        segmentation,
        length,
        source,
        keepCopy,
      };
      return new PublicationStream(await store.beginPublication(request), request);
    };
    return session.operations.run(
      operation,
      call.signal,
      async () => session.streams.add(await begin()),
      (late) => session.streams.close(operation, late),
    );
  },

  async addToStream(
    session: SessionHandle,
    stream: StreamHandle,
    data: Uint8Array,
    call: CallOptions = {},
  ): Promise<void> {
    const operation = 'distribution.addToStream';
    return sessions
      .find(operation, session)
      .streams.run(operation, stream, call.signal, (found, signal) => found.add(operation, data, signal));
  },

  async addFromSource(
    session: SessionHandle,
    stream: StreamHandle,
    length: number,
    call: CallOptions = {},
  ): Promise<void> {
    const operation = 'distribution.addFromSource';
    const { streams } = sessions.find(operation, session);
    requireWhole(operation, 'the bytes to add', length);
    return streams.run(operation, stream, call.signal, (found, signal) =>
      found.addFromSource(operation, length, signal),
    );
  },

  async completeStream(handle: SessionHandle, stream: StreamHandle, call: CallOptions = {}): Promise<void> {
    const operation = 'distribution.completeStream';
    const session = sessions.find(operation, handle);
    const publication = await session.streams.run(
      operation,
      stream,
      call.signal,
      (found) => found.complete(operation),
      ({ contentId }) => withdraw(service, [contentId]),
    );
    session.published.set(hexOf(publication.contentId), publication.contentId);
    await tellOf(publication, (event) => sessions.emit(event));
  },

  async closeStream(session: SessionHandle, stream: StreamHandle): Promise<void> {
    const operation = 'distribution.closeStream';
    await sessions.find(operation, session).streams.close(operation, stream);
  },

  async unpublish(handle: SessionHandle, contentId: Uint8Array): Promise<void> {
    const operation = 'distribution.unpublish';
    const session = sessions.find(operation, handle);
    requireContentId(operation, contentId);
    const { store } = service.require(operation);
    await session.operations.run(operation, undefined, async () => {
      if (!(await store.unpublish(contentId))) throw notPublished(operation);
      for (const { published } of sessions.all()) published.delete(hexOf(contentId));
    });
  },

  async openContentInformation(
    handle: SessionHandle,
    query: ContentInformationQuery,
    call: CallOptions = {},
  ): Promise<ContentInformationHandle> {
    const operation = 'distribution.openContentInformation';
    const session = sessions.find(operation, handle);
    const { contentId, offset = 0, length, minVersion = 1, maxVersion = 2 } = query;
    requireContentId(operation, contentId);
    requireWhole(operation, 'the offset of a range', offset);
    if (length !== undefined) requireWhole(operation, 'the length of a range', length, 1);
    requireVersions(operation, minVersion, maxVersion);
    const { store } = service.require(operation);
    const open = async (signal: AbortSignal): Promise<ContentInformationHandle> => {
      const publication = store.publication(contentId);
      if (publication === undefined) throw notPublished(operation);
      const version = versionOf(publication.hash);
      if (version < minVersion || version > maxVersion) {
        throw win32Fault(operation, 'PEERDIST_ERROR_VERSION_UNSUPPORTED', {
          reason: `this content is published in version ${version}`,
        });
      }
      const end = length === undefined ? publication.length : offset + length;
      if (offset >= publication.length || end > publication.length) {
        throw invalidArgument(
          operation,
          `bytes ${offset} to ${end} are no range of a content of ${publication.length} bytes`,
        );
      }
      const range = { start: offset, length: end - offset };
      const { segments } = publication;
      const outliner = new Outliner(range);
      await inTurns(segments, (segment) => {
        signal.throwIfAborted();
        outliner.add(segment);
      });
      const pieces = contentInformationPieces(segments, outliner.outline());
      return session.informations.add(new ContentInformationSource(pieces));
    };
    return session.operations.run(operation, call.signal, open, (late) =>
      session.informations.close(operation, late).catch(() => undefined),
    );
  },

  async retrieveContentInformation(
    session: SessionHandle,
    information: ContentInformationHandle,
    maxBytes: number,
    call: CallOptions = {},
  ): Promise<Uint8Array> {
    const operation = 'distribution.retrieveContentInformation';
    const { informations } = sessions.find(operation, session);
    requireWhole(operation, 'the most bytes to retrieve', maxBytes, 1);
    return informations.run(operation, information, call.signal, (found) =>
      Promise.resolve(found.next(maxBytes)),
    );
  },

  async closeContentInformation(
    session: SessionHandle,
    information: ContentInformationHandle,
  ): Promise<void> {
    const operation = 'distribution.closeContentInformation';
    await sessions.find(operation, session).informations.close(operation, information);
  },
});

/** What nobody can read any more, as it was taken back at once, needs no telling. */
const tellOf = async ({ segments }: Publication, emit: (event: DistributionEvent) => void): Promise<void> => {
  try {
    await inTurns(segments, (segment) =>
      emit({ _tag: 'SegmentPublished', segment: segmentName(segment), bytes: segment.length }),
    );
  } catch (error) {
    if (!(error instanceof StoreFailure)) throw error;
  }
};

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const notPublished = (operation: string): DriverFault =>
  win32Fault(operation, 'ERROR_NOT_FOUND', { reason: 'no content with this id is published' });
