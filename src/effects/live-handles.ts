import type { Cancel } from '../driver/index.js';

/** The side of a handle that the process-wide lists know. */
interface Closeable {
  close(): Promise<void>;
  /** Lets go without waiting. */
  closeAtExit(): void;
}

/**
 * Everything open in this process, whichever copy of the package opened it: an ESM and a CommonJS copy can be loaded
 * side by side, and the sweep at exit must see both.
 */
interface ProcessSlot {
  readonly live: Set<Closeable>;
  readonly pinned: Set<object>;
  sweep: (() => void) | undefined;
}

const SLOT = Symbol.for('peerweave/live-handles/1');

const slot = (): ProcessSlot => {
  const shared = globalThis as typeof globalThis & { [SLOT]: ProcessSlot | undefined };
  return (shared[SLOT] ??= { live: new Set(), pinned: new Set(), sweep: undefined });
};

/** Counts a handle as open and arms the sweep at exit with the first one. */
export const registerLive = (handle: Closeable): void => {
  const current = slot();
  current.live.add(handle);
  if (current.sweep !== undefined) return;
  current.sweep = () => {
    for (const open of [...current.live].reverse()) open.closeAtExit();
  };
  process.once('exit', current.sweep);
};

/** Counts a handle as closed; with the last one the listener on the process goes too. */
export const unregisterLive = (handle: Closeable): void => {
  const current = slot();
  current.live.delete(handle);
  if (current.live.size > 0 || current.sweep === undefined) return;
  process.off('exit', current.sweep);
  current.sweep = undefined;
};

/**
 * How many handles are open in this process, whichever copy of the package opened them: for tests and health checks.
 *
 * @example
 * ```ts
 * import { createEnv, liveHandleCount, openSession, orThrow } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const session = orThrow(await openSession()(createEnv({ driver: createFakeDriver() }))());
 * console.log(liveHandleCount()); // 1
 * await session.close();
 * console.log(liveHandleCount()); // 0
 * ```
 */
export const liveHandleCount = (): number => slot().live.size;

/** Refers to `handle` until cancelled, so that the garbage collector leaves it alone. */
export const pinLive = (handle: object): Cancel => {
  slot().pinned.add(handle);
  return () => slot().pinned.delete(handle);
};

const dropped = new FinalizationRegistry<{ core: Closeable; report: () => void }>(({ core, report }) => {
  report();
  void core.close();
});

/** Closes `core` when nobody holds `handle` any more, unless it is closed by then. */
export const closeWhenCollected = (
  handle: object,
  core: Closeable & { readonly closed: Promise<void> },
  report: () => void,
): void => {
  dropped.register(handle, { core, report }, core);
  void core.closed.then(() => dropped.unregister(core));
};
