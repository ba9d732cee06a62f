import { win32Fault, type DistributionEvent, type SessionHandle } from '../../../driver/index.js';
import { Session } from './session.js';

/** The sessions of one engine, and the numbers for all of its distribution handles. */
export class Sessions {
  readonly #sessions = new Map<bigint, Session>();
  #lastHandle = 0n;

  open(): SessionHandle {
    const nextHandle = (): bigint => {
      this.#lastHandle += 1n;
      return this.#lastHandle;
    };
    const handle = nextHandle();
    this.#sessions.set(handle, new Session(nextHandle));
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

  /** Finds a session for the last time. */
  take(operation: string, handle: SessionHandle): Session {
    const session = this.find(operation, handle);
    this.#sessions.delete(handle);
    return session;
  }

  handles(): SessionHandle[] {
    return [...this.#sessions.keys()] as SessionHandle[];
  }

  all(): Session[] {
    return [...this.#sessions.values()];
  }

  /** Tells the observers of all sessions. What one of them throws is uncaught, but disturbs nothing here. */
  readonly emit = (event: DistributionEvent): void => {
    for (const { observers } of this.#sessions.values()) {
      for (const observer of observers) tell(observer, event);
    }
  };
}

const tell = (observer: (event: DistributionEvent) => void, event: DistributionEvent): void => {
  try {
    observer(event);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
};
