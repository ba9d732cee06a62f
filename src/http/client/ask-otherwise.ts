import type { SegmentReason } from '../../driver/index.js';
import type { PeerError } from '../../effects/error/index.js';
import { begunTooOften } from './content-changed.js';
import { isOfOrigin, rangesRefused, StartOver } from './origin-failure.js';

/** How to ask the origin. */
export interface Asked {
  readonly ranges: boolean;
  /** Whether content information has broken off once. */
  readonly hasBroken: boolean;
  /** Why not for content information. */
  readonly noInformation: SegmentReason | undefined;
  /** Why for the whole instead of parts. */
  readonly refusal: PeerError | undefined;
}

interface Attempt {
  /** How often it was begun again before. */
  readonly restarts: number;
  /** Whether bytes were handed over. */
  readonly isBegun: boolean;
  readonly mayAskOrigin: boolean;
  readonly isCancelled: boolean;
}

/** A content that changes oftener than that while it is fetched cannot be had. */
const MOST_RESTARTS = 3;

/** How to ask when an attempt has failed, and why. @throws what there is no other way for. */
export const askOtherwise = (
  asked: Asked,
  thrown: unknown,
  { restarts, isBegun, mayAskOrigin, isCancelled }: Attempt,
): { readonly asked: Asked; readonly because: StartOver } => {
  const { hasBroken } = asked;
  const mayBePlain = asked.noInformation === undefined && !isBegun && mayAskOrigin && !isCancelled;
  // It says of all that were asked.
  if (asked.refusal !== undefined && !isBegun && isOfOrigin(thrown)) throw asked.refusal;
  const refusal = mayBePlain && isOfOrigin(thrown) ? thrown : undefined;
  const because = refusal === undefined ? thrown : rangesRefused(refusal);
  if (!(because instanceof StartOver)) throw because;
  if (restarts === MOST_RESTARTS) throw begunTooOften(because);
  const { message: detail } = because;
  // Content information that has changed once more may be of an older state each time.
  const isStale = mayBePlain && because.without === 'nothing' && restarts > 0;
  const without = isStale ? 'content-information' : because.without;
  const isBroken = without === 'broken-information';
  if (isBroken && hasBroken && !mayAskOrigin) throw because.cause;
  const isPlain = without === 'content-information' || (isBroken && hasBroken);
  return {
    because,
    asked: {
      ranges: asked.ranges && without !== 'ranges' && refusal === undefined,
      hasBroken: hasBroken || isBroken,
      noInformation: isPlain ? { _tag: 'NoContentInformation', detail } : asked.noInformation,
      refusal,
    },
  };
};
