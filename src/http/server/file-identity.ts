import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';

/** Which file it is and in which state, as far as the file system tells. */
export interface FileIdentity {
  readonly length: number;
  readonly modified: Date;
  /** Differs for every other file and every other state of this one. Tells nothing about the machine. */
  readonly fingerprint: string;
  /** When, in milliseconds since 1970, a further change is sure to show in the fingerprint. */
  readonly settlesAt: number;
}

/** Clocks of file systems tick in steps; a second change within a step leaves no trace. */
const STEP_MS = 20;
/** FAT has the longest, of two seconds. */
const COARSE_STEP_MS = 2_000;

const NS_PER_MS = 1_000_000n;
const NS_PER_S = 1_000_000_000n;

export const identityOf = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): FileIdentity => {
  const isCoarse = mtimeNs % NS_PER_S === 0n && ctimeNs % NS_PER_S === 0n;
  const changedAt = Number((mtimeNs > ctimeNs ? mtimeNs : ctimeNs) / NS_PER_MS);
  return {
    length: Number(size),
    modified: new Date(Number(mtimeNs / NS_PER_MS)),
    fingerprint: createHash('sha256')
      .update([dev, ino, size, mtimeNs, ctimeNs].join(':'))
      .digest('base64url')
      .slice(0, 27),
    settlesAt: changedAt + (isCoarse ? COARSE_STEP_MS : STEP_MS),
  };
};
