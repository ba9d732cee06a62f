import type { DistributionDriver, SessionHandle } from '../driver/index.js';
import { attempt, type EffectOptions, type PeerEffect } from './effect.js';
import type { Handle } from './handle.js';
import { HandleCore } from './handle-core.js';
import { onHandle } from './on-handle.js';
import { type DistributionSession, monitorOf, sessionCore } from './session.js';

/** The kinds of handle that live below a session and are void once the service goes away. */
export type SessionChildKind = 'publication stream' | 'content information' | 'content';

/** A driver's handle with the session that it belongs to: every call of the distribution family takes both. */
export interface SessionChild<Raw> {
  readonly session: SessionHandle;
  readonly raw: Raw;
}

interface SessionChildSpec<Raw, H> {
  readonly kind: SessionChildKind;
  readonly operation: string;
  readonly open: (driver: DistributionDriver, session: SessionHandle, signal: AbortSignal) => Promise<Raw>;
  readonly close: (driver: DistributionDriver, child: SessionChild<Raw>) => Promise<void>;
  readonly wrap: (core: HandleCore<SessionChild<Raw>>) => H;
}

/** Opens a handle below a session. It holds the status monitor, so that it is invalidated though nobody subscribes. */
export const openSessionChild =
  <Raw, H>(
    session: DistributionSession,
    { kind, operation, open, close, wrap }: SessionChildSpec<Raw, H>,
    options: EffectOptions,
  ): PeerEffect<H> =>
  () =>
    attempt(operation, async () => {
      const parent = sessionCore(session, operation);
      const sessionRaw = parent.assertOpen(operation);
      const { distribution } = parent.env.driver;
      const core = await HandleCore.open<SessionChild<Raw>>({
        kind,
        operation,
        env: parent.env,
        parent,
        signal: options.signal,
        open: async (signal) => ({
          session: sessionRaw,
          raw: await open(distribution, sessionRaw, signal),
        }),
        close: (child) => close(distribution, child),
      });
      core.onClose(monitorOf(session).retain());
      return wrap(core);
    });

/** One call on a handle below a session. */
export const onSessionChild = <Raw, A>(
  handle: Handle<SessionChild<Raw>>,
  kind: SessionChildKind,
  operation: string,
  run: (driver: DistributionDriver, child: SessionChild<Raw>, signal: AbortSignal) => Promise<A>,
  options?: EffectOptions,
): PeerEffect<A> =>
  onHandle(
    handle,
    kind,
    operation,
    (child, signal, core) => run(core.env.driver.distribution, child, signal),
    options,
  );
