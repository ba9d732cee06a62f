import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { Disposal, systemClock, type Driver } from '../driver/index.js';
import { limitsNow } from './cache-settings.js';
import { defaultDataDirectory, openDataDirectory } from './data-dir.js';
import { DEFAULT_CONTENT_LIMITS } from './distribution/content/content-limits.js';
import { CLAIM_PATH, CrowdService } from './distribution/crowd/index.js';
import { createDistribution } from './distribution/distribution.js';
import { discoversByDefault, discoveryBy } from './distribution/discovery/index.js';
import { OfferSender } from './distribution/hosted-cache/index.js';
import {
  createRetrievalClient,
  createRetrievalServer,
  HttpTransport,
  PeerBook,
} from './distribution/retrieval/index.js';
import { Insight } from './distribution/insight/insight.js';
import { insightDirectory } from './distribution/insight/process-files.js';
import type { Endpoint } from './distribution/endpoint.js';
import { DistributionService } from './distribution/service.js';
import { Sessions } from './distribution/session/sessions.js';
import { openContentStore } from './distribution/store/index.js';
import { createGroupingEngine } from './grouping/index.js';
import { checkedEngineOptions, type EngineOptions } from './engine-options.js';
import { ServiceConfig } from './service-config.js';
import { inspectEngine } from './support.js';

/** The embedded engine: a {@link Driver} that needs nothing of the system but files and sockets. */
export interface EngineDriver extends Driver {
  /** Where peers can reach this engine; `undefined` unless the distribution service runs and listens. */
  endpoint(): Endpoint | undefined;
}

/** More would wait for the disk, and each costs some megabytes. */
const MOST_HASH_WORKERS = 4;

const defaultHashWorkers = (): number => {
  const processors = availableParallelism();
  return processors > 1 ? Math.min(processors, MOST_HASH_WORKERS) : 0;
};

const DEFAULT_LISTEN = { host: '127.0.0.1', port: 0 };

/**
 * Makes an engine: a driver for every platform, without the DLLs of Windows.
 *
 * Use it where `openDriver` of `peerweave` should not choose, or for several data directories in one process. Nothing
 * is opened yet: store and listener come with the first distribution session and go with the last, so that a process
 * ends by itself once its sessions are shut down; `dispose` shuts them down. A directory that cannot be written or an
 * address that cannot be bound makes the status `unavailable`, with the reason; it is tried again.
 *
 * It never throws for these; calls reject with a `DriverFault`, what it lacks with E_NOTIMPL or
 * ERROR_NOT_SUPPORTED. Options that are none are a TypeError, as is a peer of `discovery` that is no `host:port`. Source: MS-PCCRC, MS-PCCRR
 * and MS-PCCRD.
 *
 * @example
 * ```ts
 * import { createEngineDriver } from 'peerweave/engine';
 *
 * const engine = createEngineDriver({ dataDir: './peerweave-data' });
 * const session = await engine.distribution.startup();
 * console.log(await engine.distribution.getStatus(session), engine.endpoint());
 * await engine.dispose();
 * ```
 */
export const createEngineDriver = (options: EngineOptions = {}): EngineDriver => {
  const {
    listen = DEFAULT_LISTEN,
    clock = systemClock,
    random = randomBytes,
    hash = 'sha256',
    hashWorkers = defaultHashWorkers(),
    journal = true,
    cache = {},
    limits = {},
    discovery = discoversByDefault(listen) && {},
    hostedCache,
  } = checkedEngineOptions(options);
  // Absolute from the start, as the working directory may change.
  const dataDir = resolve(options.dataDir ?? defaultDataDirectory());
  const endpoint = (): Endpoint | undefined => service.running?.endpoint;
  const insight = new Insight({
    clock,
    directory: journal ? insightDirectory(dataDir) : undefined,
    endpoint,
  });
  const sessions = new Sessions(clock, insight.note);
  const config = new ServiceConfig(dataDir);
  // Who misbehaved in one session is known in the next.
  const book = new PeerBook(clock, limits.client, hostedCache?.address);
  let offers: OfferSender | undefined;
  const service = new DistributionService({
    clock,
    isEnabled: async () => {
      await openDataDirectory(dataDir);
      return config.isEnabled();
    },
    watchEnabled: (onChange) => config.watch(onChange),
    openStore: async () =>
      openContentStore({
        directory: join(dataDir, 'content'),
        serverSecret: await config.serverSecret(),
        hashWorkers,
        emit: sessions.emit,
        cacheLimits: async () => limitsNow(dataDir, { ...(await config.cacheSettings()), ...cache }),
      }),
    // One question at a time on a connection: answers may be held back.
    createCrowd: (source) =>
      new CrowdService({ source, clock, random, transport: new HttpTransport(CLAIM_PATH, 1) }),
    createServer: (store, crowd) =>
      listen === false
        ? undefined
        : createRetrievalServer({
            source: store,
            crowd: crowd?.crowd,
            ...listen,
            emit: (event) => {
              sessions.emit(event);
              if (event._tag === 'BlockResponseSent') offers?.served();
            },
            clock,
            randomBytes: random,
            limits: limits.server,
          }),
    createClient: () => createRetrievalClient({ emit: sessions.emit, clock, limits: limits.client, book }),
    startOffers:
      hostedCache &&
      ((servingPort) =>
        (offers = new OfferSender({ server: hostedCache, servingPort, clock, emit: sessions.emit }))),
    startDiscovery:
      discovery === false
        ? undefined
        : discoveryBy(discovery, { clock, random, emit: sessions.emit, limits: limits.discovery ?? {} }),
  });
  // Others are told where, also if nothing has happened yet.
  if (discoversByDefault(listen)) {
    service.onStatus(() => {
      insight.touch();
      return Promise.resolve();
    });
  }
  const disposal = new Disposal();
  const distribution = createDistribution({
    disposal,
    service,
    sessions,
    insight,
    clock,
    hash,
    limits: { ...DEFAULT_CONTENT_LIMITS, ...limits.content },
    writeEnabled: async (enabled) => {
      await openDataDirectory(dataDir);
      await config.setEnabled(enabled);
    },
  });
  const groups = createGroupingEngine({ dataDir, clock, random });
  return {
    name: 'engine',
    grouping: groups.grouping,
    identity: groups.identity,
    enumeration: groups.enumeration,
    distribution,
    endpoint,
    support: () => inspectEngine({ dataDir, config, listen, endpoint: endpoint() }),
    dispose: () =>
      disposal.run(async () => {
        await Promise.allSettled(sessions.handles().map((session) => distribution.shutdown(session)));
        await service.end();
        await groups.dispose();
      }),
    disposal,
  };
};
