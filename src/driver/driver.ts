import type { Disposal } from './disposal.js';
import type { DistributionDriver } from './distribution.js';
import type { EnumerationDriver } from './enumeration.js';
import type { GroupingDriver } from './grouping.js';
import type { IdentityDriver } from './identity.js';

/** One thing that was looked at to find out whether a driver can work here. */
export interface SupportFinding {
  readonly subject: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do about it when it is not ok. */
  readonly advice?: string | undefined;
}

/** What was found on this machine. */
export interface SupportReport {
  readonly driver: string;
  readonly findings: readonly SupportFinding[];
}

/**
 * Everything the SDK asks of a platform. Implementations: the Windows DLLs, the embedded engine, the scripted driver of
 * `peerweave/testing`.
 *
 * Every member answers with a promise and rejects with nothing but a {@link DriverFault}. A member that a driver lacks
 * rejects with E_NOTIMPL or ERROR_NOT_SUPPORTED and a reason. Raw handles are not protected: a handle that was closed
 * answers PEER_E_INVALID_GROUP, E_INVALIDARG or ERROR_INVALID_HANDLE.
 */
export interface Driver {
  /** `windows`, `engine` or `fake`. */
  readonly name: string;
  readonly grouping: GroupingDriver;
  readonly identity: IdentityDriver;
  readonly enumeration: EnumerationDriver;
  readonly distribution: DistributionDriver;
  /** What was found on this machine; never rejects. */
  support(): Promise<SupportReport>;
  /**
   * Releases everything the driver still holds; never rejects, and may be called again. Handles are void from then on,
   * and every call that would make one is refused with ERROR_INVALID_HANDLE, also one that is under way.
   */
  dispose(): Promise<void>;
  /** How whoever has something of it open learns that {@link dispose} was called. */
  readonly disposal?: Pick<Disposal, 'hasBegun' | 'whenDisposed'>;
}
