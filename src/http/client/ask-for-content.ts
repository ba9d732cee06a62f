import { acceptingPeerDist } from '../protocol/peerdist-headers.js';
import { type Interpretation, interpret, isAboutSame } from './content-state.js';
import type { Origin, OriginAnswer } from './origin.js';
import { StartOver } from './origin-failure.js';
import type { PartialFile } from './partial-file.js';

/** An answer of the origin with what it brings. */
export interface Offer {
  readonly answer: OriginAnswer;
  readonly found: Interpretation;
}

/**
 * Asks for all of a content, or for what a partial file lacks. With `version`: for content information up to that in its
 * place.
 *
 * @throws StartOver where that cannot be had, PeerError where the origin refuses or makes no sense.
 */
export const askForContent = async (
  origin: Origin,
  begun: PartialFile['begun'],
  version: 1 | 2 | undefined,
  signal: AbortSignal,
): Promise<Offer> => {
  // Of a file that lacks only its name the last byte is asked for again: the origin may have another one by now.
  const start = begun === undefined ? 0 : Math.min(begun.bytes, begun.length - 1);
  const answer = await origin.ask(
    {
      ...(version === undefined ? { 'accept-encoding': 'identity' } : acceptingPeerDist(version)),
      ...(begun === undefined || start === 0
        ? {}
        : { range: `bytes=${start}-`, 'if-range': begun.validator }),
    },
    signal,
  );
  try {
    const found = interpret(answer, start, origin.url);
    if (begun !== undefined && found.start > 0) {
      if (!isAboutSame(answer.headers, begun) || found.length !== begun.length) {
        throw new StartOver('ranges', 'the origin joins parts of different contents');
      }
    }
    return { answer, found };
  } catch (error) {
    await answer.cancel();
    throw error;
  }
};
