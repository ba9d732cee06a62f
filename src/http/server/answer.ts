import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { HttpExchangeKind } from '../../driver/index.js';
import type { PresetHeaders } from '../protocol/header-list.js';
import { negotiate } from '../protocol/negotiation.js';
import type { ByteSpan } from './byte-range.js';
import { encode, type Encoding, guardHeader, mayBeEncoded, untouchedHeader, varyHeader } from './encoding.js';
import type { Preparations } from './preparations.js';
import type { OpenResource } from './resource.js';
import { select, type Selection } from './selection.js';

/** The parts of a request that an answer depends on; an `IncomingMessage` has them. */
export interface ContentRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly socket?:
    { readonly remoteAddress?: string | undefined; readonly remotePort?: number | undefined } | undefined;
}

/** A response that is yet to be sent. A body that is a stream must be read or destroyed. */
export interface Answer {
  readonly status: number;
  /** On top of those that the application has set already. */
  readonly headers: Readonly<Record<string, string>>;
  /** Missing in the answer to HEAD and where there is nothing to send. */
  readonly body: Readable | Uint8Array | undefined;
  /** What it is in the terms of MS-PCCRTP. */
  readonly kind: HttpExchangeKind;
  /** Of the content or the range of it, also where content information is sent in its place. */
  readonly contentBytes: number;
}

interface AnswerParts {
  readonly preparations: Preparations;
  /** Content, and ranges of it, below this are always sent themselves. */
  readonly minimumSize: number;
}

/** Answers a GET or HEAD with a resource that is open, and closes it. `preset`: headers set by the application. */
export const answerWith = async (
  request: ContentRequest,
  resource: OpenResource,
  preset: PresetHeaders,
  parts: AnswerParts,
): Promise<Answer> => {
  try {
    const { span, information, ...head } = await planAnswer(request, resource, preset, parts);
    if (request.method === 'GET' && information === undefined && span !== undefined && span.length > 0) {
      return { ...head, body: resource.body(span) };
    }
    await resource.close();
    return { ...head, body: request.method === 'GET' ? information : undefined };
  } catch (thrown) {
    await resource.close();
    throw thrown;
  }
};

/** Everything about an answer but its body: that is a span of the content, or content information in its place. */
interface Plan extends Omit<Answer, 'body'> {
  readonly span?: ByteSpan | undefined;
  readonly information?: Uint8Array | undefined;
}

const planAnswer = async (
  { method, headers }: ContentRequest,
  resource: OpenResource,
  preset: PresetHeaders,
  { preparations, minimumSize }: AnswerParts,
): Promise<Plan> => {
  const negotiation = negotiate(headers);
  const plainKind = negotiation.accepts ? 'plain' : negotiation.kind;
  const isEncodable = resource.length >= minimumSize && mayBeEncoded(preset);
  const common = { ...validatorHeaders(resource), ...(isEncodable ? varyHeader(preset) : {}) };
  const selection = select(method, headers, resource);
  if (!('span' in selection)) {
    const { status } = selection;
    const empty = { 'Content-Length': '0', ...rangeHeader(selection, resource) };
    const guard = isEncodable ? guardHeader(resource, negotiation, preset, preparations) : {};
    const more = status === 304 ? guard : empty;
    return { status, headers: { ...common, ...more }, kind: plainKind, contentBytes: 0 };
  }

  const { status, span } = selection;
  const { information, headers: encoded }: Encoding =
    isEncodable && span.length >= minimumSize
      ? await encode(resource, span, negotiation, preset, preparations)
      : { headers: {} };
  return {
    status,
    headers: {
      ...common,
      'Accept-Ranges': 'bytes',
      'Content-Length': String(span.length),
      ...(preset['content-type'] === undefined ? { 'Content-Type': resource.type } : {}),
      ...rangeHeader(selection, resource),
      ...(status === 206 ? untouchedHeader(preset) : {}),
      ...encoded,
    },
    kind: information === undefined ? plainKind : negotiation.kind,
    contentBytes: span.length,
    span,
    information,
  };
};

const validatorHeaders = ({
  validators: { etag, modified },
}: OpenResource): Readonly<Record<string, string>> => ({
  ETag: etag,
  ...(modified === undefined ? {} : { 'Last-Modified': modified.toUTCString() }),
});

const rangeHeader = (selection: Selection, { length }: OpenResource): Readonly<Record<string, string>> => {
  if (selection.status === 416) return { 'Content-Range': `bytes */${length}` };
  if (selection.status !== 206) return {};
  const { start, length: count } = selection.span;
  return { 'Content-Range': `bytes ${start}-${start + count - 1}/${length}` };
};
