import { Gate } from './gate.js';
import { Pump, type WaitCalls } from './pump.js';
import { SharedEvent } from './shared-event.js';

// The ESM and the CommonJS build of this package can both be loaded by one process, which must still wait only once.
const SLOT = Symbol.for('peerweave/native/1');

// libuv has four threads: one is the pump's, two may hold slow calls, one stays for everybody else.
const SLOW_CALLS = 2;

/** What all drivers of the process wait with. */
export interface Waiting {
  readonly pump: Pump;
  /** Signalled by every event registration of a group. */
  readonly groupEvent: SharedEvent;
  /** Signalled by every asynchronous operation and status registration of a distribution session. */
  readonly distributionEvent: SharedEvent;
  /** Drivers that have it from {@link acquireWaiting} and not released it. */
  users: number;
}

/** What of this room is in the slot; other rooms have theirs in it. */
interface Shared {
  /** By kernel32, of which only tests have more than one. */
  waiting?: Map<string, Waiting>;
  slowCalls?: Gate;
}

const shared = (): Shared => {
  const slots = globalThis as unknown as Record<symbol, Shared | undefined>;
  return (slots[SLOT] ??= {});
};

/** Where every native call that runs on a thread of libuv waits for its turn; the pump's does not. */
export const slowCalls = (): Gate => (shared().slowCalls ??= new Gate(SLOW_CALLS));

/** Two events are enough for any number of drivers, so no number of them comes near the limit of a native wait. */
export const acquireWaiting = (kernel32: string, calls: WaitCalls): Waiting => {
  const waiting = (shared().waiting ??= new Map<string, Waiting>());
  const create = (): Waiting => {
    const pump = new Pump(calls);
    return {
      pump,
      groupEvent: new SharedEvent(pump, calls),
      distributionEvent: new SharedEvent(pump, calls),
      users: 0,
    };
  };
  const found = waiting.get(kernel32) ?? create();
  waiting.set(kernel32, found);
  found.users++;
  return found;
};

/** Closes the events with the last driver. */
export const releaseWaiting = async (waiting: Waiting): Promise<void> => {
  if (--waiting.users > 0) return;
  await Promise.all([waiting.groupEvent.dispose(), waiting.distributionEvent.dispose()]);
};
