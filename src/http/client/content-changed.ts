import { PeerError } from '../../effects/error/index.js';
import { OPERATION } from './origin-failure.js';

/** A content that changed after its first bytes were handed over. */
export const contentChanged = (reason: string): PeerError =>
  new PeerError({
    tag: 'Unavailable',
    code: 'PEERWEAVE_CONTENT_CHANGED',
    operation: OPERATION,
    what: `what was read so far is void: ${reason}`,
    advice: 'Read it again from its start.',
  });
