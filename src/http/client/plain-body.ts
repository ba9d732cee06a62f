import type { PeerEnv } from '../../effects/env.js';
import type { ContentPiece } from '../../effects/read-content.js';
import type { Offer } from './ask-for-content.js';
import type { Origin } from './origin.js';
import { endedEarly, isBrokenRange, mayPass, StartOver } from './origin-failure.js';
import { readOrigin } from './read-origin.js';

/** The content as the origin sends it. A connection that breaks is made again where that is possible. */
export async function* plainBody(
  origin: Origin,
  { answer, found }: Offer,
  env: PeerEnv,
  signal: AbortSignal,
): AsyncGenerator<ContentPiece, void> {
  const { length, validator } = found;
  let at = found.start;
  try {
    for await (const bytes of answer.pieces()) {
      yield { offset: at, bytes, from: 'origin' };
      at += bytes.length;
    }
    if (at < (length ?? at)) throw endedEarly();
  } catch (error) {
    if (!mayPass(error)) throw error;
    if (length === undefined || validator === undefined) {
      throw new StartOver(
        'nothing',
        'the connection broke, and the origin does not say what it would go on with',
        error,
      );
    }
    try {
      for await (const bytes of readOrigin(origin, found, { offset: at, end: length }, env, signal)) {
        yield { offset: at, bytes, from: 'origin' };
        at += bytes.length;
      }
    } catch (broken) {
      // Here nothing but going on takes ranges, so it can be done without.
      throw isBrokenRange(broken)
        ? new StartOver('ranges', 'the origin answers badly in parts', broken)
        : broken;
    }
  }
}
