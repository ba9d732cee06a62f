import type { Clock } from '../driver/index.js';
import { type CacheSettings, problemOf } from './cache-settings.js';
import type { ContentLimits } from './distribution/content/content-limits.js';
import { normalisePeer } from './distribution/content/peer-address.js';
import type { DiscoveryLimits, DiscoveryOptions } from './distribution/discovery/index.js';
import type { HostedCacheServer } from './distribution/hosted-cache/index.js';
import { isListenAddress, LISTEN_ADDRESS } from './distribution/listen-address.js';
import { HASH_NAMES, type HashName } from './distribution/ports.js';
import type { RetrievalClientLimits, RetrievalServerLimits } from './distribution/retrieval/index.js';
import type { ListenAddress } from './support.js';

/** How an engine is to work; all of it has defaults. */
export interface EngineOptions {
  /**
   * Where identities, groups, publications and the local cache lie. Several processes of one user may share it. Made on
   * first use; by default the platform's place for application data, see {@link defaultDataDirectory}.
   */
  readonly dataDir?: string | undefined;
  /**
   * Where to serve blocks to peers while a distribution session is open; `false`: not at all. By default a free port of
   * 127.0.0.1, which other machines cannot reach. Of another address it is port 80, unless `port` names one (0: any free
   * one), or a free one where 80 is taken or not allowed; discovery tells peers which.
   */
  readonly listen?: ListenAddress | false | undefined;
  /**
   * How peers are found, and told what is here, while a distribution session is open; `false`: not at all. By default
   * it is done if `listen` names an address that other machines can reach: a program that serves its own machine only
   * sends no message to the network.
   */
  readonly discovery?: DiscoveryOptions | false | undefined;
  /**
   * A hosted cache of the network: it is asked for the blocks that no peer has, or before all peers (`turn`), and told of
   * what was fetched from elsewhere, which it then fetches from here; so `listen` must be an address that it can reach. When the last session ends the engine
   * stays for the moments that takes, ten seconds at most.
   */
  readonly hostedCache?: HostedCacheServer | undefined;
  /** Where all time comes from. */
  readonly clock?: Clock | undefined;
  /** Where keys, salts and initialization vectors come from. Give another source than the system's to tests only. */
  readonly random?: ((length: number) => Uint8Array) | undefined;
  /** The hash of new publications of version 1; SHA-256 by default, as Windows clients retrieve no other. */
  readonly hash?: HashName | undefined;
  /**
   * Threads that hash what is published beyond 32 MiB; 0 does it on the main thread. By default as many as the machine
   * has processors, 4 at most; none if it has one.
   */
  readonly hashWorkers?: number | undefined;
  /**
   * Whether counters, peers and where content came from are kept in the data directory, for `peerweave status`, `peers`
   * and `why`; true by default. Names of retrieved content are among it, without secrets of a URL.
   */
  readonly journal?: boolean | undefined;
  /**
   * How much of what was fetched is kept, and how long; instead of what is set for the data directory (`openCache`,
   * `peerweave cache set`), without which it is 5 % of the volume, a gibibyte at least, and 28 days.
   */
  readonly cache?: CacheSettings | undefined;
  /** Bounds of memory and time, where the defaults do not fit. */
  readonly limits?: EngineLimits | undefined;
}

/** Bounds that can be moved; each that is left out keeps its default. */
export interface EngineLimits {
  /** Each open content. */
  readonly content?: Partial<ContentLimits> | undefined;
  /** Asking peers. */
  readonly client?: Partial<RetrievalClientLimits> | undefined;
  /** Serving peers. */
  readonly server?: Partial<RetrievalServerLimits> | undefined;
  /** Finding peers. */
  readonly discovery?: Partial<DiscoveryLimits> | undefined;
}

const TURNS: readonly NonNullable<HostedCacheServer['turn']>[] = ['after-peers', 'before-peers'];

/** Without any of these nothing would ever come to an end. */
const AT_LEAST_ONE: ReadonlySet<string> = new Set<
  keyof ContentLimits | keyof RetrievalClientLimits | keyof RetrievalServerLimits | keyof DiscoveryLimits
>([
  'readAheadBlocks',
  'maxReadBytes',
  'requestTimeoutMs',
  'requests',
  'requestsPerPeer',
  'peersPerContent',
  'faultsPerPeer',
  'activeClients',
  'requestsPerClient',
  'connections',
  'connectionsPerClient',
  'transmissions',
]);

/**
 * The options, if they are some.
 *
 * @throws TypeError that says which is wrong and what is allowed.
 */
export const checkedEngineOptions = (options: EngineOptions): EngineOptions => {
  if (!isObject(options)) throw wrong('the options', 'an object');
  const { dataDir, listen, hashWorkers, hash, cache, hostedCache, limits } = options;
  if (dataDir !== undefined && (typeof dataDir !== 'string' || dataDir === '' || dataDir.includes('\0'))) {
    throw wrong('dataDir', 'a path');
  }
  if (listen !== undefined && listen !== false && !isListenAddress(listen)) {
    throw wrong('listen', `false, or ${LISTEN_ADDRESS}`);
  }
  if (hashWorkers !== undefined && (!Number.isSafeInteger(hashWorkers) || hashWorkers < 0)) {
    throw wrong('hashWorkers', 'a whole number, 0 or more');
  }
  if (hash !== undefined && !HASH_NAMES.includes(hash))
    throw wrong('hash', `one of ${HASH_NAMES.join(', ')}`);
  if (hostedCache !== undefined) requireHostedCache(hostedCache);
  const problem = cache === undefined ? undefined : problemOf(cache);
  if (problem !== undefined) throw wrong('cache', `settings that can be: ${problem}`);
  if (limits !== undefined) requireLimits(limits);
  return options;
};

const requireHostedCache = (server: unknown): void => {
  const { address, secure, turn } = (isObject(server) ? server : {}) as Partial<HostedCacheServer>;
  requirePeer('hostedCache.address', address);
  if (secure !== undefined) requirePeer('hostedCache.secure.address', secure.address);
  if (turn !== undefined && !TURNS.includes(turn))
    throw wrong('hostedCache.turn', `one of ${TURNS.join(', ')}`);
};

const requirePeer = (name: string, address: unknown): void => {
  if (typeof address !== 'string' || normalisePeer(address) === undefined) {
    throw wrong(name, 'host:port or [IPv6]:port');
  }
};

const requireLimits = (limits: EngineLimits): void => {
  if (!isObject(limits)) throw wrong('limits', 'an object');
  for (const [part, bounds] of Object.entries(limits) as [string, unknown][]) {
    if (bounds !== undefined && !isObject(bounds)) throw wrong(`limits.${part}`, 'an object');
    for (const [name, bound] of Object.entries(bounds ?? {}) as [string, unknown][]) {
      const least = AT_LEAST_ONE.has(name) ? 1 : 0;
      if (bound === undefined || (typeof bound === 'number' && bound >= least)) continue;
      throw wrong(`limits.${part}.${name}`, `a number, ${least} or more`);
    }
  }
};

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const wrong = (name: string, what: string): TypeError =>
  new TypeError(`createEngineDriver: ${name} must be ${what}`);
