import { isPeerError, PeerError } from '../../effects/error/index.js';
import { OPERATION, type StartOver } from './origin-failure.js';

/**
 * A content that has to be begun again after its first bytes were handed over.
 *
 * @param failure of the origin that is to blame; without one the content changed.
 */
export const contentChanged = (reason: string, failure?: PeerError): PeerError =>
  new PeerError({
    tag: failure?._tag ?? 'Unavailable',
    code: failure?.code ?? 'PEERWEAVE_CONTENT_CHANGED',
    operation: OPERATION,
    what: `what was read so far is void: ${reason}`,
    advice: 'Read it again from its start.',
    cause: failure,
  });

/** A content that was begun again as often as is worth while. */
export const begunTooOften = (last: StartOver): PeerError => {
  const failure = failureIn(last);
  return new PeerError({
    tag: failure?._tag ?? 'Unavailable',
    code: failure?.code ?? 'PEERWEAVE_CONTENT_CHANGED',
    operation: OPERATION,
    what: `it had to be begun again too often; the last time ${last.message}`,
    advice:
      failure === undefined
        ? 'Try again when the content does not change any more.'
        : 'Try again; an origin that sends an ETag or Last-Modified could go on where it was interrupted.',
    cause: last,
  });
};

/** The failure of the origin that made it begin again, if it was one: then nothing says that the content changed. */
export const failureIn = ({ cause }: StartOver): PeerError | undefined =>
  isPeerError(cause) ? cause : undefined;
