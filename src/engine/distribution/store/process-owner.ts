import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { systemCode } from '../../system-code.js';

/*
 * An owner is one open store: process id, the time its process started and a random part. The start time tells a
 * process from a later one that was given the same number. Owners are compared on one machine only: processes that
 * share a data directory must see each other's process ids.
 */
const OWNER_SHAPE = /^([1-9]\d{0,9})-(\d{1,20})-[0-9a-f]{16}$/;

/** A name for one opening of the store by this process. */
export const newOwner = (): string =>
  `${process.pid}-${startTime(process.pid) ?? '0'}-${randomBytes(8).toString('hex')}`;

/** Whether the process behind an owner still runs. Anything that is no owner's name is dead. */
export const isOwnerAlive = (owner: string): boolean => {
  const [, pid, start] = OWNER_SHAPE.exec(owner) ?? [];
  if (pid === undefined || !isRunning(Number(pid))) return false;
  return (startTime(Number(pid)) ?? start) === start;
};

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is a running one.
    return systemCode(error) === 'EPERM';
  }
};

/** In ticks since the machine started; `undefined` where the system does not tell by a file. */
const startTime = (pid: number): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the command in parentheses, which may hold blanks and parentheses itself.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
};
