import type { Cancel } from '../driver/index.js';
import { badArgument } from './error/index.js';
import type { HandleCore, HandleState } from './handle-core.js';
import { closeWhenCollected, pinLive } from './live-handles.js';
import { asyncDispose } from '../driver/dispose-symbols.js';

const CORE = Symbol.for('peerweave/handle-core');

/**
 * What a user holds of something open: a group, a session, a content. Close it with `await using`, with `close()`, or
 * by leaving the scope that owns it; closing the owner closes it too. A handle that is dropped without closing is
 * closed when the garbage collector finds it, and reported as leaked.
 */
export abstract class Handle<Raw> implements AsyncDisposable {
  /** @internal */
  declare readonly [CORE]: HandleCore<Raw>;

  /** @internal */
  constructor(core: HandleCore<Raw>) {
    // Not enumerable: printing a handle must not print driver numbers and the whole tree below it.
    Object.defineProperty(this, CORE, { value: core });
    closeWhenCollected(this, core, () => {
      core.env.diagnostics.report({ _tag: 'HandleLeaked', kind: core.kind });
    });
  }

  /** What it is: `group`, `session`, `content`, … */
  get kind(): string {
    return this[CORE].kind;
  }

  /** `open`, `closed` or `invalidated`; a closed handle stays so. */
  get state(): HandleState {
    return this[CORE].state;
  }

  /** Resolves, never rejects, when it and everything opened through it are really closed. */
  get closed(): Promise<void> {
    return this[CORE].closed;
  }

  /** Closes what was opened through it, last-in first-out, then itself. Never rejects; calling it again is harmless. */
  close(): Promise<void> {
    return this[CORE].close();
  }

  /** For `await using`: the same as {@link close}. */
  [asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** The part of a handle that does the work. Throws `BadArgument` for anything that is no handle of the wanted kind. */
export const coreOf = <Raw>(handle: Handle<Raw>, kind: string, operation: string): HandleCore<Raw> => {
  const candidate: unknown = handle;
  const core =
    typeof candidate === 'object' && candidate !== null && CORE in candidate
      ? (candidate as Handle<Raw>)[CORE]
      : undefined;
  if (core?.kind === kind) return core;
  const found = core === undefined ? 'something else' : `a ${core.kind} handle`;
  throw badArgument(
    [{ path: kind, code: 'type', message: `must be a ${kind} handle, but ${found} was given` }],
    operation,
  );
};

/**
 * Keeps a handle alive although nobody refers to it any more. A dropped RxJS Subscription is such a case: the group it
 * stands for is still wanted until it is unsubscribed.
 */
export const pin = (handle: object): Cancel => pinLive(handle);
