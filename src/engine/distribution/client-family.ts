import type {
  ContentExplanation,
  ContentOptions,
  ReadResult,
  CallOptions,
  Clock,
  ContentHandle,
  DistributionDriver,
  GivenBytesOptions,
  ReadRequest,
  SessionHandle,
} from '../../driver/index.js';
import { invalidArgument, requireAbsolute, requireTag, requireWhole } from './arguments.js';
import { askedOf } from './content/suppliers.js';
import { Content } from './content/content.js';
import type { ContentLimits } from './content/content-limits.js';
import { normalisePeer } from './content/peer-address.js';
import type { Insight } from './insight/insight.js';
import type { DistributionService } from './service.js';
import type { Sessions } from './session/sessions.js';

type ClientFamily = Pick<
  DistributionDriver,
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
  | 'explainContent'
>;

export interface ClientParts {
  readonly service: DistributionService;
  readonly sessions: Sessions;
  readonly insight: Insight;
  readonly clock: Clock;
  readonly limits: ContentLimits;
}

/** Retrieving content and the local cache. */
export const clientFamily = ({ service, sessions, insight, clock, limits }: ClientParts): ClientFamily => {
  const onContent = async <Result>(
    operation: string,
    session: SessionHandle,
    content: ContentHandle,
    call: CallOptions,
    work: (content: Content, signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> => sessions.find(operation, session).contents.run(operation, content, call.signal, work);

  return {
    async openContent(
      handle: SessionHandle,
      options: ContentOptions,
      call: CallOptions = {},
    ): Promise<ContentHandle> {
      const operation = 'distribution.openContent';
      const session = sessions.find(operation, handle);
      requireTag(operation, options.tag);
      const peers = requirePeers(operation, options.peers ?? []);
      const { store, client, discovery, hosted, crowd } = service.require(operation);
      const asked = askedOf(operation, options.suppliers, { peers, discovery, crowd, hosted });
      const { isCounted = true } = options;
      const open = (content: ContentHandle): Content =>
        new Content({
          handle: content,
          names: { name: options.name, file: options.file },
          isCounted,
          tag: Uint8Array.from(options.tag),
          ...asked,
          store,
          client,
          hosted,
          clock,
          limits,
          emit: session.emit,
          follow: (describe) => (isCounted ? insight.follow(describe) : () => undefined),
          onWriteFailure: () => void service.refresh(),
        });
      return session.operations.run(operation, call.signal, () =>
        Promise.resolve(session.contents.open(open)),
      );
    },

    async addContentInformation(
      session: SessionHandle,
      content: ContentHandle,
      bytes: Uint8Array,
      call: GivenBytesOptions = {},
    ): Promise<void> {
      const operation = 'distribution.addContentInformation';
      return onContent(operation, session, content, call, (found) =>
        found.addInformation(operation, bytes, call.isConstant),
      );
    },

    async completeContentInformation(
      session: SessionHandle,
      content: ContentHandle,
      call: CallOptions = {},
    ): Promise<void> {
      const operation = 'distribution.completeContentInformation';
      return onContent(operation, session, content, call, (found) => found.completeInformation(operation));
    },

    async streamRead(
      session: SessionHandle,
      content: ContentHandle,
      request: ReadRequest,
      call: CallOptions = {},
    ): Promise<ReadResult> {
      const operation = 'distribution.streamRead';
      return onContent(operation, session, content, call, (found, signal) => {
        requireReadRequest(operation, request);
        return found.readNext(operation, request, signal);
      });
    },

    async blockRead(
      session: SessionHandle,
      content: ContentHandle,
      offset: number,
      request: ReadRequest,
      call: CallOptions = {},
    ): Promise<ReadResult> {
      const operation = 'distribution.blockRead';
      return onContent(operation, session, content, call, (found, signal) => {
        requireWhole(operation, 'the offset of a read', offset);
        requireReadRequest(operation, request);
        return found.readAt(operation, offset, request, signal);
      });
    },

    async addData(
      session: SessionHandle,
      content: ContentHandle,
      offset: number,
      data: Uint8Array,
      call: CallOptions = {},
    ): Promise<void> {
      const operation = 'distribution.addData';
      return onContent(operation, session, content, call, (found) => {
        requireWhole(operation, 'the offset of data', offset);
        return found.add(operation, offset, data);
      });
    },

    async fillFile(
      session: SessionHandle,
      content: ContentHandle,
      path: string,
      call: CallOptions = {},
    ): Promise<void> {
      const operation = 'distribution.fillFile';
      return onContent(operation, session, content, call, (found) => {
        requireAbsolute(operation, path);
        return found.fillFile(operation, path);
      });
    },

    async finishFile(session: SessionHandle, content: ContentHandle, call: CallOptions = {}): Promise<void> {
      const operation = 'distribution.finishFile';
      return onContent(operation, session, content, call, (found) => found.finishFile(operation));
    },

    async closeContent(session: SessionHandle, content: ContentHandle): Promise<void> {
      const operation = 'distribution.closeContent';
      await sessions.find(operation, session).contents.close(operation, content);
    },

    async cancelContent(session: SessionHandle, content: ContentHandle): Promise<void> {
      const operation = 'distribution.cancelContent';
      sessions.find(operation, session).contents.cancel(operation, content);
      return Promise.resolve();
    },

    async flush(handle: SessionHandle, tag: Uint8Array, call: CallOptions = {}): Promise<void> {
      const operation = 'distribution.flush';
      const session = sessions.find(operation, handle);
      requireTag(operation, tag);
      const { store } = service.require(operation);
      await session.operations.run(operation, call.signal, async () => {
        await store.flush(tag);
        for (const { contents } of sessions.all()) {
          for (const content of contents.usable()) {
            if (hexOf(content.tag) === hexOf(tag)) content.forgetCached();
          }
        }
      });
    },

    async getContentBasicInfo(
      session: SessionHandle,
      content: ContentHandle,
    ): Promise<{ readonly flashCrowd: boolean }> {
      const operation = 'distribution.getContentBasicInfo';
      return onContent(operation, session, content, {}, ({ flashCrowd }) => Promise.resolve({ flashCrowd }));
    },

    async explainContent(session: SessionHandle, content: ContentHandle): Promise<ContentExplanation> {
      const operation = 'distribution.explainContent';
      return onContent(operation, session, content, {}, (found) => Promise.resolve(found.explanation()));
    },
  };
};
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

const requireReadRequest = (operation: string, request: ReadRequest): void => {
  const { maxBytes, timeoutMs, into, fillsGapsAfterMs } = request;
  requireWhole(operation, 'the most bytes to read', maxBytes);
  if (timeoutMs !== undefined) requireWhole(operation, 'the timeout of a read', timeoutMs);
  if (fillsGapsAfterMs !== undefined) requireWhole(operation, 'the wait for neighbours', fillsGapsAfterMs);
  if (into !== undefined && !(into instanceof Uint8Array)) {
    throw invalidArgument(operation, 'what to read into is not a Uint8Array');
  }
};
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
