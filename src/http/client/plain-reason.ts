import type { SegmentReason } from '../../driver/index.js';
import type { Interpretation } from './content-state.js';

/** MS-PCCRTP servers give no content information of anything smaller. */
const SMALLEST_ENCODED = 65_536;

const SENT_NONE_OF_LITTLE = `the origin sent none, as is usual below ${SMALLEST_ENCODED} bytes`;

/**
 * Why a content came without content information that was asked for.
 *
 * @param received of it in this attempt, which may only have been its end.
 */
export const plainReason = (received: number, found: Interpretation): SegmentReason => {
  const { start, length = start + received, speaksPeerDist, willHaveInformation } = found;
  if (willHaveInformation) return { _tag: 'NoContentInformation', detail: 'the origin had none ready' };
  if (length >= SMALLEST_ENCODED) return { _tag: 'NoContentInformation', detail: 'the origin sent none' };
  // A server may say nothing of it with what is too small, and look like any other.
  return speaksPeerDist
    ? { _tag: 'BelowSizeLimit', bytes: length, limit: SMALLEST_ENCODED }
    : { _tag: 'NoContentInformation', detail: SENT_NONE_OF_LITTLE };
};
