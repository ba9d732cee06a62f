import type { BlockSourceKind, SegmentReason, SegmentSource } from './distribution-reasons.js';

/** What was exchanged with one other machine. Times are in milliseconds since 1970. */
export interface PeerCounters {
  /** Bytes of verified blocks. */
  readonly bytesReceived: number;
  readonly blocksRejected: number;
  readonly failures: number;
  /** How often it was struck out. */
  readonly strikeOuts: number;
  /** Until when it is not asked; in the past once that is over. */
  readonly struckOutUntil: number | undefined;
  /** The last time it said that it has something. */
  readonly discoveredAt: number | undefined;
  /** The last time that anything was heard of it, or of its failing. */
  readonly seenAt: number;
}

/** What was sent to one other machine. */
export interface ClientCounters {
  readonly bytesServed: number;
  readonly requestsRefused: number;
  readonly seenAt: number;
}

/**
 * What a distribution service has done, in sums over its events. The first four add up to the bytes that were read.
 * docs/EVENTS.md says which performance counter of Windows each of them is.
 */
export interface DistributionCounters {
  readonly bytesFromLocalCache: number;
  readonly bytesFromPeers: number;
  readonly bytesFromHostedCache: number;
  readonly bytesFromOrigin: number;
  /** Sent to peers. */
  readonly bytesServed: number;

  /** Questions sent to find peers. */
  readonly attemptedDiscoveries: number;
  /** Answers to them in time. */
  readonly discoveryResponses: number;
  readonly discoveryTimeouts: number;
  /** Messages of discovery that were not acted on. */
  readonly discoveryMessagesIgnored: number;

  readonly blockRequestsSent: number;
  readonly blocksVerified: number;
  readonly blocksRejected: number;
  /** Blocks that no peer delivered, once for each attempt to get them. */
  readonly blocksUnavailable: number;
  readonly peerFailures: number;
  readonly strikeOuts: number;

  readonly blockRequestsReceived: number;
  readonly blocksServed: number;
  readonly requestsRefused: number;

  readonly cacheHits: number;
  readonly cacheMisses: number;
  readonly segmentsEvicted: number;
  readonly segmentsPublished: number;

  readonly offersSent: number;
  readonly offersReceived: number;
  readonly offersAccepted: number;
  readonly offersRefused: number;

  /** Machines that blocks were asked of, by `host:port`; those heard of last, {@link MOST_PEERS_COUNTED} at most. */
  readonly peers: Readonly<Record<string, PeerCounters>>;
  /** Machines that asked for blocks, by host; as many at most. */
  readonly clients: Readonly<Record<string, ClientCounters>>;
}

/** Where a run of segments came from, and why not from elsewhere. */
export interface SegmentExplanation {
  /** By their numbers in the content information: `from` to `to`, exclusive. */
  readonly from: number;
  readonly to: number;
  /** Several if its blocks came from several places; none if none was read. */
  readonly sources: readonly SegmentSource[];
  readonly reasons: readonly SegmentReason[];
}

/** Where the bytes of one content came from, and why. */
export interface ContentExplanation {
  /** Bytes that were handed to readers, by source. */
  readonly bytes: Readonly<Record<BlockSourceKind, number>>;
  /** The share of each peer and hosted cache in them. */
  readonly bytesByPeer: Readonly<Record<string, number>>;
  /** What holds for all of it. */
  readonly reasons: readonly SegmentReason[];
  /** In order; segments with the same explanation are one run. Those that nobody asked for are left out. */
  readonly segments: readonly SegmentExplanation[];
}
