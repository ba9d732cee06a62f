import { createHash } from 'node:crypto';
import type { ContentExplanation, DistributionCounters } from '../../../driver/index.js';

/** One retrieval, as it stands or as it ended. */
export interface RetrievalRecord {
  /** Milliseconds since 1970, as all times here. */
  readonly startedAt: number;
  /** Not there while it goes on, or if its process died. */
  readonly endedAt?: number | undefined;
  /** What its application calls it, without what could be secret in it. */
  readonly name?: string | undefined;
  /** A hash of the whole name. */
  readonly nameKey?: string | undefined;
  /** Where it was written to, if it was. Records of older versions have only the name. */
  readonly file?: string | undefined;
  /** A hash of that. */
  readonly fileKey?: string | undefined;
  /** Which segments it is made of, as a hash. */
  readonly contentKey?: string | undefined;
  /** Which bytes it is made of, as a hash: the same under every server secret. */
  readonly dataKey?: string | undefined;
  /** How many segments its content information describes. */
  readonly segments: number;
  /** With the first 256 runs of segments. */
  readonly explanation: ContentExplanation;
}

/** What a process has done with a data directory. */
export interface ProcessRecord {
  /** Which one: see the store's owners. */
  readonly process: string;
  readonly startedAt: number;
  /** When this was written. */
  readonly at: number;
  readonly counters: DistributionCounters;
  /** Where peers could reach it then. */
  readonly endpoint?: { readonly host: string; readonly port: number } | undefined;
  /** The last ones that it began, the newest last. */
  readonly retrievals: readonly RetrievalRecord[];
}

/** Runs of segments that are kept of one retrieval. */
export const MOST_RUNS_KEPT = 256;

const FORMAT = 'peerweave insight 1';

/*
 * A first line with the format and SHA-256 of the rest, then JSON. Whatever a crash, a bad disk or another program left
 * in the file, it is either exactly what was written or `undefined`.
 */
export const encodeProcessRecord = (record: ProcessRecord): Buffer => {
  const body = Buffer.from(JSON.stringify(record));
  return Buffer.concat([Buffer.from(`${FORMAT} ${checksum(body)}\n`), body]);
};

export const decodeProcessRecord = (file: Buffer): ProcessRecord | undefined => {
  const body = file.subarray(file.indexOf('\n') + 1);
  const head = file.subarray(0, file.length - body.length).toString('latin1');
  if (head !== `${FORMAT} ${checksum(body)}\n`) return undefined;
  // The checksum says that it is what the function above wrote.
  return JSON.parse(body.toString('utf8')) as ProcessRecord;
};

const checksum = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
