import type { PeerErrorTag } from './tag.js';

/** What a documented code means to the caller. */
export interface ErrorMeaning {
  readonly tag: PeerErrorTag;
  /** What happened, as a clause. */
  readonly what: string;
  /** What to do about it, as sentences. */
  readonly advice: string;
}

/** A line of the tables. */
export const means = (tag: PeerErrorTag, what: string, advice: string): ErrorMeaning => ({
  tag,
  what,
  advice,
});
