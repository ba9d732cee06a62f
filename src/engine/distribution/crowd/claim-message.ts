import { BLOCKS_PER_SEGMENT } from '../wire/index.js';

/** Blocks of one segment that follow one another. */
export interface BlockRun {
  /** The public id of the segment, in hex. */
  readonly segment: string;
  readonly first: number;
  readonly count: number;
}

/** What a machine asks its neighbours before it fetches blocks from the origin. */
export interface ClaimQuestion {
  /** The blocks that it would fetch, in their order. */
  readonly runs: readonly BlockRun[];
  /** Decides between two that want the same at the same time: the lower one goes first. */
  readonly token: string;
  /** Where the asker serves blocks, at the address that it asks from; 0: nowhere. */
  readonly port: number;
  /** The asker wants to have the first block as soon as it is here, not to fetch it. */
  readonly follows: boolean;
  /** Milliseconds for which the answer may be held back as long as it would be of no use. */
  readonly holdMs: number;
}

export type ClaimAnswer =
  /** So many of the blocks are neither here nor being fetched here. */
  | { readonly _tag: 'Free'; readonly blocks: number }
  /** The first block is being fetched here or, if not, about to be. */
  | { readonly _tag: 'Claimed'; readonly isFetching: boolean }
  /** So many of the blocks, from the first one on, can be had here. */
  | { readonly _tag: 'Here'; readonly blocks: number };

/** Runs in one question, and blocks in all of them. */
export const MOST_RUNS = 64;
export const MOST_CLAIMED = 64;
const LONGEST_HOLD_MS = 1_000;

export const encodeQuestion = ({ runs, ...rest }: ClaimQuestion): Buffer =>
  Buffer.from(
    JSON.stringify({ runs: runs.map(({ segment, first, count }) => [segment, first, count]), ...rest }),
  );

/** `undefined` for what is no question. */
export const decodeQuestion = (bytes: Buffer): ClaimQuestion | undefined => {
  const { runs, token, port, follows, holdMs } = recordIn(bytes);
  if (!Array.isArray(runs) || runs.length === 0 || runs.length > MOST_RUNS) return undefined;
  if (typeof token !== 'string' || !/^[\da-f]{16}$/.test(token) || typeof follows !== 'boolean')
    return undefined;
  if (!isWhole(port, 0, 65_535) || !isWhole(holdMs, 0, LONGEST_HOLD_MS)) return undefined;
  const read = runs.flatMap(runOf);
  return read.length === runs.length && blocksOf(read) <= MOST_CLAIMED
    ? { runs: read, token, port, follows, holdMs }
    : undefined;
};

export const encodeAnswer = (answer: ClaimAnswer): Buffer => Buffer.from(JSON.stringify(answer));

/** `undefined` for what is no answer. */
export const decodeAnswer = (bytes: Buffer): ClaimAnswer | undefined => {
  const { _tag, blocks, isFetching } = recordIn(bytes);
  if (_tag === 'Claimed') return typeof isFetching === 'boolean' ? { _tag, isFetching } : undefined;
  if (_tag !== 'Free' && _tag !== 'Here') return undefined;
  return isWhole(blocks, 1, MOST_CLAIMED) ? { _tag, blocks } : undefined;
};

/** How many blocks all runs have. */
export const blocksOf = (runs: readonly BlockRun[]): number =>
  runs.reduce((sum, { count }) => sum + count, 0);

const runOf = (value: unknown): readonly BlockRun[] => {
  if (!Array.isArray(value) || value.length !== 3) return [];
  const [segment, first, count] = value as readonly unknown[];
  return typeof segment === 'string' &&
    /^(?:[\da-f]{2}){32,64}$/.test(segment) &&
    isWhole(first, 0, BLOCKS_PER_SEGMENT - 1) &&
    isWhole(count, 1, BLOCKS_PER_SEGMENT - first)
    ? [{ segment, first, count }]
    : [];
};

const isWhole = (value: unknown, least: number, most: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;

const recordIn = (bytes: Buffer): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
};
