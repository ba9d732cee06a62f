import { attempt, type EffectOptions, type PeerEffect } from './effect.js';
import { coreOf, type Handle } from './handle.js';
import type { HandleCore } from './handle-core.js';

/** One call on an open handle. `run` gets the driver's handle, a signal that also fires on close, and the core. */
export const onHandle =
  <Raw, A>(
    handle: Handle<Raw>,
    kind: string,
    operation: string,
    run: (raw: Raw, signal: AbortSignal, core: HandleCore<Raw>) => Promise<A>,
    options: EffectOptions = {},
  ): PeerEffect<A> =>
  () =>
    attempt(operation, () => {
      const core = coreOf(handle, kind, operation);
      return core.use(operation, (raw, signal) => run(raw, signal, core), options.signal);
    });
