import { announcesClose, framingOf, HttpError, parseFields, rememberingLast } from './http-head.js';
import type { ReadHead } from './http-message-reader.js';
import { TOGETHER_FIELD } from './requests-together.js';

export interface ResponseHead {
  /** Whether the connection may carry another request. */
  readonly keepAlive: boolean;
  /** How many requests the connection may carry at a time. */
  readonly takesTogether: number;
}

const STATUS_LINE = /^HTTP\/1\.([01]) (\d{3})(?: .*)?$/;

/** Reads the head of a response with a body of interest; `undefined`: it only announces that. @throws HttpError */
export const readResponseHead = rememberingLast((text: string): ReadHead<ResponseHead> | undefined => {
  const [statusLine = '', ...lines] = text.split('\r\n');
  const [, minor, status] = STATUS_LINE.exec(statusLine) ?? [];
  if (minor === undefined || status === undefined) throw new HttpError('what it says is not HTTP');
  // 100 Continue and its like.
  if (status.startsWith('1')) return undefined;
  if (status !== '200') throw new HttpError(`answered HTTP status ${status}`);
  const fields = parseFields(lines);
  return {
    head: {
      keepAlive: minor === '1' && !announcesClose(fields),
      takesTogether: Math.max(1, Number(/^\d{1,3}$/.exec(fields.get(TOGETHER_FIELD) ?? '')?.[0] ?? 1)),
    },
    framing: framingOf(fields, { _tag: 'UntilClose' }),
  };
});
