import { channel } from 'node:diagnostics_channel';
import { DISTRIBUTION_CHANNEL, type Cancel, type DistributionEvent } from '../driver/index.js';
import type { PeerError } from './error/index.js';

/** What went wrong where no caller is left to be told. */
export type DiagnosticEvent =
  /** Closing something failed. It counts as closed all the same. */
  | { readonly _tag: 'CloseFailed'; readonly kind: string; readonly error: PeerError }
  /** A handle was dropped without being closed; the garbage collector found it. */
  | { readonly _tag: 'HandleLeaked'; readonly kind: string };

/** Where diagnostics go. {@link PeerEnv} carries one, so that a test or an application can have its own. */
export interface Diagnostics {
  /** Tells every listener, and the channel. Never throws. */
  report(event: DiagnosticEvent): void;
  /** Calls `listener` with every event until cancelled. One that throws is the listener's problem: teardown goes on. */
  listen(listener: (event: DiagnosticEvent) => void): Cancel;
}

const distribution = channel(DISTRIBUTION_CHANNEL);
/** What concerns all sessions comes once from each of them. */
const published = new WeakSet<DistributionEvent>();

/** Publishes an event on {@link DISTRIBUTION_CHANNEL}, once however many sessions tell it. */
export const publishDistribution = (event: DistributionEvent): void => {
  if (!distribution.hasSubscribers || published.has(event)) return;
  published.add(event);
  distribution.publish(event);
};

/** The `node:diagnostics_channel` on which every {@link Diagnostics} of this package also publishes. */
export const DIAGNOSTICS_CHANNEL = 'peerweave:diagnostics';

/**
 * Makes a place for diagnostics, for a {@link PeerEnv} of one's own. Listeners are called in order, during `report`.
 *
 * @example
 * ```ts
 * import { createDiagnostics, createEnv } from 'peerweave/effects';
 * import { createFakeDriver } from 'peerweave/testing';
 *
 * const diagnostics = createDiagnostics();
 * const stop = diagnostics.listen(({ _tag, kind }) => console.log(_tag, kind));
 * const env = createEnv({ driver: createFakeDriver(), diagnostics });
 * env.diagnostics.report({ _tag: 'HandleLeaked', kind: 'group' }); // HandleLeaked group
 * stop();
 * ```
 */
export const createDiagnostics = (): Diagnostics => {
  const listeners = new Set<(event: DiagnosticEvent) => void>();
  const diagnostics = channel(DIAGNOSTICS_CHANNEL);
  return {
    report: (event) => {
      diagnostics.publish(event);
      for (const listener of [...listeners]) {
        try {
          listener(event);
        } catch {
          // Reporting runs inside teardown, which never throws.
        }
      }
    },
    listen: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};
