import type { ClaimQuestion } from './claim-message.js';

/** That a content's reader fetches blocks from the origin, or is about to. */
export interface Claim {
  /** Blocks by number in the content, `to` exclusive. */
  readonly from: number;
  readonly to: number;
  /** The neighbours have agreed. Before that a lower token takes the blocks away. */
  readonly isFetching: boolean;
  /** When something of it has come in last. */
  progressAt: number;
}

/** Fetching that has brought nothing for so long stands in nobody's way. */
export const STALE_MS = 1_000;

/** Whether the claim keeps the asker from fetching what it covers. Who serves nobody has no say in who goes first. */
export const prevails = (
  claim: Claim,
  token: string,
  asker: Pick<ClaimQuestion, 'token' | 'port'>,
  now: number,
): boolean =>
  claim.isFetching ? Math.abs(now - claim.progressAt) <= STALE_MS : asker.port === 0 || token < asker.token;
