import {
  WIN32_CODES,
  type DistributionDriver,
  type DistributionStatus,
  type DistributionStatusInfo,
  type SessionHandle,
  type StatusRegistration,
  PEERDIST_STATUS,
} from '../driver/index.js';
import { Aborted, faultFrom, NativeFailure, Refusal, Unsupported } from './failure.js';
import { NULL, u32In, u64In } from './frame.js';
import { PEERDIST_STATUS_INFO } from './layouts.js';
import type { MakeMember } from './members.js';
import type { Native } from './native.js';
import type { Completion } from './completion.js';
import type { Operation } from './operations.js';
import { room } from './p2p.js';
import type { Runtime } from './runtime.js';
import { Session, type Sessions } from './session.js';

const { ERROR_SUCCESS, ERROR_IO_PENDING, PEERDIST_ERROR_VERSION_UNSUPPORTED } = WIN32_CODES;
const VERSION_WINDOWS_8 = 2;
const VERSION_WINDOWS_7 = 1;

const { status, dwMinVer, dwMaxVer } = PEERDIST_STATUS_INFO.fields;
/** What PeerDist.dll is to fill in: it wants the size in the first field. */
const NO_STATUS_INFO = new Uint8Array(Uint32Array.of(PEERDIST_STATUS_INFO.size, 0, 0, 0).buffer);

const STATUSES = new Map<number, DistributionStatus>([
  [PEERDIST_STATUS.PEERDIST_STATUS_DISABLED, 'disabled'],
  [PEERDIST_STATUS.PEERDIST_STATUS_UNAVAILABLE, 'unavailable'],
  [PEERDIST_STATUS.PEERDIST_STATUS_AVAILABLE, 'available'],
]);

const statusFrom = (value: number): DistributionStatus => {
  const known = STATUSES.get(value);
  if (known === undefined) throw new Error(`PeerDist.dll answered the unknown status ${value}`);
  return known;
};

const startup = (native: Native): SessionHandle =>
  native.frame((frame) => {
    const session = room(frame);
    const start = (version: number): number => native.code('PeerDistStartup', version, session.address, NULL);
    const code = start(VERSION_WINDOWS_8);
    const final = code === PEERDIST_ERROR_VERSION_UNSUPPORTED ? start(VERSION_WINDOWS_7) : code;
    if (final !== ERROR_SUCCESS) throw new NativeFailure(final, 'PeerDistStartup');
    return u64In(session) as SessionHandle;
  });

const getStatus = (native: Native, session: SessionHandle): DistributionStatus =>
  native.frame((frame) => {
    const cell = frame.reserve(4);
    native.win32('PeerDistGetStatus', session, cell.address);
    return statusFrom(u32In(cell));
  });

/** PeerDistGetStatusEx; before Windows 8 there is only content information of version 1. */
const getStatusInfo = (native: Native, session: SessionHandle): DistributionStatusInfo => {
  if (!native.has('PeerDistGetStatusEx')) {
    return { status: getStatus(native, session), minVersion: 1, maxVersion: 1 };
  }
  return native.frame((frame) => {
    const cell = frame.reserve(PEERDIST_STATUS_INFO.size);
    cell.bytes.set(NO_STATUS_INFO);
    native.win32('PeerDistGetStatusEx', session, cell.address);
    const at = ({ offset }: { readonly offset: number }): number => cell.view.getUint32(offset, true);
    return { status: statusFrom(at(status)), minVersion: at(dwMinVer), maxVersion: at(dwMaxVer) };
  });
};

/** One of the two functions that register, with the cell it leaves the status in. */
interface Registration {
  readonly name:
    'PeerDistRegisterForStatusChangeNotification' | 'PeerDistRegisterForStatusChangeNotificationEx';
  readonly cell: Uint8Array;
  readonly statusAt: number;
}

const REGISTRATION_OF_WINDOWS_7: Registration = {
  name: 'PeerDistRegisterForStatusChangeNotification',
  cell: new Uint8Array(4),
  statusAt: 0,
};

const REGISTRATION: Registration = {
  name: 'PeerDistRegisterForStatusChangeNotificationEx',
  cell: NO_STATUS_INFO,
  statusAt: status.offset,
};

const registrationOf = (native: Native): Registration =>
  native.has(REGISTRATION.name) ? REGISTRATION : REGISTRATION_OF_WINDOWS_7;

interface Armed {
  readonly finished: Promise<Completion>;
  /** Whether the status had changed before. The registration then ends at once, as it might never hear of it. */
  readonly early: boolean;
}

/** Registers for one change. @throws NativeFailure */
const arm = (runtime: Runtime, session: Session): Armed => {
  const first = armOnce(runtime, session);
  // The first registration of a session may be answered at once, which is no change.
  return first.early || first.pending ? first : armOnce(runtime, session);
};

const armOnce = (runtime: Runtime, session: Session): Armed & { readonly pending: boolean } => {
  const { native } = runtime;
  const { overlapped, finished } = begin(runtime, session);
  const unregister = (): number =>
    native.code('PeerDistUnregisterForStatusChangeNotification', session.handle);
  try {
    const early = getStatus(native, session.handle) !== session.statusSeen;
    if (early) unregister();
    session.operations.settle();
    return { finished, early, pending: session.operations.isPending(overlapped) };
  } catch (error) {
    unregister();
    throw error;
  }
};

const begin = (
  { native, statusSignal }: Runtime,
  { handle, operations, completionPort }: Session,
): Operation => {
  const { name, cell } = registrationOf(native);
  const expected =
    statusSignal === 'completion-port'
      ? completionPort.expect(() => operations.completed(operation.overlapped))
      : undefined;
  const start = (): Operation =>
    operations.begin({
      input: cell,
      room: cell.length,
      whole: true,
      // The page of one function says ERROR_IO_PENDING, that of the other ERROR_SUCCESS.
      successIsPending: true,
      start: (_, overlapped, buffer) => {
        const { port, key } = expected ?? { port: NULL, key: 0n };
        const code = native.code(name, handle, port, key, overlapped, buffer);
        if (code !== ERROR_IO_PENDING && code !== ERROR_SUCCESS) throw new NativeFailure(code, name);
        return code;
      },
    });
  let operation: Operation;
  try {
    operation = start();
  } catch (error) {
    expected?.forget();
    throw error;
  }
  return expected === undefined
    ? operation
    : { ...operation, finished: operation.finished.finally(expected.forget) };
};

/**
 * Waits for a change; fails with a fault. A completion is only a wake-up: whether the status cell is written at the call, at completion or
 * both is not documented, so the status is asked for afterwards. That may be ahead of the notification, and the first
 * registration of a session may be answered at once: what brings nothing new is no change, and it is armed again.
 */
const changeOf = async (
  runtime: Runtime,
  session: Session,
  first: Armed,
): Promise<DistributionStatusInfo> => {
  const registration: { readonly ended: boolean } = (session.registration = { ended: false });
  const { name, statusAt } = registrationOf(runtime.native);
  try {
    for (let armed = first; ; armed = arm(runtime, session)) {
      const { code, bytes } = await armed.finished;
      if (registration.ended) throw new Aborted();
      // An end that nobody asked for.
      if (code !== ERROR_SUCCESS && !armed.early) throw new NativeFailure(code, name);
      const info = getStatusInfo(runtime.native, session.handle);
      // What the cell says shows a status that came and went before it could be asked for.
      const notified = statusFrom(viewOf(bytes).getUint32(statusAt, true));
      const known = info.status === session.statusSeen && notified === session.statusSeen;
      session.statusSeen = info.status;
      // A service that is away may have been back while nothing was armed, long enough for a handle to be opened.
      if (armed.early || !known || info.status !== 'available') return info;
    }
  } catch (error) {
    throw faultFrom('win32', 'distribution.registerStatusChange', error);
  } finally {
    if (session.registration === registration) session.registration = undefined;
  }
};

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset);

type Members =
  | 'startup'
  | 'shutdown'
  | 'getStatus'
  | 'getStatusInfo'
  | 'registerStatusChange'
  | 'unregisterStatusChange'
  | 'setEnabled';

/** Sessions and the status of the service. */
export const statusMembers = (member: MakeMember, sessions: Sessions): Pick<DistributionDriver, Members> => ({
  startup: member('startup', (runtime) => {
    const handle = startup(runtime.native);
    return sessions.add(handle, new Session(handle, runtime));
  }),

  shutdown: member('shutdown', ({ native }, session) => sessions.take(session).shutdown(native)),

  getStatus: member('getStatus', ({ native }, session) => {
    sessions.get(session);
    return getStatus(native, session);
  }),

  getStatusInfo: member('getStatusInfo', ({ native }, session) => {
    sessions.get(session);
    return getStatusInfo(native, session);
  }),

  registerStatusChange: member('registerStatusChange', (runtime, handle): StatusRegistration => {
    const session = sessions.get(handle);
    if (session.registration?.ended === false) {
      throw new Refusal('ERROR_INVALID_PARAMETER', 'the session has a registration that is still armed');
    }
    session.statusSeen ??= getStatus(runtime.native, handle);
    const changed = changeOf(runtime, session, arm(runtime, session));
    // Whoever does not wait for it any more must not bring the process down with its end.
    changed.catch(() => undefined);
    return { changed };
  }),

  unregisterStatusChange: member('unregisterStatusChange', ({ native }, handle) => {
    const session = sessions.get(handle);
    const code = session.unregister(native);
    session.operations.settle();
    if (code !== ERROR_SUCCESS)
      throw new NativeFailure(code, 'PeerDistUnregisterForStatusChangeNotification');
  }),

  setEnabled: member('setEnabled', () => {
    throw new Unsupported(
      'turning BranchCache on or off is up to an administrator: Enable-BCDistributed or Disable-BC in PowerShell',
    );
  }),
});
