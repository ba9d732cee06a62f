import {
  CounterFold,
  type Cancel,
  type DistributionCounters,
  type DistributionEvent,
  type DistributionStatus,
  type DistributionStatusInfo,
  type SessionHandle,
  type StatusRegistration,
} from '../driver/index.js';
import type { FakeContext } from './context.js';
import { HandleTable } from './handle-table.js';
import { abortedOf, faultOf, type OperationName } from './operations.js';

interface Armed {
  readonly id: bigint;
  readonly seen: DistributionStatus;
  readonly resolve: (info: DistributionStatusInfo) => void;
  readonly reject: (fault: Error) => void;
}

interface Session {
  armed: Armed | undefined;
  readonly listeners: Set<(event: DistributionEvent) => void>;
  readonly counters: CounterFold;
}

/** The sessions of one driver, the status of its service and who waits for a change. */
export class Sessions {
  readonly #table: HandleTable<SessionHandle, Session>;
  #info: DistributionStatusInfo;

  /** @param onDrop Called when the service stops being available, before anybody is told. */
  constructor(
    private readonly context: FakeContext,
    status: DistributionStatus,
    private readonly onDrop: () => void,
  ) {
    this.#table = new HandleTable('session', context.ledger, context.nextId, (operation) =>
      faultOf(operation, 'ERROR_INVALID_HANDLE', 'this session is not open'),
    );
    this.#info = { status, minVersion: 1, maxVersion: 2 };
  }

  get info(): DistributionStatusInfo {
    return this.#info;
  }

  open(): SessionHandle {
    return this.#table.open({ armed: undefined, listeners: new Set(), counters: new CounterFold() });
  }

  close(handle: SessionHandle): void {
    const session = this.#table.peek(handle);
    if (session !== undefined) this.#disarm(session);
    this.#table.close('distribution.shutdown', handle);
  }

  /** @throws ERROR_INVALID_HANDLE for a session that is not open. */
  check(operation: OperationName, handle: SessionHandle): void {
    this.#table.find(operation, handle);
  }

  /** @throws the code with which a service that is switched off or not ready refuses work. */
  checkAvailable(operation: OperationName, handle: SessionHandle): void {
    this.check(operation, handle);
    if (this.#info.status === 'disabled') throw faultOf(operation, 'ERROR_ACCESS_DISABLED_BY_POLICY');
    if (this.#info.status === 'unavailable') throw faultOf(operation, 'PEERDIST_ERROR_SERVICE_UNAVAILABLE');
  }

  setStatus(status: DistributionStatus, reason: string | undefined): void {
    const wasAvailable = this.#info.status === 'available';
    this.#info = { ...this.#info, status, reason };
    if (wasAvailable && status !== 'available') this.onDrop();
    for (const [, session] of this.#table.entries()) {
      const { armed } = session;
      if (armed === undefined || armed.seen === status) continue;
      this.#spend(session, armed);
      armed.resolve(this.#info);
    }
  }

  arm(handle: SessionHandle): StatusRegistration {
    const operation = 'distribution.registerStatusChange';
    const session = this.#table.find(operation, handle);
    if (session.armed !== undefined)
      throw faultOf(operation, 'ERROR_INVALID_PARAMETER', 'a registration is already armed in this session');
    const changed = new Promise<DistributionStatusInfo>((resolve, reject) => {
      session.armed = { id: this.context.nextId(), seen: this.#info.status, resolve, reject };
      this.context.ledger.open('status-registration', session.armed.id, handle);
    });
    // Somebody may shut the session down without waiting for its registration.
    changed.catch(() => undefined);
    return { changed };
  }

  disarm(handle: SessionHandle): void {
    this.#disarm(this.#table.find('distribution.unregisterStatusChange', handle));
  }

  observe(handle: SessionHandle, listener: (event: DistributionEvent) => void): Cancel {
    const session = this.#table.peek(handle);
    session?.listeners.add(listener);
    return () => void session?.listeners.delete(listener);
  }

  /** Tells one session's observers, or with `undefined` those of all sessions. */
  tell(handle: SessionHandle | undefined, event: DistributionEvent): void {
    for (const [candidate, { listeners, counters }] of this.#table.entries()) {
      if (handle !== undefined && candidate !== handle) continue;
      counters.add(event, this.context.clock.now());
      for (const listener of listeners) listener(event);
    }
  }

  counters(handle: SessionHandle): DistributionCounters {
    return this.#table.find('distribution.getCounters', handle).counters.counters();
  }

  clear(): void {
    for (const [, session] of this.#table.entries()) this.#disarm(session);
    this.#table.clear();
  }

  #disarm(session: Session): void {
    const { armed } = session;
    if (armed === undefined) return;
    this.#spend(session, armed);
    armed.reject(abortedOf('distribution.registerStatusChange'));
  }

  #spend(session: Session, { id }: Armed): void {
    session.armed = undefined;
    this.context.ledger.close(id, 'distribution.registerStatusChange');
  }
}
