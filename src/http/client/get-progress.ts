import type { ContentExplanation } from '../../driver/index.js';
import type { PeerError } from '../../effects/error/index.js';
import type { TransferCounts } from '../../effects/transfer-counter.js';

/**
 * - `content-information`: each block comes from the first place that has it, and is checked.
 * - `content`: the origin gives no content information; all of it comes from there.
 * - `transformed-content`: as before, and changed on its way, so that it is kept for nobody else.
 */
export type GetBasis = 'content-information' | 'content' | 'transformed-content';

/** How far a download has got. */
export type GetProgress = {
  /** Of the current attempt. */
  readonly counts: TransferCounts;
  /** Of the whole content, as far as the origin has told. */
  readonly total: number | undefined;
} & (
  | {
      readonly _tag: 'Started';
      readonly basis: GetBasis;
      /** Where it goes on: behind what a file has already, otherwise 0. */
      readonly offset: number;
      /** The Content-Type. */
      readonly type: string | undefined;
    }
  | { readonly _tag: 'Received'; readonly offset: number; readonly bytes: Uint8Array }
  | {
      /** What was received so far is void, and comes again from 0 on. */
      readonly _tag: 'Restarted';
      readonly reason: string;
      /** The failure of the origin that made it necessary, if it was one and not the content. */
      readonly failure?: PeerError | undefined;
    }
  | {
      readonly _tag: 'Completed';
      readonly to: string | undefined;
      /** Why the bytes came from where they did; `undefined` where the service did not take part or does not tell. */
      readonly explanation: ContentExplanation | undefined;
    }
);
