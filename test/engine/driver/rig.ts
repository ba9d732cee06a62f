import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Disposal,
  systemClock,
  type Clock,
  type DistributionDriver,
  type SessionHandle,
} from '../../../src/driver/index.js';
import { createDistribution } from '../../../src/engine/distribution/distribution.js';
import { Insight } from '../../../src/engine/distribution/insight/insight.js';
import type {
  ContentStore,
  RetrievalClient,
  RetrievalServer,
} from '../../../src/engine/distribution/ports.js';
import {
  createRetrievalClient,
  createRetrievalServer,
} from '../../../src/engine/distribution/retrieval/index.js';
import { DistributionService, type ServiceParts } from '../../../src/engine/distribution/service.js';
import { Sessions } from '../../../src/engine/distribution/session/sessions.js';
import { openContentStore } from '../../../src/engine/distribution/store/index.js';
import type { ContentLimits } from '../../../src/engine/distribution/content/content-limits.js';

export const LIMITS: ContentLimits = {
  readAheadBlocks: 16,
  maxReadBytes: 8 * 1024 * 1024,
  maxPartialBlocks: 4,
  maxEarlyBytes: 1024 * 1024,
};

export interface RigOptions {
  readonly clock?: Clock;
  readonly limits?: Partial<ContentLimits>;
  readonly client?: RetrievalClient;
  readonly createCrowd?: ServiceParts['createCrowd'];
  readonly server?: (store: ContentStore) => RetrievalServer | undefined;
  readonly openStore?: (directory: string) => Promise<ContentStore>;
  /** What switching the service waits for. */
  readonly beforeSwitch?: ((enabled: boolean) => Promise<void>) | undefined;
}

/** The distribution family with a store in a directory of its own, and everything a test may want to put its hand on. */
export interface Rig {
  readonly distribution: DistributionDriver;
  readonly service: DistributionService;
  readonly directory: string;
  /** `host:port` of the listener. */
  readonly peer: () => string;
  setEnabled(enabled: boolean): Promise<void>;
  remove(): Promise<void>;
}

export const createRig = async (options: RigOptions = {}): Promise<Rig> => {
  const directory = await mkdtemp(join(tmpdir(), 'peerweave-driver-'));
  const clock = options.clock ?? systemClock;
  const insight = new Insight({ clock });
  const sessions = new Sessions(clock, insight.note);
  let isEnabled = true;
  const parts: ServiceParts = {
    clock,
    isEnabled: () => Promise.resolve(isEnabled),
    watchEnabled: () => () => undefined,
    openStore: () =>
      options.openStore?.(directory) ??
      openContentStore({ directory, serverSecret: Buffer.from('a secret of these tests') }),
    createServer: (store, crowd) =>
      options.server === undefined
        ? createRetrievalServer({
            source: store,
            crowd: crowd?.crowd,
            host: '127.0.0.1',
            port: 0,
            emit: sessions.emit,
          })
        : options.server(store),
    createCrowd: options.createCrowd,
    createClient: () => options.client ?? createRetrievalClient({ emit: sessions.emit }),
  };
  const service = new DistributionService(parts);
  const distribution = createDistribution({
    service,
    sessions,
    insight,
    clock,
    hash: 'sha256',
    disposal: new Disposal(),
    limits: { ...LIMITS, ...options.limits },
    writeEnabled: async (enabled) => {
      await options.beforeSwitch?.(enabled);
      isEnabled = enabled;
    },
  });
  return {
    distribution,
    service,
    directory,
    peer: () => {
      const endpoint = service.running?.endpoint;
      if (endpoint === undefined) throw new Error('the rig does not listen');
      return `${endpoint.host}:${endpoint.port}`;
    },
    setEnabled: (enabled) => distribution.setEnabled(enabled),
    remove: async () => {
      await Promise.allSettled(sessions.handles().map((handle) => distribution.shutdown(handle)));
      await rm(directory, { recursive: true, force: true });
    },
  };
};

/** Publishes `bytes` and returns its content information. */
export const publish = async (
  distribution: DistributionDriver,
  session: SessionHandle,
  contentId: string,
  bytes: Uint8Array,
  {
    version,
    ...range
  }: { readonly offset?: number; readonly length?: number; readonly version?: 1 | 2 } = {},
): Promise<Buffer> => {
  const id = Buffer.from(contentId);
  const stream = await distribution.publishStream(session, { contentId: id, version });
  await distribution.addToStream(session, stream, bytes);
  await distribution.completeStream(session, stream);
  await distribution.closeStream(session, stream);
  return contentInformation(distribution, session, contentId, range);
};

export const contentInformation = async (
  distribution: DistributionDriver,
  session: SessionHandle,
  contentId: string,
  range: { readonly offset?: number; readonly length?: number } = {},
): Promise<Buffer> => {
  const information = await distribution.openContentInformation(session, {
    contentId: Buffer.from(contentId),
    ...range,
  });
  const pieces: Uint8Array[] = [];
  for (;;) {
    const piece = await distribution.retrieveContentInformation(session, information, 1000);
    if (piece.length === 0) break;
    pieces.push(piece);
  }
  await distribution.closeContentInformation(session, information);
  return Buffer.concat(pieces);
};

/** Opens content that is ready to be read. */
export const openContent = async (
  distribution: DistributionDriver,
  session: SessionHandle,
  information: Uint8Array,
  peers: readonly string[] = [],
) => {
  const content = await distribution.openContent(session, { tag: TAG, peers });
  await distribution.addContentInformation(session, content, information);
  await distribution.completeContentInformation(session, content);
  return content;
};

export const TAG = Buffer.from('0123456789abcdef');
