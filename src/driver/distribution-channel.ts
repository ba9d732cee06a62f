/**
 * The `node:diagnostics_channel` on which every event of every distribution session and hosted cache of this package is
 * published: the members of {@link DistributionEvent}. Without a subscriber nothing is done for it.
 *
 * @example
 * ```ts
 * import { subscribe } from 'node:diagnostics_channel';
 * import { lastValueFrom } from 'rxjs';
 * import { createPeerweave, publish } from 'peerweave';
 * import { DISTRIBUTION_CHANNEL } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * subscribe(DISTRIBUTION_CHANNEL, (event) => console.log(event)); // { _tag: 'SegmentPublished', … bytes: 5 }
 * const peers = createPeerweave({ driver: createFakeDriver() });
 * await using session = await peers.promise(peers.effects.openSession());
 * await lastValueFrom(publish(Buffer.from('hello'), { session }));
 * ```
 */
export const DISTRIBUTION_CHANNEL = 'peerweave:distribution';
