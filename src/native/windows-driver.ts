import { Disposal, systemClock, type Clock, type Driver, type SupportReport } from '../driver/index.js';
import { createDistribution } from './distribution.js';
import { createEnumeration } from './enumeration.js';
import { Refusal } from './failure.js';
import { createGrouping } from './grouping.js';
import { releasePeers } from './grouping-teardown.js';
import { createIdentity } from './identity.js';
import type { LibraryPaths } from './libraries.js';
import { pathsFor } from './platform.js';
import { createRuntime, type Runtime, type StatusSignal } from './runtime.js';
import { createSessions } from './session.js';
import { PeerState } from './state.js';
import { findSupport } from './support.js';

/** How the Windows driver is to work; all of it has defaults. */
export interface WindowsDriverOptions {
  readonly clock?: Clock | undefined;
  /**
   * How a change of the distribution status is learnt: by the event of its OVERLAPPED, or also through an I/O
   * completion port. `event` by default.
   */
  readonly statusSignal?: StatusSignal | undefined;
  /** Absolute paths of libraries to load instead of those in System32, for tests. */
  readonly libraries?: Partial<LibraryPaths> | undefined;
}

/**
 * Makes the driver on P2P.dll and PeerDist.dll. `openDriver` of `peerweave` takes it where it works.
 *
 * Creating it does nothing; koffi and the DLLs are loaded by the first call. `dispose` releases every handle that is
 * still open. Where something is missing every member rejects with E_NOTIMPL or ERROR_NOT_SUPPORTED and says what to
 * do.
 *
 * @example
 * ```ts
 * import { createWindowsDriver } from 'peerweave/native';
 *
 * const driver = createWindowsDriver();
 * await driver.identity.getDefault().then(console.log, (fault: Error) => console.log(fault.message));
 * await driver.dispose();
 * ```
 */
export const createWindowsDriver = (options: WindowsDriverOptions = {}): Driver => {
  const { clock = systemClock, statusSignal = 'event' } = options;
  const paths = pathsFor(options.libraries);
  const peers = new PeerState();
  const sessions = createSessions();
  let runtime: Promise<Runtime> | undefined;
  const refuseIfDisposed = (): void => {
    if (peers.disposed) throw new Refusal('ERROR_INVALID_HANDLE', Disposal.REASON);
  };
  const load = async (): Promise<Runtime> => {
    refuseIfDisposed();
    const loaded = await (runtime ??= createRuntime({ clock, statusSignal, paths }));
    refuseIfDisposed();
    return loaded;
  };
  const dispose = async (): Promise<void> => {
    peers.disposed = true;
    const loaded = await runtime?.catch(() => undefined);
    if (loaded === undefined) return;
    const shutdowns = sessions.entries().map(([session]) =>
      sessions
        .take(session)
        .shutdown(loaded.native)
        .catch(() => undefined),
    );
    await Promise.all(shutdowns);
    await releasePeers(loaded, peers);
    await loaded.release();
  };
  const disposal = new Disposal();

  return {
    name: 'windows',
    grouping: createGrouping(load, peers),
    identity: createIdentity(load, peers),
    enumeration: createEnumeration(load, peers),
    distribution: createDistribution(load, sessions),
    support: () => findSupport(paths),
    dispose: () => disposal.run(dispose),
    disposal,
  };
};

/**
 * What of the Windows APIs is on this machine, without keeping anything open. Never rejects.
 *
 * @example
 * ```ts
 * import { probeWindows } from 'peerweave/native';
 *
 * for (const { subject, ok, detail } of (await probeWindows()).findings) console.log(subject, ok, detail);
 * ```
 */
export const probeWindows = (options: Pick<WindowsDriverOptions, 'libraries'> = {}): Promise<SupportReport> =>
  findSupport(pathsFor(options.libraries));
