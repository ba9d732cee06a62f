import type { PeerErrorTag } from 'peerweave';

/** What the command ends with, by what a script can do about it. Listed in docs/CLI.md. */
export const EXIT_CODES: Readonly<Record<PeerErrorTag, number>> = {
  BadArgument: 2,
  NotFound: 3,
  AccessDenied: 4,
  AlreadyExists: 5,
  Disabled: 6,
  Unavailable: 6,
  NotReady: 6,
  Invalidated: 6,
  Timeout: 7,
  Unsupported: 8,
  Protocol: 9,
  HandleClosed: 1,
  System: 1,
  Defect: 1,
  Cancelled: 130,
};

/** The words on the command line were wrong. */
export const USAGE_EXIT_CODE = 2;

/** Nobody reads the output any more, as with `| head`: what a shell says of who was stopped by SIGPIPE. */
export const CUT_OFF_EXIT_CODE = 141;
