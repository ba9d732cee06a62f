import { parametersOf, listOf } from '../protocol/header-list.js';
import {
  EXTENDED_PARAMETERS_HEADER,
  PARAMETER,
  PARAMETERS_HEADER,
  parseVersion,
  PEERDIST,
} from '../protocol/peerdist-headers.js';
import { brokenAnswer, refusedBy, StartOver } from './origin-failure.js';
import type { OriginAnswer } from './origin.js';

/** One state of what a URL names. */
export interface ContentState {
  /** A strong validator for If-Range, if there is one: an entity tag or a date (RFC 9110, 13.1.5). */
  readonly validator: string | undefined;
  /** Unknown for a body that tells only by its end. */
  readonly length: number | undefined;
}

/** What an answer brings, from `start` to the end of the content. */
export type Interpretation = ContentState & {
  readonly start: number;
  readonly brings:
    | 'content'
    /** Content information of it. */
    | 'information'
    /** The content, but changed on its way, so that nobody else may be given it under this name. */
    | 'transformed-content';
  /** The origin makes content information of it just now. */
  readonly willHaveInformation: boolean;
  /** The origin makes content information, if not of this content: what it sends depends on whether it is asked for. */
  readonly speaksPeerDist: boolean;
};

/** What the platform's fetch decodes. */
const DECODED = new Set(['gzip', 'x-gzip', 'deflate', 'br']);

/** 203 says that a proxy changed something (RFC 9110, 15.3.4). */
const NON_AUTHORITATIVE = 203;

/**
 * Reads the head of the answer to a request for everything from `start` on.
 * @throws StartOver where the same has to be asked otherwise, PeerError where the origin refuses or makes no sense.
 */
export const interpret = ({ status, headers }: OriginAnswer, start: number, url: string): Interpretation => {
  if (start > 0 && status === 416) throw new StartOver('ranges', 'the origin has no such range');
  const isPart = status === 206 && start > 0;
  if (status !== 200 && status !== NON_AUTHORITATIVE && !isPart) throw refusedBy(status, url);
  const range = isPart ? rangeOf(headers) : undefined;
  if (isPart && (range?.start !== start || range.total === undefined || range.end !== range.total)) {
    throw new StartOver('ranges', 'the origin answered with another range');
  }
  const codings = listOf(headers.get('content-encoding') ?? undefined)
    .map((coding) => coding.toLowerCase())
    .filter((coding) => coding !== 'identity');
  const extended = headers.get(EXTENDED_PARAMETERS_HEADER) ?? undefined;
  const common = {
    validator: strongValidator(headers),
    start: isPart ? start : 0,
    willHaveInformation: parametersOf(extended)?.get(PARAMETER.makeHashRequest) === 'true',
    speaksPeerDist: headers.has(PARAMETERS_HEADER) || variesBy(headers, PARAMETERS_HEADER),
  };
  if (codings.includes(PEERDIST)) {
    const length = describedLength(headers);
    if (codings.length > 1 || status === NON_AUTHORITATIVE || length === undefined) {
      throw new StartOver('content-information', 'the content information is not as it should be');
    }
    if (range !== undefined && range.end - range.start !== length) {
      throw new StartOver('ranges', 'content information and range do not fit together');
    }
    return { ...common, brings: 'information', length: common.start + length };
  }
  if (codings.some((coding) => !DECODED.has(coding))) {
    throw brokenAnswer(`the origin used the content coding ${codings.join(', ')}, which was not accepted`);
  }
  if (codings.length > 0 || status === NON_AUTHORITATIVE) {
    if (isPart) throw new StartOver('ranges', 'the range was changed on its way');
    return { ...common, validator: undefined, brings: 'transformed-content', length: undefined };
  }
  return { ...common, brings: 'content', length: range?.total ?? lengthOf(headers) };
};

/** Whether an answer is about the same state of the content. */
export const isAboutSame = (headers: Headers, { validator }: ContentState): boolean =>
  validator === undefined || headers.get('etag') === validator || headers.get('last-modified') === validator;

/** Content-Range with an exclusive end; `undefined` if there is none that makes sense. */
export const rangeOf = (
  headers: Headers,
): { readonly start: number; readonly end: number; readonly total: number | undefined } | undefined => {
  const [, first, last, all] =
    /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(headers.get('content-range') ?? '') ?? [];
  if (first === undefined) return undefined;
  const range = {
    start: Number(first),
    end: Number(last) + 1,
    total: all === '*' ? undefined : Number(all),
  };
  return range.start < range.end && range.end <= (range.total ?? Infinity) ? range : undefined;
};

const variesBy = (headers: Headers, name: string): boolean =>
  listOf(headers.get('vary') ?? undefined).some((known) => known.toLowerCase() === name);

const lengthOf = (headers: Headers): number | undefined => {
  const text = headers.get('content-length');
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
};

/** Of the content that content information stands for (MS-PCCRTP 3.2.5.1). */
const describedLength = (headers: Headers): number | undefined => {
  const parameters = parametersOf(headers.get(PARAMETERS_HEADER) ?? undefined);
  const length = parameters?.get(PARAMETER.contentLength) ?? '';
  if (parseVersion(parameters?.get(PARAMETER.version))?.major !== 1) return undefined;
  return /^[1-9]\d{0,14}$/.test(length) ? Number(length) : undefined;
};

/** A date is strong if the content could not have changed again within its second (RFC 9110, 8.8.2.2). */
const strongValidator = (headers: Headers): string | undefined => {
  const etag = headers.get('etag');
  if (etag?.startsWith('"') === true) return etag;
  const modified = headers.get('last-modified');
  if (modified === null) return undefined;
  return Date.parse(headers.get('date') ?? '') - Date.parse(modified) >= 1_000 ? modified : undefined;
};
