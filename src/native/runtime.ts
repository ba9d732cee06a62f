import { type Clock } from '../driver/index.js';
import { CompletionPort } from './completion-port.js';
import { loadFfi } from './ffi.js';
import type { LibraryPaths } from './libraries.js';
import { Native } from './native.js';
import { checkPlatform } from './platform.js';
import { acquireWaiting, releaseWaiting, type Waiting } from './process-wide.js';
import { waitCalls } from './wait-calls.js';

/** How the driver learns that a distribution status has changed. */
export type StatusSignal = 'event' | 'completion-port';

/** What every member of the driver works with, once koffi is loaded. */
export interface Runtime extends Readonly<Pick<Waiting, 'pump' | 'groupEvent' | 'distributionEvent'>> {
  readonly native: Native;
  readonly clock: Clock;
  readonly statusSignal: StatusSignal;
  /** Where status registrations leave their packets, if {@link statusSignal} says so. */
  readonly completionPort: CompletionPort;
  /** Gives back what the driver waits with. Nothing may be pending. */
  release(): Promise<void>;
}

export interface RuntimeOptions {
  readonly clock: Clock;
  readonly statusSignal: StatusSignal;
  /** `undefined`: not on Windows, and no other libraries were named. */
  readonly paths: LibraryPaths | undefined;
}

/** @throws MissingKoffi or Unsupported */
export const createRuntime = async ({ clock, statusSignal, paths }: RuntimeOptions): Promise<Runtime> => {
  const libraries = checkPlatform(paths);
  const native = new Native(await loadFfi(), libraries);
  const waiting = acquireWaiting(libraries.kernel32, waitCalls(native));
  const { pump, groupEvent, distributionEvent } = waiting;
  const completionPort = new CompletionPort(native, clock);
  return {
    ...{ native, pump, clock, statusSignal, groupEvent, distributionEvent, completionPort },
    release: async () => {
      completionPort.close();
      await releaseWaiting(waiting);
    },
  };
};
