import type { FileTime } from '../driver/index.js';
import { checked, type PeerEffect } from './effect.js';
import { onGroup, type PeerGroup } from './group.js';
import { time, type TimeInput } from './validate/time.js';

/**
 * The group's own time for a moment in UTC. Record times are peer time: convert before adding a record.
 *
 * Errors: `NotReady` before the group has synchronised. Source: PeerGroupUniversalTimeToPeerTime.
 */
export const toPeerTime = (group: PeerGroup, universal: TimeInput): PeerEffect<FileTime> =>
  checked('toPeerTime', time, universal, (valid) =>
    onGroup(group, 'toPeerTime', (grouping, raw) => grouping.universalToPeerTime(raw, valid)),
  );

/** UTC for a moment in the group's own time: convert before showing it. Source: PeerGroupPeerTimeToUniversalTime. */
export const toUniversalTime = (group: PeerGroup, peerTime: TimeInput): PeerEffect<FileTime> =>
  checked('toUniversalTime', time, peerTime, (valid) =>
    onGroup(group, 'toUniversalTime', (grouping, raw) => grouping.peerToUniversalTime(raw, valid)),
  );
