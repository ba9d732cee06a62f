import type { DistributionEvent } from './distribution-events.js';
import type { ClientCounters, DistributionCounters, PeerCounters } from './distribution-insight.js';
import type { BlockSourceKind } from './distribution-reasons.js';

/** How many machines of each kind are counted one by one. Of more, those that were silent longest are dropped. */
export const MOST_PEERS_COUNTED = 256;

type Totals = Omit<DistributionCounters, 'peers' | 'clients'>;
type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

const NOTHING: Totals = {
  bytesFromLocalCache: 0,
  bytesFromPeers: 0,
  bytesFromHostedCache: 0,
  bytesFromOrigin: 0,
  bytesServed: 0,
  attemptedDiscoveries: 0,
  discoveryResponses: 0,
  discoveryTimeouts: 0,
  discoveryMessagesIgnored: 0,
  blockRequestsSent: 0,
  blocksVerified: 0,
  blocksRejected: 0,
  blocksUnavailable: 0,
  peerFailures: 0,
  strikeOuts: 0,
  blockRequestsReceived: 0,
  blocksServed: 0,
  requestsRefused: 0,
  cacheHits: 0,
  cacheMisses: 0,
  segmentsEvicted: 0,
  segmentsPublished: 0,
  offersSent: 0,
  offersReceived: 0,
  offersAccepted: 0,
  offersRefused: 0,
};

const BYTES_FROM: Readonly<Record<BlockSourceKind, keyof Totals>> = {
  cache: 'bytesFromLocalCache',
  peer: 'bytesFromPeers',
  'hosted-cache': 'bytesFromHostedCache',
  origin: 'bytesFromOrigin',
};

const newPeer = (): Mutable<PeerCounters> => ({
  bytesReceived: 0,
  blocksRejected: 0,
  failures: 0,
  strikeOuts: 0,
  struckOutUntil: undefined,
  discoveredAt: undefined,
  seenAt: 0,
});

const newClient = (): Mutable<ClientCounters> => ({ bytesServed: 0, requestsRefused: 0, seenAt: 0 });

/**
 * Sums up events, in bounded memory. What it says depends on nothing but the events and their times, in the order in
 * which they were added.
 *
 * Use it over events of your own choice, such as those of one content; a session has its sums in
 * `getDistributionCounters`.
 *
 * @example
 * ```ts
 * import { lastValueFrom } from 'rxjs';
 * import { createPeerweave, distributionEvents, publish } from 'peerweave';
 * import { CounterFold } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const peers = createPeerweave({ driver: createFakeDriver() });
 * await using session = await peers.promise(peers.effects.openSession());
 * const fold = new CounterFold();
 * distributionEvents(session).subscribe((event) => fold.add(event, Date.now()));
 * await lastValueFrom(publish(Buffer.from('hello'), { session }));
 * console.log(fold.counters().segmentsPublished); // 1
 * ```
 */
export class CounterFold {
  readonly #totals: Mutable<Totals> = { ...NOTHING };
  readonly #peers = new Machines(newPeer);
  readonly #clients = new Machines(newClient);

  /**
   * Adds an event.
   *
   * @param at when it happened, in milliseconds since 1970.
   */
  add(event: DistributionEvent, at: number): void {
    const totals = this.#totals;
    // By name, not by a table of names: this runs several times for each block.
    switch (event._tag) {
      case 'SourceChosen':
        totals[BYTES_FROM[event.source]] += event.bytes;
        return;
      case 'OriginUsed':
        totals.bytesFromOrigin += event.bytes;
        return;
      case 'BlockRequestSent':
        totals.blockRequestsSent += 1;
        return;
      case 'BlockVerified':
        totals.blocksVerified += 1;
        this.#peers.at(event.peer, at).bytesReceived += event.bytes;
        return;
      case 'BlockRejected':
        totals.blocksRejected += 1;
        this.#peers.at(event.peer, at).blocksRejected += 1;
        return;
      case 'BlockUnavailable':
        totals.blocksUnavailable += 1;
        return;
      case 'BlockRequestReceived':
        totals.blockRequestsReceived += 1;
        return;
      case 'BlockResponseSent':
        totals.blocksServed += 1;
        totals.bytesServed += event.bytes;
        this.#clients.at(hostOf(event.peer), at).bytesServed += event.bytes;
        return;
      case 'RequestRefused':
        totals.requestsRefused += 1;
        this.#clients.at(hostOf(event.peer), at).requestsRefused += 1;
        return;
      case 'CacheHit':
        totals.cacheHits += 1;
        return;
      case 'CacheMiss':
        totals.cacheMisses += 1;
        return;
      case 'PeerFailed':
        totals.peerFailures += 1;
        this.#peers.at(event.peer, at).failures += 1;
        return;
      case 'PeerStruckOut': {
        totals.strikeOuts += 1;
        const peer = this.#peers.at(event.peer, at);
        peer.strikeOuts += 1;
        peer.struckOutUntil = later(peer.struckOutUntil, at + event.forMs);
        return;
      }
      case 'DiscoveryRequestSent':
        if (event.version === 'crowd') return;
        totals.attemptedDiscoveries += 1;
        return;
      case 'DiscoveryResponseReceived':
        if (event.version !== 'crowd') totals.discoveryResponses += 1;
        this.#peers.at(event.peer, at).discoveredAt = at;
        return;
      case 'DiscoveryTimedOut':
        totals.discoveryTimeouts += 1;
        return;
      case 'DiscoveryMessageIgnored':
        totals.discoveryMessagesIgnored += 1;
        return;
      case 'SegmentEvicted':
        totals.segmentsEvicted += 1;
        return;
      case 'SegmentPublished':
        totals.segmentsPublished += 1;
        return;
      case 'OfferSent':
        totals.offersSent += 1;
        return;
      case 'OfferReceived':
        totals.offersReceived += 1;
        return;
      case 'OfferAccepted':
        if (event.segments.length > 0) totals.offersAccepted += 1;
        return;
      case 'OfferRefused':
        totals.offersRefused += 1;
    }
  }

  /** The sums so far; later events do not change it. */
  counters(): DistributionCounters {
    return { ...this.#totals, peers: this.#peers.all(), clients: this.#clients.all() };
  }
}

/** What is counted for each machine, the one heard of last at the end. */
class Machines<Counters extends { seenAt: number }> {
  readonly #machines = new Map<string, Counters>();
  /** The one at the end. */
  #last: readonly [name: string, counters: Counters] | undefined;

  constructor(private readonly create: () => Counters) {}

  at(name: string, time: number): Counters {
    if (this.#last?.[0] === name) {
      this.#last[1].seenAt = time;
      return this.#last[1];
    }
    const machine = this.#machines.get(name) ?? this.create();
    machine.seenAt = time;
    this.#last = [name, machine];
    this.#machines.delete(name);
    this.#machines.set(name, machine);
    const [oldest] = this.#machines.keys();
    if (this.#machines.size > MOST_PEERS_COUNTED && oldest !== undefined) this.#machines.delete(oldest);
    return machine;
  }

  all(): Readonly<Record<string, Counters>> {
    return Object.fromEntries([...this.#machines].map(([name, machine]) => [name, { ...machine }]));
  }
}

/** Clients come from a new port each time. */
const hostOf = (address: string): string => address.slice(0, address.lastIndexOf(':'));

/**
 * The share of what was read that did not have to come from the origin, 0 to 1; `undefined` before anything was read.
 * Windows calls it Cache Hit Ratio.
 */
export const hitRatio = (counters: Omit<DistributionCounters, 'peers' | 'clients'>): number | undefined => {
  const saved = counters.bytesFromLocalCache + counters.bytesFromPeers + counters.bytesFromHostedCache;
  const all = saved + counters.bytesFromOrigin;
  return all === 0 ? undefined : saved / all;
};

/**
 * The sums under the names that the performance counters of BranchCache have on Windows, those of them that can be told
 * from events. Bytes from Cache are those of peers and hosted caches too; Cache Hit Ratio is in percent.
 */
export const performanceCounters = (counters: DistributionCounters): Readonly<Record<string, number>> => ({
  'Attempted Discoveries': counters.attemptedDiscoveries,
  'Bytes from Cache': counters.bytesFromLocalCache + counters.bytesFromPeers + counters.bytesFromHostedCache,
  'Bytes from Server': counters.bytesFromOrigin,
  'Bytes Served': counters.bytesServed,
  'Cache Hit Ratio': 100 * (hitRatio(counters) ?? 0),
});

/** The sums of several services, such as those of all processes with one data directory. */
export const addCounters = (all: readonly DistributionCounters[]): DistributionCounters => {
  const sum: Mutable<Totals> = { ...NOTHING };
  for (const counters of all) for (const name of TOTALS) sum[name] += counters[name];
  const peers = joined(
    all.map((counters) => counters.peers),
    addPeers,
  );
  const clients = joined(
    all.map((counters) => counters.clients),
    addClients,
  );
  return { ...sum, peers, clients };
};

const TOTALS = Object.keys(NOTHING) as readonly (keyof Totals)[];

const addPeers = (one: PeerCounters, other: PeerCounters): PeerCounters => ({
  bytesReceived: one.bytesReceived + other.bytesReceived,
  blocksRejected: one.blocksRejected + other.blocksRejected,
  failures: one.failures + other.failures,
  strikeOuts: one.strikeOuts + other.strikeOuts,
  struckOutUntil: later(one.struckOutUntil, other.struckOutUntil),
  discoveredAt: later(one.discoveredAt, other.discoveredAt),
  seenAt: Math.max(one.seenAt, other.seenAt),
});

const addClients = (one: ClientCounters, other: ClientCounters): ClientCounters => ({
  bytesServed: one.bytesServed + other.bytesServed,
  requestsRefused: one.requestsRefused + other.requestsRefused,
  seenAt: Math.max(one.seenAt, other.seenAt),
});

const later = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);

const joined = <Counters>(
  records: readonly Readonly<Record<string, Counters>>[],
  add: (one: Counters, other: Counters) => Counters,
): Readonly<Record<string, Counters>> => {
  const all = new Map<string, Counters>();
  for (const [name, counters] of records.flatMap(Object.entries<Counters>)) {
    const known = all.get(name);
    all.set(name, known === undefined ? counters : add(known, counters));
  }
  return Object.fromEntries(all);
};
