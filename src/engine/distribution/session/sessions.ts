import {
  systemClock,
  win32Fault,
  type Clock,
  type DistributionEvent,
  type SessionHandle,
} from '../../../driver/index.js';
import { Session } from './session.js';

/** The sessions of one engine, and the numbers for all of its distribution handles. */
export class Sessions {
  readonly #sessions = new Map<bigint, Session>();
  /** Those that are being closed. Observers hear what the service does for them to the end, such as offering. */
  readonly #leaving = new Set<Session>();
  #lastHandle = 0n;

  /** @param note takes every event of the service and its sessions, once. */
  constructor(
    private readonly clock: Clock = systemClock,
    private readonly note: (event: DistributionEvent) => void = () => undefined,
  ) {}

  open(): SessionHandle {
    const nextHandle = (): bigint => {
      this.#lastHandle += 1n;
      return this.#lastHandle;
    };
    const handle = nextHandle();
    const { clock, note } = this;
    this.#sessions.set(handle, new Session({ nextHandle, clock, note }));
    return handle as SessionHandle;
  }

  find(operation: string, handle: SessionHandle): Session {
    const session = this.#sessions.get(handle);
    if (session === undefined) {
      throw win32Fault(operation, 'ERROR_INVALID_HANDLE', {
        reason: 'the session is shut down or never was',
      });
    }
    return session;
  }

  /** Finds a session for the last time, and lets go of it when `close` is done with it. */
  async take(
    operation: string,
    handle: SessionHandle,
    close: (session: Session) => Promise<void>,
  ): Promise<void> {
    const session = this.find(operation, handle);
    this.#sessions.delete(handle);
    this.#leaving.add(session);
    try {
      await close(session);
    } finally {
      this.#leaving.delete(session);
      session.observers.clear();
    }
  }

  handles(): SessionHandle[] {
    return [...this.#sessions.keys()] as SessionHandle[];
  }

  all(): Session[] {
    return [...this.#sessions.values()];
  }

  /** Something happened that concerns all sessions. */
  readonly emit = (event: DistributionEvent): void => {
    this.note(event);
    for (const session of this.#sessions.values()) session.tell(event);
    for (const session of this.#leaving) session.tell(event);
  };

  /** A session, if it is open. */
  peek(handle: SessionHandle): Session | undefined {
    return this.#sessions.get(handle);
  }
}
