import type { FileTime } from '../driver/index.js';
import { checked, type PeerEffect } from './effect.js';
import { onGroup, type PeerGroup } from './group.js';
import { time, type TimeInput } from './validate/time.js';

/**
 * The group's own time for a moment in UTC. Record times are peer time: convert before adding a record.
 *
 * A `Date` or FILETIME ticks of 100 ns go in, ticks come out. Errors: `NotReady` before the group has synchronised.
 * Source: PeerGroupUniversalTimeToPeerTime.
 *
 * @example
 * ```ts
 * import { createPeerweave } from 'peerweave';
 * import { fileTimeToDate } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const { effects, promise } = createPeerweave({ driver: createFakeDriver() });
 * const creatorPeerName = await promise(effects.createIdentity());
 * await using group = await promise(effects.createGroup({ creatorPeerName }));
 * const peerTime = await promise(effects.toPeerTime(group, new Date('2030-01-01T00:00:00Z')));
 * console.log(fileTimeToDate(await promise(effects.toUniversalTime(group, peerTime)))); // 2030-01-01T00:00:00.000Z
 * ```
 */
export const toPeerTime = (group: PeerGroup, universal: TimeInput): PeerEffect<FileTime> =>
  checked('toPeerTime', time, universal, (valid) =>
    onGroup(group, 'toPeerTime', (grouping, raw) => grouping.universalToPeerTime(raw, valid)),
  );

/**
 * UTC for a moment in the group's own time: convert before showing it. See {@link toPeerTime} for an example.
 *
 * Errors: `NotReady` before the group has synchronised. Source: PeerGroupPeerTimeToUniversalTime.
 */
export const toUniversalTime = (group: PeerGroup, peerTime: TimeInput): PeerEffect<FileTime> =>
  checked('toUniversalTime', time, peerTime, (valid) =>
    onGroup(group, 'toUniversalTime', (grouping, raw) => grouping.peerToUniversalTime(raw, valid)),
  );
