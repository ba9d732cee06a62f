import { toPeerError } from './effect.js';
import type { PeerEnv } from './env.js';

/**
 * Gives something back. Whoever does so can do nothing about a failure, so it goes to the diagnostics: this never
 * rejects.
 */
export const tearDown = async (
  { diagnostics }: PeerEnv,
  kind: string,
  run: () => Promise<void>,
): Promise<void> => {
  try {
    await run();
  } catch (thrown) {
    const error = toPeerError(thrown, `close ${kind}`);
    diagnostics.report({ _tag: 'CloseFailed', kind, error });
  }
};
