/** Where bytes of content come from. */
export type BlockSourceKind = 'cache' | 'peer' | 'hosted-cache' | 'origin';

/** A place that bytes of a segment came from. */
export interface SegmentSource {
  readonly source: BlockSourceKind;
  /** Who delivered it, for `peer` and `hosted-cache`. */
  readonly peer?: string | undefined;
}

/** Why a block from a peer, or the peer's silence about it, is of no use. */
export type PeerReason =
  /** No connection, or it broke. */
  | 'unreachable'
  | 'no-answer-in-time'
  /** It speaks no version of the protocol that we do. */
  | 'version-mismatch'
  | 'lacks-block'
  /** It has too much to do, and says so. */
  | 'busy'
  /** An answer that is no message, too long, or about something else. */
  | 'malformed-answer'
  /** Bytes that do not match their hash, or cannot be decrypted. */
  | 'wrong-bytes'
  /** It failed too often lately and is not asked. */
  | 'struck-out'
  /** Something else; the text that goes with it says what. */
  | 'other';

/** What one peer made of the request for a block. */
export interface PeerAttempt {
  readonly peer: string;
  readonly reason: PeerReason;
  /** In words. */
  readonly detail: string;
}

/** Why a segment left the cache. */
export type EvictionReason =
  /** The least recently used had to make room. */
  | 'quota'
  /** It was older than entries may get. */
  | 'age'
  /** Somebody said so: a flush of its tag, or clearing the cache. */
  | 'cleared'
  /** Its bytes on disk did not match their hashes. */
  | 'damaged';

/** Why bytes did not come from a place that would have been preferred. */
export type SegmentReason =
  /** A peer or hosted cache was asked, or deliberately not, and did not deliver. */
  | { readonly _tag: 'PeerFailed'; readonly peer: string; readonly reason: PeerReason }
  /** Nobody was known to ask. */
  | { readonly _tag: 'NoPeerKnown' }
  /** Peers were looked for, and none answered. */
  | { readonly _tag: 'NoPeerAnswered'; readonly waitedMs: number }
  /** The reader gave up waiting before a peer had delivered. */
  | { readonly _tag: 'ReadTimedOut'; readonly waitedMs: number }
  /** A neighbour said that it fetches it from the origin, and was waited for in vain. */
  | { readonly _tag: 'WaitedInVain'; readonly peer: string }
  /** The reader wanted what is in the local cache, and to wait for nothing else. */
  | { readonly _tag: 'CacheOnly' }
  /** The same bytes are known under another server secret: peers have them, but under another name. */
  | { readonly _tag: 'SecretDiffers' }
  /** It was in the cache, and is not there any more, or not undamaged; with the cause where that is on record. */
  | { readonly _tag: 'LeftCache'; readonly cause?: EvictionReason | undefined }
  /** The server of the content said nothing of its segments. */
  | { readonly _tag: 'NoContentInformation'; readonly detail: string }
  /** The content is too small for it to be worth while. */
  | { readonly _tag: 'BelowSizeLimit'; readonly bytes: number; readonly limit: number }
  /** The service is switched off, or was not to be asked at all. */
  | { readonly _tag: 'DisabledByPolicy'; readonly detail: string };
