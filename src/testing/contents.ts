import {
  isSupplierOrder,
  type ContentHandle,
  type ContentSupplier,
  type DistributionDriver,
  type ReadRequest,
  type ReadResult,
  type SessionHandle,
} from '../driver/index.js';
import { decodeContentInformation, type FakeContentInformation } from './content-information.js';
import type { ContentPeer } from './content-network.js';
import type { FakeContext } from './context.js';
import type { LocalCache } from './local-cache.js';
import { faultOf, type OperationName } from './operations.js';
import { Provenance } from './provenance.js';
import { blockOf, readAt } from './reading.js';
import { SessionHandles } from './session-handles.js';
import type { Sessions } from './sessions.js';

interface Content {
  readonly tag: string;
  readonly asksPeers: boolean;
  readonly isCounted: boolean;
  readonly chunks: Uint8Array[];
  information: FakeContentInformation | undefined;
  cursor: number;
  readonly provenance: Provenance;
  /** Settles when the stream read before has answered. */
  turn: Promise<unknown>;
}

type ReadingMembers =
  | 'openContent'
  | 'addContentInformation'
  | 'completeContentInformation'
  | 'streamRead'
  | 'blockRead'
  | 'addData'
  | 'fillFile'
  | 'finishFile'
  | 'closeContent'
  | 'cancelContent'
  | 'flush'
  | 'getContentBasicInfo'
  | 'explainContent';

export interface FakeReading {
  readonly members: Pick<DistributionDriver, ReadingMembers>;
  readers(key: string): number;
  invalidate(): void;
  endSession(session: SessionHandle): void;
  clear(): void;
}

const TAG_BYTES = 16;

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

const tagOf = (operation: OperationName, tag: Uint8Array): string => {
  if (tag.length !== TAG_BYTES)
    throw faultOf(operation, 'ERROR_INVALID_PARAMETER', `a tag has ${TAG_BYTES} bytes`);
  return Buffer.from(tag).toString('hex');
};

/** There is no hosted cache in this world: who is told to ask nobody else asks nobody. */
const asksPeers = (operation: OperationName, suppliers: readonly ContentSupplier[] = ['peers']): boolean => {
  if (!isSupplierOrder(suppliers))
    throw faultOf(
      operation,
      'ERROR_INVALID_PARAMETER',
      "suppliers are 'peers' and 'hosted-cache', each once",
    );
  return suppliers.includes('peers');
};

const checkRequest = (operation: OperationName, { maxBytes, timeoutMs = 0 }: ReadRequest): void => {
  if (!isCount(maxBytes) || !isCount(timeoutMs))
    throw faultOf(operation, 'ERROR_INVALID_PARAMETER', 'maxBytes and timeoutMs are whole and not negative');
};

const informationOf = (operation: OperationName, content: Content): FakeContentInformation => {
  if (content.information === undefined)
    throw faultOf(operation, 'ERROR_INVALID_PARAMETER', 'the content information is not complete');
  return content.information;
};

/** How far a read moves the cursor of the stream. */
const nextCursor = (cursor: number, result: ReadResult): number => {
  if (result._tag === 'Data') return cursor + result.bytes.length;
  return result._tag === 'Missing' ? result.offset + result.length : cursor;
};

/** The client side: contents that are read from the local cache and from the peers of the network. */
export const createReading = (
  context: FakeContext,
  sessions: Sessions,
  cache: LocalCache,
  self: ContentPeer,
): FakeReading => {
  const { gate, network } = context;
  const contents = new SessionHandles<ContentHandle, Content>('content', context, sessions);

  const collecting = (operation: OperationName, session: SessionHandle, handle: ContentHandle): Content => {
    const content = contents.use(operation, session, handle);
    if (content.information !== undefined) throw faultOf(operation, 'PEERDIST_ERROR_ALREADY_COMPLETED');
    return content;
  };

  const read = async (
    operation: OperationName,
    session: SessionHandle,
    handle: ContentHandle,
    offset: number,
    request: ReadRequest,
    signals: readonly (AbortSignal | undefined)[],
  ): Promise<ReadResult> => {
    gate.check(operation, signals);
    const content = contents.use(operation, session, handle);
    const information = informationOf(operation, content);
    const { tag, provenance } = content;
    const place = { context, cache, self, tag, information, handle, provenance };
    return readAt(place, offset, content.asksPeers ? request : { ...request, timeoutMs: 0 }, {
      tell: (event) => sessions.tell(session, event),
      wait: (ms) => gate.wait(operation, ms, signals),
    });
  };

  const members: FakeReading['members'] = {
    openContent: (session, { tag, suppliers, isCounted = true }, call) =>
      gate.run('distribution.openContent', call, () => {
        sessions.checkAvailable('distribution.openContent', session);
        return contents.open(session, {
          tag: tagOf('distribution.openContent', tag),
          asksPeers: asksPeers('distribution.openContent', suppliers),
          isCounted,
          chunks: [],
          information: undefined,
          cursor: 0,
          provenance: new Provenance(),
          turn: Promise.resolve(),
        });
      }),

    addContentInformation: (session, handle, bytes, call) =>
      gate.runAlone(
        'distribution.addContentInformation',
        handle,
        call,
        () => {
          const { chunks } = collecting('distribution.addContentInformation', session, handle);
          chunks.push(Uint8Array.from(bytes));
        },
        contents.signal(handle),
      ),

    completeContentInformation: (session, handle, call) =>
      gate.runAlone(
        'distribution.completeContentInformation',
        handle,
        call,
        () => {
          const content = collecting('distribution.completeContentInformation', session, handle);
          const information = decodeContentInformation(Buffer.concat(content.chunks));
          if (information === undefined || !network.content.knows(information.key))
            throw faultOf(
              'distribution.completeContentInformation',
              'PEERDIST_ERROR_CANNOT_PARSE_CONTENTINFO',
            );
          content.information = information;
          content.cursor = information.start;
        },
        contents.signal(handle),
      ),

    streamRead: (session, handle, request, call) => {
      const operation = 'distribution.streamRead';
      return gate.run(
        operation,
        call,
        async () => {
          const content = contents.use(operation, session, handle);
          informationOf(operation, content);
          checkRequest(operation, request);
          const signals = [contents.signal(handle), call?.signal];
          const result = content.turn.then(async () => {
            const answer = await read(operation, session, handle, content.cursor, request, signals);
            content.cursor = nextCursor(content.cursor, answer);
            return answer;
          });
          content.turn = result.catch(() => undefined);
          return result;
        },
        contents.signal(handle),
      );
    },

    blockRead: (session, handle, offset, request, call) => {
      const operation = 'distribution.blockRead';
      return gate.run(
        operation,
        call,
        () => {
          informationOf(operation, contents.use(operation, session, handle));
          checkRequest(operation, request);
          if (!isCount(offset))
            throw faultOf(operation, 'ERROR_INVALID_PARAMETER', 'the offset is no byte count');
          return read(operation, session, handle, offset, request, [contents.signal(handle), call?.signal]);
        },
        contents.signal(handle),
      );
    },

    addData: (session, handle, offset, data, call) => {
      const operation = 'distribution.addData';
      return gate.run(
        operation,
        call,
        () => {
          const content = contents.use(operation, session, handle);
          const { key, length } = informationOf(operation, content);
          if (!isCount(offset))
            throw faultOf(operation, 'ERROR_INVALID_PARAMETER', 'the offset is no byte count');
          if (offset + data.length > length) throw faultOf(operation, 'PEERDIST_ERROR_OUT_OF_BOUNDS');
          if (Buffer.compare(data, network.content.bytes(key, offset, data.length)) !== 0)
            throw faultOf(operation, 'ERROR_INVALID_DATA', 'these are not the bytes of this content');
          cache.coverage(content.tag, key, length).fill(1, offset, offset + data.length);
          if (!content.isCounted) return;
          content.provenance.cameFrom({ source: 'origin' }, data.length);
          sessions.tell(session, {
            _tag: 'SourceChosen',
            content: handle,
            segment: key,
            block: blockOf(offset),
            bytes: data.length,
            source: 'origin',
          });
        },
        contents.signal(handle),
      );
    },

    fillFile: (session, handle, _path, call) =>
      gate.run('distribution.fillFile', call, () => {
        contents.use('distribution.fillFile', session, handle);
        throw faultOf('distribution.fillFile', 'ERROR_NOT_SUPPORTED', 'this driver writes no files');
      }),

    finishFile: (session, handle, call) =>
      gate.run('distribution.finishFile', call, () => {
        contents.use('distribution.finishFile', session, handle);
        throw faultOf('distribution.finishFile', 'ERROR_NOT_SUPPORTED', 'this driver writes no files');
      }),

    closeContent: (session, handle) =>
      gate.run('distribution.closeContent', undefined, () => {
        contents.close('distribution.closeContent', session, handle);
      }),

    cancelContent: (session, handle) =>
      gate.run('distribution.cancelContent', undefined, () => {
        contents.cancel('distribution.cancelContent', session, handle);
      }),

    flush: (session, tag, call) =>
      gate.run('distribution.flush', call, () => {
        sessions.checkAvailable('distribution.flush', session);
        cache.flush(tagOf('distribution.flush', tag));
      }),

    getContentBasicInfo: (session, handle) =>
      gate.run('distribution.getContentBasicInfo', undefined, () => {
        const operation = 'distribution.getContentBasicInfo';
        const { key } = informationOf(operation, contents.use(operation, session, handle));
        return { flashCrowd: network.content.isCrowded(key) };
      }),

    explainContent: (session, handle) =>
      gate.run('distribution.explainContent', undefined, () =>
        contents.use('distribution.explainContent', session, handle).provenance.explanation(),
      ),
  };

  return {
    members,
    readers: (key) => contents.openEntries.filter(({ information }) => information?.key === key).length,
    invalidate: () => contents.invalidate(),
    endSession: (session) => void contents.voidSession(session),
    clear: () => contents.clear(),
  };
};
