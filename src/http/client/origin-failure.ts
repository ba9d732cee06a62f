import { cancelled, isPeerError, PeerError, type PeerErrorTag } from '../../effects/error/index.js';
import { isError } from '../../driver/errors.js';

export const OPERATION = 'get';

const TAGS: Readonly<Record<number, PeerErrorTag>> = {
  401: 'AccessDenied',
  403: 'AccessDenied',
  404: 'NotFound',
  407: 'AccessDenied',
  408: 'Timeout',
  410: 'NotFound',
  429: 'Unavailable',
  451: 'AccessDenied',
  504: 'Timeout',
};

const ADVICE: Readonly<Partial<Record<PeerErrorTag, string>>> = {
  AccessDenied: 'Pass the headers that authorize the request.',
  NotFound: 'Check the URL.',
  Protocol: 'The origin does not follow HTTP, or something in between changes what it says.',
};

/** The origin answered with a status that brings no content. */
export const refusedBy = (status: number, url: string): PeerError => {
  const tag = TAGS[status] ?? (status >= 500 ? 'Unavailable' : 'Protocol');
  const isRefusal = tag === 'Protocol' && status >= 400;
  return new PeerError({
    tag,
    code: `HTTP_${status}`,
    operation: OPERATION,
    what: `the origin answered ${status} for ${url}`,
    advice: isRefusal ? 'Check the URL and the headers that are sent.' : (ADVICE[tag] ?? 'Try again later.'),
  });
};

/** The origin answered with something that is no answer to what was asked. */
export const brokenAnswer = (what: string, code = 'PEERWEAVE_BAD_ANSWER'): PeerError =>
  new PeerError({
    tag: 'Protocol',
    code,
    operation: OPERATION,
    what,
    advice: ADVICE.Protocol ?? '',
  });

const BAD_RANGE = 'PEERWEAVE_BAD_RANGE';

/** The origin was asked for a range, and answered with something else. It may do better without. */
export const brokenRange = (what: string): PeerError => brokenAnswer(what, BAD_RANGE);

export const isBrokenRange = (error: unknown): error is PeerError =>
  isPeerError(error) && error.code === BAD_RANGE;

/** What fetch rejected with before there was an answer: no connection, or something that is no answer. */
export const unanswered = (thrown: unknown, signal: AbortSignal): PeerError => {
  if (signal.aborted) return cancelled(OPERATION, thrown);
  const { code, name, message } = causeOf(thrown);
  const wasReached = isNoHttp(code ?? name) || NO_WAY_ON.test(message);
  const isBlocked = message === 'bad port';
  return new PeerError({
    tag: wasReached ? 'Protocol' : 'Unavailable',
    code: code ?? (wasReached ? 'PEERWEAVE_BAD_ANSWER' : 'PEERWEAVE_UNREACHABLE'),
    operation: OPERATION,
    what: wasReached
      ? `the origin answers with what cannot be followed: ${message}`
      : `the origin cannot be reached: ${message}`,
    advice: wasReached
      ? (ADVICE.Protocol ?? '')
      : isBlocked
        ? 'The Fetch standard blocks ports of other protocols; serve it at another one.'
        : 'Check the URL and the network, and try again.',
    cause: thrown,
  });
};

/** What reading a body rejected with: a connection that broke, or a coding that cannot be undone. */
export const brokenOff = (thrown: unknown, signal: AbortSignal): PeerError => {
  if (signal.aborted) return cancelled(OPERATION, thrown);
  const { code, message } = causeOf(thrown);
  return new PeerError({
    tag: 'Unavailable',
    code: code ?? 'PEERWEAVE_UNREACHABLE',
    operation: OPERATION,
    what: `the answer of the origin broke off: ${message}`,
    advice: 'Try again.',
    cause: thrown,
  });
};

/**
 * Of Node's parser and of undici, for a head that makes no sense; an end within it is a connection that broke. Where errors
 * of the parser have no code, as in Node 24, they have a name.
 */
const isNoHttp = (code: string): boolean =>
  /^HPE_(?!INVALID_EOF_STATE|CLOSED_CONNECTION)/.test(code) || NO_HTTP.has(code);

const NO_HTTP: ReadonlySet<string> = new Set([
  'HTTPParserError',
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'ERR_INVALID_URL',
]);

/** Of redirects, for which undici has no codes. */
const NO_WAY_ON = /\bredirect(?:ed|ion)?\b|\bURL scheme\b|\bInvalid URL\b/i;

interface Cause {
  readonly code: string | undefined;
  readonly name: string;
  readonly message: string;
}

const causeOf = (thrown: unknown): Cause => {
  const cause = isError(thrown) && isError(thrown.cause) ? thrown.cause : thrown;
  if (!isError(cause)) return { code: undefined, name: '', message: String(cause) };
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
  // Of an answer that it does not hand out, such as a 407, fetch does not say why.
  const { message } = cause.message === '' && isError(thrown) ? thrown : cause;
  return { code, name: cause.name, message };
};

/** The body was shorter than its head had said. */
export const endedEarly = (): PeerError =>
  new PeerError({
    tag: 'Unavailable',
    code: 'PEERWEAVE_ENDED_EARLY',
    operation: OPERATION,
    what: 'the origin sent fewer bytes than it had announced',
    advice: 'Try again.',
  });

/** Whether the origin is to blame, and not a file or the service. */
export const isOfOrigin = (error: unknown): error is PeerError =>
  mayPass(error) || (isPeerError(error) && /^(?:HTTP_|PEERWEAVE_BAD_)/.test(error.code));

/** The origin describes the content, but gives no part of it. It may give the whole. */
export const rangesRefused = (failure: PeerError): StartOver =>
  new StartOver(
    'content-information',
    `the origin gives no part of what it describes: ${failure.message}`,
    failure,
  );

/** Whether another attempt may succeed. */
export const mayPass = (error: unknown): boolean =>
  isPeerError(error) && (error._tag === 'Unavailable' || error._tag === 'Timeout');

/** The transfer cannot go on as it began; it can from the start. */
export class StartOver extends Error {
  constructor(
    /** What has to be different then; content information that broke off may do the second time. */
    readonly without: 'nothing' | 'ranges' | 'content-information' | 'broken-information',
    reason: string,
    cause?: unknown,
  ) {
    super(reason, { cause });
    this.name = 'StartOver';
  }
}
