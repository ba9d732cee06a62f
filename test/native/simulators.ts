import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import koffi, { type LibraryHandle } from 'koffi';
import type { LibraryPaths } from '../../src/native/index.js';

type Control = (...args: readonly (string | number | bigint | null)[]) => number;

/** The native functions that were called since the last reset, in their order. */
type CallLog = () => readonly string[];

/** One copy of the simulated DLLs: a machine with its own identities, handles and service. */
export interface Machine {
  readonly libraries: Partial<LibraryPaths>;
  readonly p2p: Readonly<
    Record<
      | 'reset'
      | 'openHandles'
      | 'refusedCloses'
      | 'orphans'
      | 'blocksHandedOut'
      | 'startups'
      | 'undelivered'
      | 'fail'
      | 'calls'
      | 'burst'
      | 'setLatency'
      | 'setEventDelay',
      Control
    >
  > & {
    readonly log: CallLog;
    /** Holds a thread of libuv until so many are held at once, or for so long. Answers whether that came about. */
    readonly meet: (threads: number, milliseconds: number) => Promise<boolean>;
    /** Before the next meeting. */
    readonly endMeeting: Control;
  };
  readonly peerdist: Readonly<
    Record<
      | 'reset'
      | 'openHandles'
      | 'refusedCloses'
      | 'orphans'
      | 'pending'
      | 'owns'
      | 'fail'
      | 'failCompletion'
      | 'calls'
      | 'completions'
      | 'setStatus'
      | 'setLatency'
      | 'setCompletionDelay'
      | 'letCancelsLose'
      | 'setPortSignals'
      | 'reportFailuresBy',
      Control
    >
  > & { readonly log: CallLog };
}

export interface Simulators {
  readonly directory: string;
  readonly machines: readonly [Machine, Machine];
  /** A machine with the functions of Windows 7; its counters are not among those of {@link machines}. */
  readonly windows7: Machine;
  /** Events and ports of the simulated kernel that nobody has closed, with keys and hashes of CryptoAPI. */
  liveObjects(): number;
  /** Calls of the simulated kernel with a handle that is not open, or that closed one which a thread waits for. */
  refusedHandles(): number;
  remove(): void;
}

/** Does something at once, rather than on another thread after a delay. */
export const AT_ONCE = 0xffff_ffff;
/** The delay of what is not to happen. */
export const NEVER = 0xffff_ffff;

// From the root of the repository, where tests and benchmarks are started.
const BUILD = resolve('test/windows/native/build.sh');

const onWindows = process.platform === 'win32';

const machineIn = (directory: string, system: Partial<LibraryPaths>): Machine => {
  const suffix = onWindows ? 'dll' : 'so';
  const paths = { p2p: join(directory, `p2p.${suffix}`), peerdist: join(directory, `peerdist.${suffix}`) };
  const [p2p, peerdist] = [koffi.load(paths.p2p), koffi.load(paths.peerdist)];
  const bind = (library: LibraryHandle, definition: string): Control => library.func(definition) as Control;
  const fail = 'void Sim_Fail(const char *function, uint32_t turn, uint32_t code)';
  const calls = 'uint32_t Sim_Calls(const char *function)';
  const logOf = (library: LibraryHandle): CallLog => {
    const names = library.func('const char *Sim_CallLog()') as () => string;
    return () => names().split(' ').slice(0, -1);
  };
  const meet = p2p.func('int32_t Sim_Meet(uint32_t count, uint32_t milliseconds)') as unknown as {
    readonly async: (
      threads: number,
      milliseconds: number,
      done: (error: Error | null, met: number) => void,
    ) => void;
  };
  return {
    libraries: { ...paths, ...system },
    p2p: {
      reset: bind(p2p, 'void SimP2P_Reset()'),
      openHandles: bind(p2p, 'int32_t SimP2P_OpenHandles()'),
      refusedCloses: bind(p2p, 'int32_t SimP2P_RefusedCloses()'),
      orphans: bind(p2p, 'int32_t SimP2P_Orphans()'),
      blocksHandedOut: bind(p2p, 'int32_t SimP2P_BlocksHandedOut()'),
      startups: bind(p2p, 'int32_t SimP2P_Startups()'),
      undelivered: bind(p2p, 'int32_t SimP2P_Undelivered()'),
      fail: bind(p2p, fail),
      calls: bind(p2p, calls),
      setLatency: bind(p2p, 'void Sim_SetLatency(uint32_t microseconds)'),
      burst: bind(p2p, 'void SimP2P_Burst(uint64_t handle, uint32_t events)'),
      setEventDelay: bind(p2p, 'void SimP2P_SetEventDelay(uint32_t microseconds)'),
      log: logOf(p2p),
      meet: (threads, milliseconds) =>
        new Promise((resolve, reject) =>
          meet.async(threads, milliseconds, (error, met) =>
            error === null ? resolve(met !== 0) : reject(error),
          ),
        ),
      endMeeting: bind(p2p, 'void Sim_EndMeeting()'),
    },
    peerdist: {
      reset: bind(peerdist, 'void SimPeerDist_Reset()'),
      openHandles: bind(peerdist, 'int32_t SimPeerDist_OpenHandles()'),
      refusedCloses: bind(peerdist, 'int32_t SimPeerDist_RefusedCloses()'),
      orphans: bind(peerdist, 'int32_t SimPeerDist_Orphans()'),
      pending: bind(peerdist, 'int32_t SimPeerDist_Pending()'),
      owns: bind(peerdist, 'int32_t SimPeerDist_Owns(uint64_t overlapped)'),
      fail: bind(peerdist, fail),
      failCompletion: bind(
        peerdist,
        'void Sim_FailCompletion(const char *function, uint32_t turn, uint32_t code)',
      ),
      calls: bind(peerdist, calls),
      completions: bind(peerdist, 'uint32_t Sim_Completions(const char *function)'),
      setStatus: bind(peerdist, 'void SimPeerDist_SetStatus(uint32_t status, uint32_t delay)'),
      setLatency: bind(peerdist, 'void Sim_SetLatency(uint32_t microseconds)'),
      setCompletionDelay: bind(
        peerdist,
        'void SimPeerDist_SetCompletionDelay(uint32_t least_us, uint32_t most_us)',
      ),
      letCancelsLose: bind(peerdist, 'void SimPeerDist_LetCancelsLose(int32_t lose)'),
      setPortSignals: bind(
        peerdist,
        'void SimPeerDist_SetPortSignals(uint32_t packet_us, uint32_t event_us)',
      ),
      reportFailuresBy: bind(peerdist, 'void SimPeerDist_ReportFailuresBy(uint32_t how)'),
      log: logOf(peerdist),
    },
  };
};

const machinesIn = (
  directory: string,
  system: Partial<LibraryPaths>,
): Pick<Simulators, 'machines' | 'windows7'> => ({
  machines: [machineIn(join(directory, 'a'), system), machineIn(join(directory, 'b'), system)],
  windows7: machineIn(join(directory, 'windows7'), system),
});

/** The DLLs that test/windows/run.sh has built; the kernel is that of Windows itself and does not count for us. */
const builtDlls = (directory: string): Simulators => ({
  directory,
  ...machinesIn(directory, {}),
  liveObjects: () => 0,
  refusedHandles: () => 0,
  remove: () => undefined,
});

const buildSharedObjects = (): Simulators => {
  const directory = mkdtempSync(join(tmpdir(), 'peerweave-simulators-'));
  const kind = process.env['PEERWEAVE_SIMULATORS_ASAN'] === undefined ? 'so' : 'asan';
  // A compiler that runs under AddressSanitizer itself takes ten times as long.
  const env = { ...process.env, LD_PRELOAD: undefined };
  execFileSync(BUILD, [kind, directory], { stdio: ['ignore', 'ignore', 'inherit'], env });
  const kernel = join(directory, 'libkernel32.so');
  const library = koffi.load(kernel);
  const liveEvents = library.func('int32_t SimKernel_LiveObjects()') as Control;
  const liveKeys = library.func('int32_t SimCrypt_Live()') as Control;
  const refused = library.func('int32_t SimKernel_RefusedHandles()') as Control;
  return {
    directory,
    ...machinesIn(directory, { kernel32: kernel, crypt32: kernel, advapi32: kernel }),
    liveObjects: () => liveEvents() + liveKeys(),
    refusedHandles: () => refused(),
    remove: () => rmSync(directory, { recursive: true }),
  };
};

/** Loads the simulators: on Windows those that are named by PEERWEAVE_SIMULATORS, elsewhere built as shared objects. */
export const buildSimulators = (): Simulators =>
  onWindows ? builtDlls(process.env['PEERWEAVE_SIMULATORS'] ?? '') : buildSharedObjects();
