import { isUint8Array } from 'node:util/types';
import { badArgument, cancelled, isPeerError, PeerError } from './error/index.js';
import { untilAborted } from './until-aborted.js';
import { messageOf } from '../driver/errors.js';

/**
 * Fetches bytes that no peer has, from wherever the content came from. `offset` counts from its start. It may answer
 * fewer than `length` and is asked for the rest then, but not none; what it rejects with ends the transfer, as the cause
 * of an `Unavailable` unless it is a PeerError.
 */
export type Origin = (
  range: { readonly offset: number; readonly length: number },
  signal: AbortSignal,
) => Promise<Uint8Array>;

/** Bytes of an origin, one or more. @throws PeerError for whatever it does instead, Cancelled by the signal. */
export const fetchFrom = async (
  origin: Origin,
  range: { readonly offset: number; readonly length: number },
  signal: AbortSignal,
): Promise<Uint8Array> => {
  const answer = await ask(origin, range, signal);
  if (!isUint8Array(answer)) throw badAnswer();
  // A server that does not know ranges sends more than it was asked for.
  const bytes = answer.subarray(0, range.length);
  if (bytes.length === 0) throw nothingThere(range.offset);
  return bytes;
};

const ask = async (origin: Origin, range: Parameters<Origin>[0], signal: AbortSignal): Promise<unknown> => {
  try {
    const asked = (async () => ({ bytes: await origin(range, signal) }))();
    const answer = await untilAborted(asked, signal);
    if (answer === undefined) throw cancelled(OPERATION);
    return answer.bytes;
  } catch (thrown) {
    if (isPeerError(thrown)) throw thrown;
    throw signal.aborted ? cancelled(OPERATION, thrown) : failed(thrown);
  }
};

const OPERATION = 'retrieve';

const badAnswer = (): PeerError =>
  badArgument([{ path: 'origin', code: 'type', message: 'must resolve with a Uint8Array' }], OPERATION);

const nothingThere = (offset: number): PeerError =>
  new PeerError({
    tag: 'NotFound',
    code: 'PEERWEAVE_ORIGIN_EMPTY',
    operation: OPERATION,
    what: `no peer has the bytes from ${offset} on, and the origin gives none`,
    advice: 'Look whether the origin still has this content.',
  });

const failed = (cause: unknown): PeerError =>
  new PeerError({
    tag: 'Unavailable',
    code: 'PEERWEAVE_ORIGIN_FAILED',
    operation: OPERATION,
    what: `the origin failed: ${messageOf(cause)}`,
    advice: 'The cause tells what it said; try again.',
    cause,
  });
