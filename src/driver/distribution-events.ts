import type {
  EvictionReason,
  BlockSourceKind,
  PeerAttempt,
  PeerReason,
  SegmentReason,
} from './distribution-reasons.js';
import type { ContentHandle } from './handles.js';

/*
 * Segments go by their public id (HoHoDk) in hex, peers as `host:port`, bytes are plain bytes of blocks unless a member
 * says otherwise. A number in a docstring is the event of the provider Microsoft-Windows-BranchCacheMonitoring whose
 * name the member has; "operational" is one of Microsoft-Windows-BranchCache.
 */

/** Why a message of the discovery protocol was not acted on. */
export type DiscoveryIgnoreReason =
  /** It does not come from this link, or its source could be forged. */
  | 'off-link'
  | 'malformed'
  /** Longer, deeper or with more segments than is read. */
  | 'too-large'
  /** Its MessageID was seen before. */
  | 'duplicate'
  /** Its source sends more than it may. */
  | 'rate-limit'
  /** Discovery pauses because too many messages arrive. */
  | 'flood'
  | 'unknown-version'
  /** One of this engine's own. */
  | 'own'
  /** A response to nothing that was asked, or to a question that is over. */
  | 'not-asked'
  /** None of the segments is here, or is being fetched if that was the question. */
  | 'nothing-here'
  /** Enough others have answered for these segments before. */
  | 'others-suffice';

/**
 * What a Probe asks: who has segments, in version 1 or 2 of that, or `crowd`, a question of peerweave's own: who fetches
 * them just now.
 */
export type ProbeVersion = 1 | 2 | 'crowd';

/** Finding out who has segments: WS-Discovery, and what else a source of peers does. */
export type DiscoveryEvent =
  | {
      /** 108: a Probe left. `to` is one host, or `multicast`. */
      readonly _tag: 'DiscoveryRequestSent';
      readonly to: string;
      readonly version: ProbeVersion;
      readonly segments: readonly string[];
    }
  | {
      /** 107: a Probe came in and is looked at. */
      readonly _tag: 'DiscoveryRequestReceived';
      readonly peer: string;
      readonly version: ProbeVersion;
      readonly segments: readonly string[];
    }
  | {
      /** 110: a ProbeMatch left; `segments` are those that are here. */
      readonly _tag: 'DiscoveryResponseSent';
      readonly peer: string;
      readonly version: ProbeVersion;
      readonly segments: readonly string[];
    }
  | {
      /** 109: a ProbeMatch in time; `peer` is where its sender serves blocks. */
      readonly _tag: 'DiscoveryResponseReceived';
      readonly peer: string;
      readonly version: ProbeVersion;
      readonly segments: readonly string[];
    }
  | {
      /** 112: a ProbeMatch after the time for it. */
      readonly _tag: 'DiscoveryResponseLate';
      readonly peer: string;
      readonly segments: readonly string[];
    }
  | {
      /** 111: no ProbeMatch in time. */
      readonly _tag: 'DiscoveryTimedOut';
      readonly segments: readonly string[];
      readonly waitedMs: number;
    }
  | {
      readonly _tag: 'DiscoveryMessageIgnored';
      /** Where it came from. */
      readonly peer: string;
      readonly reason: DiscoveryIgnoreReason;
    };

/** Fetching from peers. */
export type RetrievalEvent =
  | {
      /** 114. */
      readonly _tag: 'BlockRequestSent';
      readonly peer: string;
      readonly segment: string;
      readonly block: number;
    }
  | {
      /** 115: an answer arrived; nothing is known of its content yet. `bytes` are those of the whole answer. */
      readonly _tag: 'BlockResponseReceived';
      readonly peer: string;
      readonly segment: string;
      readonly block: number;
      readonly bytes: number;
    }
  | {
      /** It matches its hash. */
      readonly _tag: 'BlockVerified';
      readonly peer: string;
      readonly segment: string;
      readonly block: number;
      readonly bytes: number;
    }
  | {
      /** It was thrown away; a `PeerFailed` follows. */
      readonly _tag: 'BlockRejected';
      readonly peer: string;
      readonly segment: string;
      readonly block: number;
      readonly reason: PeerReason;
    }
  | {
      /** Which blocks of a segment a peer has. */
      readonly _tag: 'BlockListReceived';
      readonly peer: string;
      readonly segment: string;
      readonly blocks: number;
    }
  | {
      /** Which of several segments a peer has. */
      readonly _tag: 'SegmentListReceived';
      readonly peer: string;
      readonly asked: number;
      readonly segments: readonly string[];
    }
  | {
      /** A peer answered with something unusable, or not at all. `detail`: the same in words. */
      readonly _tag: 'PeerFailed';
      readonly peer: string;
      readonly reason: PeerReason;
      readonly detail: string;
    }
  | {
      /** Operational 16: a peer has failed too often and is not asked for `forMs`. Once for each time. */
      readonly _tag: 'PeerStruckOut';
      readonly peer: string;
      readonly forMs: number;
    }
  | {
      /** No peer delivered a block. No attempts: there was none to ask. */
      readonly _tag: 'BlockUnavailable';
      readonly content: ContentHandle;
      readonly segment: string;
      readonly block: number;
      readonly attempts: readonly PeerAttempt[];
    };

/** Why a peer's request was not served. */
export type RefusalReason =
  /** Operational 40: as many uploads as are allowed. */
  | 'busy'
  /** More connections than there may be. */
  | 'limit'
  /** Operational 17: no message of the protocol. */
  | 'malformed'
  | 'version-mismatch';

/** Answering peers. */
export type ServingEvent =
  | {
      /** 113. */
      readonly _tag: 'BlockRequestReceived';
      readonly peer: string;
      readonly segment: string;
      readonly block: number;
    }
  | {
      /** 116: a block was sent to a peer, the last byte of it taken by the network. */
      readonly _tag: 'BlockResponseSent';
      readonly peer: string;
      readonly segment: string;
      readonly block: number;
      readonly bytes: number;
    }
  | {
      readonly _tag: 'RequestRefused';
      readonly peer: string;
      readonly reason: RefusalReason;
    };

/** Reading content. */
export type ContentEvent =
  | {
      /** 103: the content information is complete; with the sizes of what it describes. */
      readonly _tag: 'ContentInformationAdded';
      readonly content: ContentHandle;
      readonly version: 1 | 2;
      readonly segments: number;
      readonly bytes: number;
    }
  | {
      /** 105: a read at the cursor began. */
      readonly _tag: 'StreamRead';
      readonly content: ContentHandle;
      readonly offset: number;
      readonly maxBytes: number;
    }
  | {
      /** 106: a read at a given place began. */
      readonly _tag: 'BlockRead';
      readonly content: ContentHandle;
      readonly offset: number;
      readonly maxBytes: number;
    }
  | {
      /**
       * Verified bytes of a block were handed to a reader, or for `origin` taken from it (104: content data has been
       * added).
       */
      readonly _tag: 'SourceChosen';
      readonly content: ContentHandle;
      readonly segment: string;
      readonly block: number;
      /** Less than the block has if the reader wanted no more. */
      readonly bytes: number;
      readonly source: BlockSourceKind;
      /** Who delivered it, for `peer` and `hosted-cache`. */
      readonly peer?: string | undefined;
    }
  | {
      /** A neighbour that said that it fetches a block from the origin was waited for. */
      readonly _tag: 'NeighbourAwaited';
      readonly content: ContentHandle;
      readonly peer: string;
      readonly segment: string;
      readonly block: number;
      readonly waitedMs: number;
      /** Whether the block could be had then; otherwise whoever is next fetches it. */
      readonly isThere: boolean;
    };

/** The local cache. */
export type CacheEvent =
  | { readonly _tag: 'CacheHit'; readonly segment: string; readonly block: number; readonly bytes: number }
  | { readonly _tag: 'CacheMiss'; readonly segment: string; readonly block: number }
  | {
      readonly _tag: 'SegmentEvicted';
      readonly segment: string;
      readonly bytes: number;
      readonly reason: EvictionReason;
    };

/** Why nothing came of an offer. */
export type OfferRefusal =
  /** Operational 19: no connection to the hosted cache, or its certificate is not trusted. */
  | 'unreachable'
  /** Operational 20. */
  | 'no-answer-in-time'
  | 'malformed'
  | 'version-mismatch'
  /** The hosted cache has no room for it now, in its line or on its disk. */
  | 'limit'
  /** The hosted cache wants to know who offers (401, 403). */
  | 'denied';

/** Offering segments to a hosted cache, and being one. `peer` is the other side. */
export type HostedCacheEvent =
  | { readonly _tag: 'OfferSent'; readonly peer: string; readonly segments: readonly string[] }
  | { readonly _tag: 'OfferReceived'; readonly peer: string; readonly segments: readonly string[] }
  | {
      /**
       * The hosted cache wants them (`INTERESTED`); none if it has all of them already. On both sides; the answer to a
       * batch does not tell, so who has offered one is taken at his word.
       */
      readonly _tag: 'OfferAccepted';
      readonly peer: string;
      readonly segments: readonly string[];
    }
  | { readonly _tag: 'OfferRefused'; readonly peer: string; readonly reason: OfferRefusal };

/** Publishing. */
export type PublicationEvent =
  /** 102. */
  | { readonly _tag: 'SegmentPublished'; readonly segment: string; readonly bytes: number }
  | {
      /** The file of a publication made from a path is not what was published; it is served no more. */
      readonly _tag: 'PublicationChanged';
      /** In hex. */
      readonly contentId: string;
      readonly path: string;
      readonly change: 'content' | 'removed';
    };

/** What kind of HTTP request or response a {@link HttpEvent} is about, in the terms of MS-PCCRTP. */
export type HttpExchangeKind =
  /** The client did not accept `peerdist`. */
  | 'plain'
  | 'peerdist'
  /** For bytes that no peer had. */
  | 'missing-data'
  /** For content information alone. */
  | 'hash';

/** Serving content information over HTTP (MS-PCCRTP). */
export type HttpEvent =
  | {
      /** 201 `plain`, 202 `peerdist`, 203 `missing-data`, 204 `hash`. */
      readonly _tag: 'HttpRequestReceived';
      readonly peer: string;
      readonly url: string;
      readonly kind: HttpExchangeKind;
    }
  | {
      /** 205 `plain`, 206 `peerdist`, 207 `hash`, 208 `missing-data`. */
      readonly _tag: 'HttpResponseSent';
      readonly peer: string;
      readonly url: string;
      readonly kind: HttpExchangeKind;
      readonly status: number;
      /** Of the content itself. */
      readonly contentBytes: number;
      /** Of the body that was sent. */
      readonly bodyBytes: number;
    };

/** Content that came from its origin without the service: told by whoever fetched it. */
export interface OriginEvent {
  readonly _tag: 'OriginUsed';
  /** What the application calls the content, a URL or a path. */
  readonly name: string;
  /** The file that it was written to. */
  readonly file?: string | undefined;
  /** When that began, in milliseconds since 1970; without it, as it is told. */
  readonly startedAt?: number | undefined;
  readonly bytes: number;
  /** Why it was not asked of peers. */
  readonly reason: SegmentReason;
}

/** What a layer above the service can add to its events. */
export type ReportedEvent = HttpEvent | OriginEvent;

/**
 * What happens inside the distribution service, step by step, in the order it happens. Where the Windows provider
 * Microsoft-Windows-BranchCacheMonitoring has an event for it, the name is that event's; docs/EVENTS.md has the table.
 */
export type DistributionEvent =
  | DiscoveryEvent
  | RetrievalEvent
  | ServingEvent
  | ContentEvent
  | CacheEvent
  | HostedCacheEvent
  | PublicationEvent
  | ReportedEvent;
