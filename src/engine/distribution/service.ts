import { win32Fault, type Cancel, type Clock, type DistributionStatusInfo } from '../../driver/index.js';
import type { CrowdService } from './crowd/index.js';
import type { Discovery, StartDiscovery } from './discovery/index.js';
import type { Endpoint } from './endpoint.js';
import type { OfferSender } from './hosted-cache/index.js';
import type { ContentStore, RetrievalClient, RetrievalServer } from './ports.js';
import { toFault } from './system-faults.js';
import { messageOf } from '../../driver/errors.js';

/** What the service is made of. */
export interface ServiceParts {
  readonly clock: Clock;
  /** Whether the configuration lets the service run. */
  isEnabled(): Promise<boolean>;
  /** Calls back whenever that may have changed. */
  watchEnabled(onChange: () => void): Cancel;
  openStore(): Promise<ContentStore>;
  /** `undefined`: this engine serves nobody. */
  createServer(store: ContentStore, crowd: CrowdService | undefined): RetrievalServer | undefined;
  createClient(): RetrievalClient;
  /** Left out: nobody agrees with others on who fetches what from an origin. */
  createCrowd?: ((store: ContentStore) => CrowdService) | undefined;
  /** Left out: peers are neither looked for nor told anything. */
  startDiscovery?: StartDiscovery | undefined;
  /** Left out: there is no hosted cache. */
  startOffers?: ((servingPort: number | undefined) => OfferSender) | undefined;
}

/** What runs while the service is available. */
export interface Running {
  readonly store: ContentStore;
  readonly client: RetrievalClient;
  readonly server: RetrievalServer | undefined;
  readonly endpoint: Endpoint | undefined;
  readonly discovery: Discovery | undefined;
  readonly hosted: OfferSender | undefined;
  readonly crowd: CrowdService | undefined;
}

/** Told of every change of the status, before anything that ran is closed; that waits for what it returns. */
export type StatusListener = (info: DistributionStatusInfo) => Promise<void>;

const CHECK_MS = 2_000;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5_000;
/** Of content information that is published and read. */
const VERSIONS = { minVersion: 1, maxVersion: 2 } as const;

const statusInfo = (status: DistributionStatusInfo['status'], reason?: string): DistributionStatusInfo => ({
  status,
  ...VERSIONS,
  reason,
});

const NOT_STARTED = statusInfo('unavailable', 'the service is not started');
const DISABLED = statusInfo('disabled', 'switched off by configuration');
const AVAILABLE = statusInfo('available');

/** A full disk ends what needs room, each with its own fault; what is there can be served and read all the same. */
const throwUnlessFull = (error: unknown): void => {
  if (toFault('distribution.probe', error).symbol !== 'ERROR_DISK_FULL') throw error;
};

/**
 * Runs store, listener and client as long as anybody uses the service, configuration allows it and the machine lets
 * it. It looks again when configuration changes, when something failed, and every two seconds; after a failure
 * with growing pauses.
 */
export class DistributionService {
  readonly #parts: ServiceParts;
  readonly #listeners = new Set<StatusListener>();
  #users = 0;
  #hasEnded = false;
  /** Where it served when it ran last. */
  #lastPort: number | undefined;
  #info = NOT_STARTED;
  #running: Running | undefined;
  /** Why what runs cannot go on. */
  #death: Error | undefined;
  #failures = 0;
  #adjusting: Promise<void> = Promise.resolve();
  #cancelCheck: Cancel = () => undefined;
  #stopWatching: Cancel | undefined;

  constructor(parts: ServiceParts) {
    this.#parts = parts;
  }

  get info(): DistributionStatusInfo {
    return this.#info;
  }

  /** What runs; `undefined` unless the status is available. */
  get running(): Running | undefined {
    return this.#info.status === 'available' ? this.#running : undefined;
  }

  /** What runs; refuses while the status is not available. */
  require(operation: string): Running {
    const { running, info } = this;
    if (running !== undefined) return running;
    throw win32Fault(
      operation,
      info.status === 'disabled' ? 'ERROR_ACCESS_DISABLED_BY_POLICY' : 'PEERDIST_ERROR_SERVICE_UNAVAILABLE',
      { reason: info.reason },
    );
  }

  /** One more user. Resolves when the service runs, or it is known why not. */
  acquire(): Promise<void> {
    this.#users += 1;
    return this.refresh();
  }

  /** One user less; after the last one nothing is left open. */
  release(): Promise<void> {
    this.#users -= 1;
    return this.refresh();
  }

  /** Whoever uses it: nothing is left open, and it never runs again. */
  end(): Promise<void> {
    this.#hasEnded = true;
    return this.refresh();
  }

  onStatus(listener: StatusListener): Cancel {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Looks whether the service should and can run, and makes it so. Never rejects. */
  refresh(): Promise<void> {
    this.#adjusting = this.#adjusting.then(() => this.#adjust());
    return this.#adjusting;
  }

  /** Lends the store to `use`, for cleaning up also while the service does not run. */
  async withStore(use: (store: ContentStore) => Promise<void>): Promise<void> {
    const { running } = this;
    if (running !== undefined) return use(running.store);
    const store = await this.#parts.openStore();
    try {
      await use(store);
    } finally {
      await store.close();
    }
  }

  async #adjust(): Promise<void> {
    this.#cancelCheck();
    if (this.#users === 0 || this.#hasEnded) {
      this.#stopWatching?.();
      this.#stopWatching = undefined;
      await this.#goDown(NOT_STARTED);
      return;
    }
    const info = await this.#attempt();
    await (info.status === 'available' ? this.#tell(info) : this.#goDown(info));
    this.#failures = info.status === 'unavailable' ? this.#failures + 1 : 0;
    const pause =
      this.#failures === 0 ? CHECK_MS : Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (this.#failures - 1));
    this.#cancelCheck = this.#parts.clock.schedule(pause, () => void this.refresh());
  }

  /** Starts what should run and does not. */
  async #attempt(): Promise<DistributionStatusInfo> {
    try {
      const isEnabled = await this.#parts.isEnabled();
      this.#stopWatching ??= this.#parts.watchEnabled(() => void this.refresh());
      if (!isEnabled) return DISABLED;
      if (this.#death !== undefined) throw this.#death;
      if (this.#running === undefined) this.#running = await this.#start();
      else await this.#running.store.probe().catch(throwUnlessFull);
      // Looking into a changed file may take long, and what it finds does not matter here.
      void this.#running.store.checkSources().catch(() => undefined);
      return AVAILABLE;
    } catch (error) {
      return statusInfo('unavailable', messageOf(error));
    }
  }

  async #start(): Promise<Running> {
    const store = await this.#parts.openStore();
    const crowd = this.#parts.createCrowd?.(store);
    const server = this.#parts.createServer(store, crowd);
    try {
      server?.onDeath((cause) => {
        this.#death = cause;
        void this.refresh();
      });
      const endpoint = await server?.start(this.#lastPort);
      this.#lastPort = endpoint?.port;
      if (endpoint !== undefined) crowd?.servesAt(endpoint.port);
      const discovery = await this.#parts.startDiscovery?.(store, endpoint, crowd?.crowd);
      const hosted = this.#parts.startOffers?.(endpoint?.port);
      return { store, server, endpoint, discovery, hosted, crowd, client: this.#parts.createClient() };
    } catch (error) {
      await store.close().catch(() => undefined);
      throw error;
    }
  }

  async #goDown(info: DistributionStatusInfo): Promise<void> {
    await this.#tell(info);
    const running = this.#running;
    this.#running = undefined;
    this.#death = undefined;
    // Nobody else will: what this process has fetched is offered, and neighbours get it, while it still serves.
    if (this.#users === 0) await running?.hosted?.settle();
    await running?.hosted?.close();
    await running?.discovery?.close();
    if (this.#users === 0) await running?.crowd?.crowd.settle();
    running?.crowd?.close();
    await running?.client.close().catch(() => undefined);
    await running?.server?.close().catch(() => undefined);
    await running?.store.close().catch(() => undefined);
  }

  async #tell(info: DistributionStatusInfo): Promise<void> {
    const hasChanged = info.status !== this.#info.status;
    this.#info = info;
    if (hasChanged) await Promise.all([...this.#listeners].map((listener) => listener(info)));
  }
}
