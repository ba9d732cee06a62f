import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { channel } from 'node:diagnostics_channel';
import {
  DISTRIBUTION_CHANNEL,
  systemClock,
  type Clock,
  type DistributionCounters,
  type DistributionEvent,
} from '../../../driver/index.js';
import { Insight } from '../insight/insight.js';
import { isListenAddress, LISTEN_ADDRESS } from '../listen-address.js';
import { insightDirectory } from '../insight/process-files.js';
import { HttpServer } from '../retrieval/http-server.js';
import { HttpTransport } from '../retrieval/http-transport.js';
import { DEFAULT_SERVER_LIMITS } from '../retrieval/limits.js';
import { WaitingRoom } from '../retrieval/waiting-room.js';
import { EncryptedStore } from './encrypted-store.js';
import { LatelyServed } from './lately-served.js';
import { OfferDesk } from './offer-desk.js';
import { PlainService } from './plain-service.js';
import { Puller, type PullerLimits } from './puller.js';
import { SecureOffers } from './secure-offers.js';
import { asyncDispose } from '../../../driver/dispose-symbols.js';
import { messageOf } from '../../../driver/errors.js';

/** An address to listen at; port 0: any free one. */
interface Listen {
  readonly host: string;
  readonly port: number;
}

/** How a hosted cache is to work. */
export interface HostedCacheOptions {
  /** Where the blocks lie. Made if it is missing. */
  readonly directory: string;
  /** For blocks, and offers of version 2, over plain HTTP; by default port 80 of all addresses. */
  readonly listen?: Listen | undefined;
  /**
   * For offers of version 1 (Windows 7), which come over HTTPS: where (by default port 443 of all addresses), and the
   * certificate and key as PEM. Left out: none are taken.
   */
  readonly secure?:
    | { readonly listen?: Listen | undefined; readonly cert: string | Buffer; readonly key: string | Buffer }
    | undefined;
  /** Most bytes on disk, 10 GiB by default. The blocks that were not used for longest go when there is no room. */
  readonly quota?: number | undefined;
  /** Told of every step, as is the `node:diagnostics_channel` `peerweave:distribution`. */
  readonly onEvent?: ((event: DistributionEvent) => void) | undefined;
  /** A data directory in whose journal the counters are kept, for `readJournal`; left out: none. */
  readonly journal?: string | undefined;
  /** Where all time comes from. */
  readonly clock?: Clock | undefined;
  /** Bounds; each that is left out keeps its default. */
  readonly limits?: Partial<PullerLimits> | undefined;
}

/** A running hosted cache. */
export interface HostedCache extends AsyncDisposable {
  /** Where clients get blocks and make offers of version 2. */
  readonly endpoint: Listen;
  /** Where clients make offers of version 1. */
  readonly secureEndpoint: Listen | undefined;
  /** What is here now. */
  contents(): { readonly segments: number; readonly bytes: number };
  /** Sums over its events since it was started. */
  counters(): DistributionCounters;
  /** Stops serving; resolves when nothing is open any more. Calling it again does nothing. */
  close(): Promise<void>;
}

export const DEFAULT_QUOTA = 10 * 1024 ** 3;
const ANY = '0.0.0.0';
const told = channel(DISTRIBUTION_CHANNEL);

/** PCCRR allows a hosted cache more clients than a peer. */
export const ACTIVE_CLIENTS = 1_024;
export const REQUESTS_PER_CLIENT = 512;

export const DEFAULT_PULLER_LIMITS: PullerLimits = {
  requestTimeoutMs: 2_000,
  segmentsPerClient: 4_096,
  clients: 16,
  waitingClients: 1_024,
  // Windows waits for an answer until the second tick of its timer, which is five seconds at least.
  offerPatienceMs: 4_000,
  faultsPerClient: 3,
};

/**
 * Starts a hosted cache: a server that takes in what clients of BranchCache have fetched, and serves it to the others,
 * also when those clients are switched off.
 *
 * Use it where a network has a machine that is always on, or where peers cannot hear one another's multicasts. Clients
 * offer segments; it fetches them from whoever offers, nobody else, and stores and replays them encrypted as they came: it
 * knows no secrets and cannot check what it holds, readers do. Everything survives a crash but what was being written.
 *
 * Rejects with the system's error when the directory cannot be used or an address not be bound, and with a TypeError for
 * options that are none, such as a key that is not that of the certificate. Source: MS-PCHC, MS-PCCRR 3.2.
 *
 * @example
 * ```ts
 * import { startHostedCache } from 'peerweave/engine';
 *
 * await using cache = await startHostedCache({
 *   directory: './hosted-cache',
 *   listen: { host: '127.0.0.1', port: 0 },
 *   quota: 64 * 1024 * 1024,
 * });
 * console.log(cache.endpoint.port > 0, cache.contents()); // true { segments: 0, bytes: 0 }
 * ```
 */
export const startHostedCache = async (options: HostedCacheOptions): Promise<HostedCache> => {
  requireOptions(options);
  const { directory, quota = DEFAULT_QUOTA, clock = systemClock, secure } = options;
  let endpoint: Listen | undefined;
  const directoryOfJournal = options.journal === undefined ? undefined : insightDirectory(options.journal);
  const insight = new Insight({ clock, directory: directoryOfJournal, endpoint: () => endpoint });
  const emit = (event: DistributionEvent): void => {
    insight.note(event);
    told.publish(event);
    options.onEvent?.(event);
  };
  const store = await EncryptedStore.open({ directory, quota, clock, emit });
  const limits = { ...DEFAULT_PULLER_LIMITS, ...options.limits };
  const served = new LatelyServed();
  const puller = new Puller({ served, store, transport: new HttpTransport(), clock, emit, limits });
  const desk = new OfferDesk({ store, puller, emit });
  const room = new WaitingRoom({
    clock,
    places: ACTIVE_CLIENTS,
    placesPerClient: REQUESTS_PER_CLIENT,
    patienceMs: DEFAULT_SERVER_LIMITS.busyAfterMs,
  });
  const service = new PlainService({ served, store, desk, room, emit });
  const plain = new HttpServer({
    service,
    limits: DEFAULT_SERVER_LIMITS,
    clock,
    onDrop: (peer) => service.refuse(peer, 'limit'),
  });
  const offers =
    secure &&
    new SecureOffers({
      desk,
      cert: secure.cert,
      key: secure.key,
      timeoutMs: DEFAULT_SERVER_LIMITS.requestTimeoutMs,
      connections: ACTIVE_CLIENTS,
    });

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> =>
    (closing ??= (async () => {
      room.close();
      await Promise.allSettled([plain.close(), offers?.close(), puller.close()]);
      await store.close();
      endpoint = undefined;
      insight.touch();
      await insight.flush();
    })());
  try {
    const { host, port } = options.listen ?? { host: ANY, port: 80 };
    const listening = await plain.start(host, port);
    endpoint = listening;
    const secureListen = secure?.listen ?? { host: ANY, port: 443 };
    const secureEndpoint = await offers?.start(secureListen.host, secureListen.port);
    insight.touch();
    return {
      endpoint: listening,
      secureEndpoint,
      contents: () => ({ segments: store.segmentCount, bytes: store.length }),
      counters: () => insight.counters(),
      close,
      [asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

const requireOptions = ({ directory, listen, quota, secure }: HostedCacheOptions): void => {
  if (typeof directory !== 'string' || directory === '') throw wrong('directory', 'a path');
  if (listen !== undefined && !isListenAddress(listen)) throw wrong('listen', LISTEN_ADDRESS);
  if (quota !== undefined && (!Number.isSafeInteger(quota) || quota < 1)) {
    throw wrong('quota', 'a whole number of bytes');
  }
  if (secure === undefined) return;
  if (secure.listen !== undefined && !isListenAddress(secure.listen))
    throw wrong('secure.listen', LISTEN_ADDRESS);
  try {
    createSecureContext({ cert: secure.cert, key: secure.key });
    // Of keys of different kinds it takes both, and no handshake comes about.
    if (new X509Certificate(secure.cert).checkPrivateKey(createPrivateKey(secure.key))) return;
  } catch (thrown) {
    throw wrong('secure', `a certificate and its key in PEM: ${messageOf(thrown)}`);
  }
  throw wrong('secure', 'a certificate and its key in PEM: the key is not that of the certificate');
};

const wrong = (name: string, what: string): TypeError =>
  new TypeError(`startHostedCache: ${name} must be ${what}`);
