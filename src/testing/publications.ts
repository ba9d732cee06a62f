import type {
  ContentInformationHandle,
  ContentInformationQuery,
  DistributionDriver,
  PublicationOptions,
  SessionHandle,
  StreamHandle,
} from '../driver/index.js';
import { encodeContentInformation } from './content-information.js';
import type { FakeContext } from './context.js';
import type { Coverage } from './coverage.js';
import { faultOf, type OperationName } from './operations.js';
import { SessionHandles } from './session-handles.js';
import type { Sessions } from './sessions.js';

interface Stream {
  readonly contentId: string;
  readonly length: number | undefined;
  readonly version: number;
  readonly chunks: Uint8Array[];
  completed: boolean;
}

interface Publication {
  readonly session: SessionHandle;
  readonly version: number;
  readonly key: string;
  readonly coverage: Coverage;
}

interface InformationCursor {
  readonly bytes: Uint8Array;
  offset: number;
}

type PublishingMembers =
  | 'publishStream'
  | 'addToStream'
  | 'addFromSource'
  | 'completeStream'
  | 'closeStream'
  | 'unpublish'
  | 'openContentInformation'
  | 'retrieveContentInformation'
  | 'closeContentInformation';

export interface FakePublishing {
  readonly members: Pick<DistributionDriver, PublishingMembers>;
  /** What the publications of this driver cover of a content. */
  coverages(key: string): readonly Coverage[];
  invalidate(): void;
  endSession(session: SessionHandle): void;
  clear(): void;
}

const idOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const isLength = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

const isVersion = (value: number): boolean => value === 1 || value === 2;

const checkPublication = (operation: OperationName, options: PublicationOptions): void => {
  const { contentId, length, version = 1, segmentation } = options;
  const wrong =
    (contentId.length === 0 && 'the content id is empty') ||
    (length !== undefined && !isLength(length) && 'the length is no byte count') ||
    (!isVersion(version) && 'the version is neither 1 nor 2') ||
    (version === 1 && segmentation !== undefined && 'only version 2 can be cut in more than one way');
  if (wrong !== false) throw faultOf(operation, 'ERROR_INVALID_PARAMETER', wrong);
};

const checkQuery = (operation: OperationName, query: ContentInformationQuery): void => {
  const { offset, length, minVersion = 1, maxVersion = 2 } = query;
  const wrong =
    (offset !== undefined && !isLength(offset) && 'the offset is no byte count') ||
    (length !== undefined && !isLength(length) && 'the length is no byte count') ||
    (!(isVersion(minVersion) && isVersion(maxVersion) && minVersion <= maxVersion) &&
      'the versions are no range of 1 to 2');
  if (wrong !== false) throw faultOf(operation, 'ERROR_INVALID_PARAMETER', wrong);
};

/** The server side: streams that become publications, and the content information of these. */
export const createPublishing = (context: FakeContext, sessions: Sessions): FakePublishing => {
  const { gate, network } = context;
  const publications = new Map<string, Publication>();
  const streams = new SessionHandles<StreamHandle, Stream>('stream', context, sessions);
  const cursors = new SessionHandles<ContentInformationHandle, InformationCursor>(
    'content-information',
    context,
    sessions,
  );

  const isTaken = (contentId: string): boolean =>
    publications.has(contentId) ||
    streams.openEntries.some((stream) => stream.contentId === contentId && !stream.completed);

  const usableStream = (operation: OperationName, session: SessionHandle, handle: StreamHandle): Stream => {
    const stream = streams.use(operation, session, handle);
    if (stream.completed) throw faultOf(operation, 'PEERDIST_ERROR_ALREADY_COMPLETED');
    return stream;
  };

  const describe = (operation: OperationName, query: ContentInformationQuery): Uint8Array => {
    checkQuery(operation, query);
    const publication = publications.get(idOf(query.contentId));
    if (publication === undefined) throw faultOf(operation, 'ERROR_NOT_FOUND', 'no such publication');
    const { key, coverage, version } = publication;
    const { offset: start = 0, length: wanted, minVersion = 1, maxVersion = 2 } = query;
    if (version < minVersion || version > maxVersion)
      throw faultOf(operation, 'PEERDIST_ERROR_VERSION_UNSUPPORTED', `published in version ${version} only`);
    const end = wanted === undefined ? coverage.length : start + wanted;
    if (start > coverage.length || end > coverage.length)
      throw faultOf(operation, 'ERROR_INVALID_PARAMETER', 'the range reaches behind the end of the content');
    return encodeContentInformation({ key, length: coverage.length, start, end });
  };

  const members: FakePublishing['members'] = {
    publishStream: (session, options, call) =>
      gate.run('distribution.publishStream', call, () => {
        sessions.checkAvailable('distribution.publishStream', session);
        checkPublication('distribution.publishStream', options);
        const contentId = idOf(options.contentId);
        if (isTaken(contentId)) throw faultOf('distribution.publishStream', 'PEERDIST_ERROR_ALREADY_EXISTS');
        const { length, version = 1 } = options;
        return streams.open(session, { contentId, length, version, chunks: [], completed: false });
      }),

    addToStream: (session, handle, data, call) =>
      gate.runAlone(
        'distribution.addToStream',
        handle,
        call,
        () => {
          const { chunks, length } = usableStream('distribution.addToStream', session, handle);
          const total = chunks.reduce((sum, chunk) => sum + chunk.length, data.length);
          if (length !== undefined && total > length)
            throw faultOf(
              'distribution.addToStream',
              'ERROR_INVALID_PARAMETER',
              'more than the announced length',
            );
          chunks.push(Uint8Array.from(data));
        },
        streams.signal(handle),
      ),

    addFromSource: (session, handle, _length, call) =>
      gate.run('distribution.addFromSource', call, () => {
        usableStream('distribution.addFromSource', session, handle);
        throw faultOf(
          'distribution.addFromSource',
          'ERROR_NOT_SUPPORTED',
          'this driver reads no files; add the bytes',
        );
      }),

    completeStream: (session, handle, call) =>
      gate.runAlone(
        'distribution.completeStream',
        handle,
        call,
        () => {
          const stream = usableStream('distribution.completeStream', session, handle);
          const bytes = Buffer.concat(stream.chunks);
          if (stream.length !== undefined && stream.length !== bytes.length)
            throw faultOf(
              'distribution.completeStream',
              'ERROR_INVALID_PARAMETER',
              'not the announced length',
            );
          const key = network.content.learn(bytes, stream.version);
          stream.completed = true;
          stream.chunks.length = 0;
          publications.set(stream.contentId, {
            session,
            version: stream.version,
            key,
            coverage: new Uint8Array(bytes.length).fill(1),
          });
          sessions.tell(session, { _tag: 'SegmentPublished', segment: key, bytes: bytes.length });
        },
        streams.signal(handle),
      ),

    closeStream: (session, handle) =>
      gate.run('distribution.closeStream', undefined, () => {
        streams.close('distribution.closeStream', session, handle);
      }),

    unpublish: (session, contentId) =>
      gate.run('distribution.unpublish', undefined, () => {
        sessions.checkAvailable('distribution.unpublish', session);
        if (contentId.length === 0) throw faultOf('distribution.unpublish', 'ERROR_INVALID_PARAMETER');
        if (!publications.delete(idOf(contentId)))
          throw faultOf('distribution.unpublish', 'ERROR_NOT_FOUND', 'no such publication');
      }),

    openContentInformation: (session, query, call) =>
      gate.run('distribution.openContentInformation', call, () => {
        sessions.checkAvailable('distribution.openContentInformation', session);
        const bytes = describe('distribution.openContentInformation', query);
        return cursors.open(session, { bytes, offset: 0 });
      }),

    retrieveContentInformation: (session, handle, maxBytes, call) =>
      gate.run(
        'distribution.retrieveContentInformation',
        call,
        () => {
          const cursor = cursors.use('distribution.retrieveContentInformation', session, handle);
          if (!isLength(maxBytes) || maxBytes === 0)
            throw faultOf('distribution.retrieveContentInformation', 'ERROR_INVALID_PARAMETER', 'maxBytes');
          const bytes = cursor.bytes.slice(cursor.offset, cursor.offset + maxBytes);
          cursor.offset += bytes.length;
          return bytes;
        },
        cursors.signal(handle),
      ),

    closeContentInformation: (session, handle) =>
      gate.run('distribution.closeContentInformation', undefined, () => {
        cursors.close('distribution.closeContentInformation', session, handle);
      }),
  };

  return {
    members,
    coverages: (key) =>
      [...publications.values()].filter((one) => one.key === key).map(({ coverage }) => coverage),
    invalidate: () => {
      streams.invalidate();
      cursors.invalidate();
    },
    endSession: (session) => {
      streams.voidSession(session);
      cursors.voidSession(session);
      for (const [contentId, publication] of publications)
        if (publication.session === session) publications.delete(contentId);
    },
    clear: () => {
      streams.clear();
      cursors.clear();
      publications.clear();
    },
  };
};
