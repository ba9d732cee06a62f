import type { PeerEnv } from '../../effects/env.js';
import { REQUESTING_MISSING_DATA } from '../protocol/peerdist-headers.js';
import { type ContentState, isAboutSame, rangeOf } from './content-state.js';
import type { Origin } from './origin.js';
import { brokenRange, endedEarly, mayPass, refusedBy, StartOver } from './origin-failure.js';
import { pause } from './pause.js';

/** Attempts in a row that bring no byte. */
const MOST_FAILURES = 5;
const FIRST_PAUSE_MS = 250;

/**
 * The bytes of a content from `offset` to `end`, from its origin; beyond `end` where the origin cannot answer in parts.
 * A connection that breaks is made again from where it was.
 *
 * @param mostFailures in a row that are not told yet.
 * @throws StartOver when the content is not the same any more.
 */
export async function* readOrigin(
  origin: Origin,
  state: ContentState,
  { offset, end }: { readonly offset: number; readonly end: number },
  { clock }: PeerEnv,
  signal: AbortSignal,
  mostFailures = MOST_FAILURES,
): AsyncGenerator<Uint8Array, void> {
  let failures = 0;
  for (let at = offset; at < end;) {
    try {
      for await (const piece of part(origin, state, at, end, signal)) {
        failures = 0;
        at += piece.length;
        yield piece;
      }
    } catch (error) {
      failures += 1;
      if (!mayPass(error) || failures > mostFailures) throw error;
      await pause(clock, FIRST_PAUSE_MS * 2 ** (failures - 1), signal);
    }
  }
}

async function* part(
  origin: Origin,
  state: ContentState,
  at: number,
  end: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const { validator, length } = state;
  const answer = await origin.ask(
    {
      ...REQUESTING_MISSING_DATA,
      range: `bytes=${at}-${end - 1}`,
      ...(validator === undefined ? {} : { 'if-range': validator }),
    },
    signal,
  );
  try {
    const { status, headers } = answer;
    if (status === 416) throw changed();
    if (status !== 200 && status !== 206) throw refusedBy(status, origin.url);
    if (!isAboutSame(headers, state)) throw changed();
    if (!IDENTITY.test(headers.get('content-encoding') ?? '')) throw brokenRange('a range was encoded');
    if (status === 206) {
      const range = rangeOf(headers);
      if (range?.total !== undefined && length !== undefined && range.total !== length) throw changed();
      if (range?.start !== at || range.end > end) throw brokenRange('the origin answered with another range');
      yield* exactly(answer.pieces(), 0, range.end - at);
    } else {
      // Without a validator this may be anything.
      if (validator === undefined || length === undefined) throw changed();
      yield* exactly(answer.pieces(), at, length - at);
    }
  } finally {
    await answer.cancel();
  }
}

const IDENTITY = /^(?:identity)?$/i;

const changed = (): StartOver => new StartOver('nothing', 'the content changed while it was fetched');

/** What is behind `skip` bytes, which must be `length` bytes; what comes after them is left. */
async function* exactly(
  pieces: AsyncIterable<Uint8Array>,
  skip: number,
  length: number,
): AsyncGenerator<Uint8Array, void> {
  let toSkip = skip;
  let left = length;
  for await (const piece of pieces) {
    const skipped = Math.min(toSkip, piece.length);
    toSkip -= skipped;
    const wanted = piece.subarray(skipped, skipped + left);
    left -= wanted.length;
    if (wanted.length > 0) yield wanted;
    if (left === 0) return;
  }
  throw endedEarly();
}
