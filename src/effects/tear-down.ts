import { toPeerError } from './effect.js';
import type { PeerEnv } from './env.js';

/**
 * Gives something back. Whoever does so can do nothing about a failure, so it goes to the diagnostics: this never
 * rejects. That a driver which was disposed of has let go of it before is none.
 */
export const tearDown = async (
  { diagnostics, driver }: PeerEnv,
  kind: string,
  run: () => Promise<void>,
): Promise<void> => {
  try {
    await run();
  } catch (thrown) {
    const error = toPeerError(thrown, `close ${kind}`);
    if (driver.disposal?.hasBegun === true && error._tag === 'HandleClosed') return;
    diagnostics.report({ _tag: 'CloseFailed', kind, error });
  }
};
