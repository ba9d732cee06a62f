import { cancelled } from '../../effects/error/index.js';
import { untilAborted } from '../../effects/until-aborted.js';

/** The last in the row for each path. */
const rows = new Map<string, Promise<void>>();

/**
 * Waits until nobody else in this process works on a path: two that fetch into one file at once would take it from each
 * other, and who unsubscribes and fetches anew at once must not meet what is just ending.
 *
 * @returns lets the next one have it.
 * @throws PeerError Cancelled by the signal.
 */
export const turnAt = async (path: string, operation: string, signal: AbortSignal): Promise<() => void> => {
  const before = rows.get(path) ?? Promise.resolve();
  const { promise: done, resolve: end } = withResolver();
  const row = before.then(() => done);
  rows.set(path, row);
  const release = (): void => {
    end();
    if (rows.get(path) === row) rows.delete(path);
  };
  await untilAborted(before, signal);
  if (!signal.aborted) return release;
  release();
  throw cancelled(operation);
};

const withResolver = (): { readonly promise: Promise<void>; readonly resolve: () => void } => {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
};
