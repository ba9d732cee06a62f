import { type Clock } from '../driver/index.js';
import { Unsupported } from './failure.js';
import { loadFfi } from './ffi.js';
import type { LibraryPaths } from './libraries.js';
import { Native } from './native.js';
import { sharedPump } from './process-wide.js';
import { Pump, type WaitCalls } from './pump.js';
import { SharedEvent } from './shared-event.js';

/** How the driver learns that a distribution status has changed. */
export type StatusSignal = 'event' | 'completion-port';

/** What every member of the driver works with, once koffi is loaded. */
export interface Runtime {
  readonly native: Native;
  readonly pump: Pump;
  readonly clock: Clock;
  readonly statusSignal: StatusSignal;
  /** Signalled by every event registration of a group. */
  readonly groupEvent: SharedEvent;
  /** Signalled by every asynchronous operation and status registration of a distribution session. */
  readonly distributionEvent: SharedEvent;
}

export interface RuntimeOptions {
  readonly clock: Clock;
  readonly statusSignal: StatusSignal;
  /** `undefined`: not on Windows, and no other libraries were named. */
  readonly paths: LibraryPaths | undefined;
}

const WAIT_FAILED = 0xffff_ffff;
const WAIT_TIMEOUT = 258;
const MAX_EVENTS = 64;

/** Waiting by kernel32. */
const waitCalls = (native: Native): WaitCalls => {
  // Read by the waiting thread, so it lives as long as the process and is rewritten between waits only.
  let handles: bigint | undefined;
  return {
    createEvent: () => native.handle('CreateEventW', 0n, 0, 0, 0n),
    setEvent: (event) => void native.plain('SetEvent', event),
    closeHandle: (handle) => void native.plain('CloseHandle', handle),
    takeSignal: (event) => native.plain('WaitForSingleObject', event, 0) === 0,
    wait: async (events, milliseconds) => {
      const array = new BigUint64Array(events);
      handles ??= native.allocate(MAX_EVENTS * 8);
      native.write(handles, new Uint8Array(array.buffer));
      const result = await native.wait(handles, events.length, milliseconds);
      if (result === WAIT_FAILED) throw new Error('WaitForMultipleObjects failed');
      return result === WAIT_TIMEOUT ? undefined : result;
    },
  };
};

/** @throws MissingKoffi or Unsupported */
export const createRuntime = async ({ clock, statusSignal, paths }: RuntimeOptions): Promise<Runtime> => {
  if (paths === undefined) {
    throw new Unsupported(
      `P2P.dll and PeerDist.dll are parts of Windows and this is ${process.platform}: take the embedded engine (peerweave/engine)`,
    );
  }
  const native = new Native(await loadFfi(), paths);
  const calls = waitCalls(native);
  const pump = sharedPump(paths.kernel32, () => new Pump(calls));
  return {
    native,
    pump,
    clock,
    statusSignal,
    groupEvent: new SharedEvent(pump, calls),
    distributionEvent: new SharedEvent(pump, calls),
  };
};
