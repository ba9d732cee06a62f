import { PeerError } from './peer-error.js';
import type { Problem } from './problem.js';
import { isError } from '../../driver/errors.js';

/** The input breaks rules; `problems` holds all of them. */
export const badArgument = (problems: readonly Problem[], operation: string): PeerError =>
  new PeerError({
    tag: 'BadArgument',
    code: 'PEERWEAVE_BAD_ARGUMENT',
    operation,
    what: problems.length === 1 ? 'the input has a problem' : `the input has ${problems.length} problems`,
    advice: 'Correct the input and call again; nothing was done.',
    problems,
  });

/** The handle was closed before the call, so nothing was called. */
export const handleClosed = (operation: string): PeerError =>
  new PeerError({
    tag: 'HandleClosed',
    code: 'PEERWEAVE_HANDLE_CLOSED',
    operation,
    what: 'the handle is closed',
    advice:
      'Use it before its scope ends: inside withGroup or withSession, or while the stream that emitted it is subscribed.',
  });

/** A status change of the distribution service voided the handle before the call. */
export const invalidated = (operation: string): PeerError =>
  new PeerError({
    tag: 'Invalidated',
    code: 'PEERWEAVE_INVALIDATED',
    operation,
    what: 'the distribution service was disabled or became unavailable, which closed the handle',
    advice: 'Wait until distributionStatus emits available, then open the content or publication again.',
  });

/** The caller's AbortSignal, or the end of the scope, stopped the call. */
export const cancelled = (operation: string, cause?: unknown): PeerError =>
  new PeerError({
    tag: 'Cancelled',
    code: 'PEERWEAVE_CANCELLED',
    operation,
    what: 'it was cancelled',
    advice: 'Nothing needs to be done; start it again if it is still wanted.',
    cause,
  });

/** `awaited` did not happen within `ms` milliseconds. */
export const timeout = (operation: string, awaited: string, ms: number): PeerError =>
  new PeerError({
    tag: 'Timeout',
    code: 'PEERWEAVE_TIMEOUT',
    operation,
    what: `${awaited} did not happen within ${ms} ms`,
    advice: 'Try again, with a longer time limit if the network is slow.',
  });

/** This system or driver cannot do it. */
export const unsupported = (operation: string, reason: string, advice: string): PeerError =>
  new PeerError({ tag: 'Unsupported', code: 'PEERWEAVE_UNSUPPORTED', operation, what: reason, advice });

/** Something threw that has no business to: a bug in a driver, a callback or the SDK. */
export const defect = (operation: string, cause: unknown): PeerError =>
  new PeerError({
    tag: 'Defect',
    code: 'PEERWEAVE_DEFECT',
    operation,
    what: `an unexpected ${isError(cause) ? cause.name : typeof cause} was thrown`,
    advice: 'This is a bug in the driver, in a callback or in peerweave; the cause tells where it came from.',
    cause,
  });
