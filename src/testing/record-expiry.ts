import { fileTimeFromMillis, fileTimeToMillis, type Clock } from '../driver/index.js';
import type { Membership } from './membership.js';
import { tellRecord } from './replication.js';

/** The longest time that Node's timers can wait. */
const MAX_TIMER_MS = 0x7fff_ffff;

const purge = (member: Membership, clock: Clock): void => {
  if (member.group.properties.deferExpiration && !member.online) return;
  const now = fileTimeFromMillis(clock.now());
  for (const record of [...member.records.values()]) {
    if (record.expires > now) continue;
    member.records.delete(record.id);
    if (!record.deleted) tellRecord(member, 'expired', record);
  }
};

/** Removes what has expired and waits for the next record to do so, while the member has the group open. */
export const armExpiry = (member: Membership, clock: Clock): void => {
  member.cancelExpiry?.();
  purge(member, clock);
  if (member.handles.size === 0 || member.records.size === 0) return;
  const next = Math.min(...[...member.records.values()].map(({ expires }) => fileTimeToMillis(expires)));
  // One more millisecond, as a tick count that is cut to milliseconds is never late.
  const ms = Math.min(Math.max(1, next - clock.now() + 1), MAX_TIMER_MS);
  member.cancelExpiry = clock.schedule(ms, () => armExpiry(member, clock));
};
