import type { SegmentInfo } from '../ports.js';

/** A segment that peers are looked for: what may be said of it to others. */
export type SoughtSegment = Pick<SegmentInfo, 'id' | 'hash' | 'length'>;

/** Tells of a peer, as `host:port` or `[IPv6]:port`, that may have a segment. */
export type PeerFound = (segment: SoughtSegment, peer: string) => void;

/**
 * A way to find peers: messages on the network, a list, the records of a group. What it tells is a hint, as every byte
 * that a peer delivers is verified.
 *
 * @example
 * ```ts
 * import { createEngineDriver, type PeerSource } from 'peerweave/engine';
 *
 * const neighbours: PeerSource = {
 *   find: async (segments, found) => {
 *     for (const segment of segments) found(segment, '192.0.2.7:8080');
 *   },
 * };
 * const engine = createEngineDriver({ listen: false, discovery: { multicast: false, sources: [neighbours] } });
 * await engine.dispose();
 * ```
 */
export interface PeerSource {
  /**
   * Looks for peers that may have any of `segments`, and tells of each as soon as it is known. Resolves when no more
   * are to be expected, soon after `signal` is aborted. A rejection counts as having found nobody else.
   */
  find(segments: readonly SoughtSegment[], found: PeerFound, signal: AbortSignal): Promise<void>;
}
