import type { SessionHandle } from '../driver/index.js';
import { HandleEnded } from './call-gate.js';
import type { FakeContext } from './context.js';
import { HandleTable } from './handle-table.js';
import type { HandleKind } from './ledger.js';
import { faultOf, type OperationName } from './operations.js';
import type { Sessions } from './sessions.js';

interface Owned<Entry> {
  readonly session: SessionHandle;
  readonly entry: Entry;
  /** Ends the calls that are pending on the handle. */
  pending: AbortController;
  valid: boolean;
}

/** Handles of one kind that belong to sessions: void after a drop of the status, but still to be closed. */
export class SessionHandles<Handle extends bigint, Entry> {
  readonly #table: HandleTable<Handle, Owned<Entry>>;

  constructor(
    kind: HandleKind,
    context: FakeContext,
    private readonly sessions: Sessions,
  ) {
    this.#table = new HandleTable(kind, context.ledger, context.nextId, (operation) =>
      faultOf(operation, 'ERROR_INVALID_HANDLE', `this ${kind} handle is not open in this session`),
    );
  }

  open(session: SessionHandle, entry: Entry): Handle {
    return this.#table.open({ session, entry, pending: new AbortController(), valid: true }, session);
  }

  /** @throws ERROR_INVALID_HANDLE for a closed or foreign handle, PEERDIST_ERROR_INVALIDATED for a void one. */
  use(operation: OperationName, session: SessionHandle, handle: Handle): Entry {
    const { entry, valid } = this.#find(operation, session, handle);
    if (!valid) throw faultOf(operation, 'PEERDIST_ERROR_INVALIDATED');
    return entry;
  }

  close(operation: OperationName, session: SessionHandle, handle: Handle): Entry {
    if (this.#table.peek(handle) !== undefined) this.#find(operation, session, handle);
    const { entry, pending } = this.#table.close(operation, handle);
    pending.abort();
    return entry;
  }

  /** Ends what is pending on a handle. */
  cancel(operation: OperationName, session: SessionHandle, handle: Handle): void {
    const owned = this.#find(operation, session, handle);
    owned.pending.abort();
    owned.pending = new AbortController();
  }

  /** The signal that ends the calls on a handle, if there is such a handle. */
  signal(handle: Handle): AbortSignal | undefined {
    return this.#table.peek(handle)?.pending.signal;
  }

  invalidate(): void {
    for (const [, owned] of this.#table.entries()) {
      owned.valid = false;
      owned.pending.abort(new HandleEnded('PEERDIST_ERROR_INVALIDATED'));
    }
  }

  /** Ends all handles of a session that is shut down. */
  voidSession(session: SessionHandle): readonly Entry[] {
    const ended = [...this.#table.entries()].filter(([, owned]) => owned.session === session);
    for (const [handle, { pending }] of ended) {
      this.#table.void(handle);
      pending.abort();
    }
    return ended.map(([, { entry }]) => entry);
  }

  get openEntries(): readonly Entry[] {
    return [...this.#table.entries()].map(([, { entry }]) => entry);
  }

  clear(): void {
    for (const [, { pending }] of this.#table.entries()) pending.abort();
    this.#table.clear();
  }

  #find(operation: OperationName, session: SessionHandle, handle: Handle): Owned<Entry> {
    this.sessions.check(operation, session);
    const owned = this.#table.find(operation, handle);
    if (owned.session !== session)
      throw faultOf(operation, 'ERROR_INVALID_HANDLE', 'this handle belongs to another session');
    return owned;
  }
}
