/** What kind of failure it was, by what the caller can do about it. */
export type PeerErrorTag =
  /** The input breaks a rule; correct it. `problems` lists every fault where the SDK found them itself. */
  | 'BadArgument'
  /** The handle was closed, by this program or another; open a new one. */
  | 'HandleClosed'
  /** The distribution service dropped to disabled or unavailable and took the handle with it. */
  | 'Invalidated'
  /** Too early: something has to finish first. The same call can succeed later. */
  | 'NotReady'
  /** This user, role or password may not do that. */
  | 'AccessDenied'
  | 'NotFound'
  | 'AlreadyExists'
  /** Switched off by configuration or policy; it stays so until somebody switches it on. */
  | 'Disabled'
  /** A service, network or peer does not answer at the moment; try again later. */
  | 'Unavailable'
  /** This driver or system cannot do that at all. */
  | 'Unsupported'
  | 'Timeout'
  | 'Cancelled'
  /** Data from elsewhere (a peer, a file, an invitation) is malformed or fails its checks. */
  | 'Protocol'
  /** The operating system failed: memory, disk, or a code without a documented meaning. */
  | 'System'
  /** A bug in a driver or in this SDK. */
  | 'Defect';
