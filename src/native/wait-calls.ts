import type { Native } from './native.js';
import type { WaitCalls } from './pump.js';

const WAIT_FAILED = 0xffff_ffff;
const WAIT_TIMEOUT = 258;
const MAX_EVENTS = 64;

/** Waiting by kernel32. */
export const waitCalls = (native: Native): WaitCalls => {
  // Read by the waiting thread, so it lives as long as the process and is rewritten between waits only.
  let handles: bigint | undefined;
  return {
    createEvent: () => native.handle('CreateEventW', 0n, 0, 0, 0n),
    setEvent: (event) => native.plain('SetEvent', event) !== 0,
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
