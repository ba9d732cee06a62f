import { win32 as windowsPath } from 'node:path';
import type { SupportFinding, SupportReport } from '../driver/index.js';
import { DISTRIBUTION, DISTRIBUTION_CLIENT, DISTRIBUTION_SERVER } from './bindings-peerdist.js';
import { GROUPING, IDENTITY, UTILITY } from './bindings-p2p.js';
import { faultFrom, NativeFailure, Unsupported } from './failure.js';
import { loadFfi } from './ffi.js';
import { NULL, u64In } from './frame.js';
import { PEER_VERSION_DATA } from './layouts.js';
import type { LibraryPaths } from './libraries.js';
import { Native } from './native.js';
import { checkPlatform } from './platform.js';
import type { FunctionName } from './bindings.js';

const ENGINE = 'use the embedded engine: peerweave/engine';

const ADVICE = {
  p2p: `Windows 11 24H2 and Windows Server may come without Peer Grouping; ${ENGINE}`,
  peerdist: `Home editions come without BranchCache; ${ENGINE}`,
  grouping: 'start the services PNRPsvc, p2pimsvc and p2psvc; IPv6 must be installed; not as a guest account',
  distribution: 'install the BranchCache feature and run Enable-BCDistributed as an administrator',
} as const;

const P2P_FUNCTIONS = Object.keys({ ...GROUPING, ...IDENTITY, ...UTILITY }) as readonly FunctionName[];
const PEERDIST_FUNCTIONS = Object.keys({
  ...DISTRIBUTION,
  ...DISTRIBUTION_SERVER,
  ...DISTRIBUTION_CLIENT,
}) as readonly FunctionName[];

/** Asks `look`; a failure becomes the finding. */
const finding = (subject: string, advice: string, look: () => string): SupportFinding => {
  try {
    return { subject, ok: true, detail: look() };
  } catch (error) {
    const plain = error instanceof NativeFailure || error instanceof Unsupported;
    const detail = plain ? error.message : faultFrom('win32', subject, error).message;
    return { subject, ok: false, detail, advice };
  }
};

const exportsOf = (native: Native, names: readonly FunctionName[]): string => {
  const missing = names.filter((name) => !native.has(name));
  return missing.length === 0
    ? `all ${names.length} functions`
    : `${names.length - missing.length} of ${names.length} functions, without ${missing.join(', ')}`;
};

const tryGrouping = (native: Native): string =>
  native.frame((frame) => {
    const version = frame.struct(PEER_VERSION_DATA, {});
    native.hresult('PeerGroupStartup', 0x0101, version.address);
    native.hresult('PeerGroupShutdown');
    return 'PeerGroupStartup answers';
  });

const STATUS_NAMES = ['disabled', 'unavailable', 'available'] as const;

const tryDistribution = (native: Native): string =>
  native.frame((frame) => {
    const session = frame.reserve(8);
    const status = frame.reserve(4);
    native.win32('PeerDistStartup', 1, session.address, NULL);
    try {
      native.win32('PeerDistGetStatus', u64In(session), status.address);
    } finally {
      native.code('PeerDistShutdown', u64In(session));
    }
    return `BranchCache is ${STATUS_NAMES[status.view.getUint32(0, true)] ?? 'in an unknown state'}`;
  });

/** Looks at everything the Windows driver needs, and tries both services. Never rejects. */
export const findSupport = async (paths: LibraryPaths | undefined): Promise<SupportReport> => ({
  driver: 'windows',
  findings: await findingsOf(paths),
});

const findingsOf = async (paths: LibraryPaths | undefined): Promise<readonly SupportFinding[]> => {
  const platform = finding('platform', ENGINE, () => {
    checkPlatform(paths);
    return `${process.platform} ${process.arch}`;
  });
  if (paths === undefined || !platform.ok) return [platform];
  const ffi = await loadFfi().catch((error: unknown) => String(error));
  if (typeof ffi === 'string') {
    const advice = `install the optional dependency koffi 3.3 for this platform, or ${ENGINE}`;
    return [platform, { subject: 'koffi', ok: false, detail: ffi, advice }];
  }
  const native = new Native(ffi, paths);
  return [
    platform,
    { subject: 'koffi', ok: true, detail: ffi.version },
    finding(windowsPath.basename(paths.p2p), ADVICE.p2p, () => exportsOf(native, P2P_FUNCTIONS)),
    finding('grouping service', ADVICE.grouping, () => tryGrouping(native)),
    finding(windowsPath.basename(paths.peerdist), ADVICE.peerdist, () =>
      exportsOf(native, PEERDIST_FUNCTIONS),
    ),
    finding('distribution service', ADVICE.distribution, () => tryDistribution(native)),
  ];
};
