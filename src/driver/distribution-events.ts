/**
 * What happens inside the distribution service, block by block. Where the Windows provider
 * Microsoft-Windows-BranchCacheMonitoring has an event for it, the name is that event's.
 */
export type DistributionEvent =
  | { readonly _tag: 'SegmentPublished'; readonly segment: string; readonly bytes: number }
  | {
      readonly _tag: 'BlockRequestSent';
      readonly peer: string;
      readonly segment: string;
      readonly block: number;
    }
  | {
      readonly _tag: 'BlockResponseReceived';
      readonly peer: string;
      readonly segment: string;
      readonly block: number;
      readonly bytes: number;
    }
  | {
      /** A peer answered with something unusable, or not at all. `struckOut`: it will not be asked again. */
      readonly _tag: 'PeerFailed';
      readonly peer: string;
      readonly reason: string;
      readonly struckOut: boolean;
    }
  | { readonly _tag: 'CacheHit'; readonly segment: string; readonly block: number; readonly bytes: number }
  | {
      readonly _tag: 'BlockServed';
      readonly peer: string;
      readonly segment: string;
      readonly block: number;
      readonly bytes: number;
    };
