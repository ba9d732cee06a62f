/** So long neighbours may be waited for beyond what is earned. */
export const BUDGET_MS = 1_000;
/** Before anything was fetched from the origin a block is thought to take so long. */
const PRESUMED_BLOCK_MS = 250;
/** A block that a neighbour delivers earns so many times what fetching it would have taken, one that was fetched less. */
const EARNED_BY_DELIVERY = 2;
const EARNED_BY_FETCHING = 0.5;
/** The budget is never more than so many blocks take from a slow origin. */
const MOST_BLOCKS = 4;
/** Of so many blocks the time is averaged. */
const WEIGHT = 4;

/**
 * How long the reader of one content may wait for its neighbours: a second, and beyond that in proportion to what they
 * deliver. So all waiting together costs at most a second and twice the time in which it would have fetched everything
 * alone, however many neighbours lie, in whatever way.
 */
export class WaitingBudget {
  #leftMs = BUDGET_MS;
  #blockMs = PRESUMED_BLOCK_MS;
  #isMeasured = false;

  get leftMs(): number {
    return this.#leftMs;
  }

  /** What of it was earned beyond the first second, from an origin that is slow. */
  get earnedMs(): number {
    return Math.max(0, this.#leftMs - BUDGET_MS);
  }

  waited(ms: number): void {
    this.#leftMs = Math.max(0, this.#leftMs - Math.max(0, ms));
  }

  /** A neighbour has delivered a block. */
  delivered(): void {
    this.#earn(EARNED_BY_DELIVERY);
  }

  /** So many blocks have come from the origin in that time. */
  fetched(blocks: number, ms: number): void {
    const blockMs = Math.max(0, ms) / blocks;
    this.#blockMs = this.#isMeasured ? this.#blockMs + (blockMs - this.#blockMs) / WEIGHT : blockMs;
    this.#isMeasured = true;
    this.#earn(EARNED_BY_FETCHING * blocks);
  }

  #earn(blocks: number): void {
    const most = Math.max(BUDGET_MS, MOST_BLOCKS * this.#blockMs);
    this.#leftMs = Math.min(most, this.#leftMs + blocks * this.#blockMs);
  }
}
