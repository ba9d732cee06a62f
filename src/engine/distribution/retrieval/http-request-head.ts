import { announcesClose, framingOf, HttpError, parseFields, rememberingLast } from './http-head.js';
import type { ReadHead } from './http-message-reader.js';

export interface RequestHead {
  readonly method: string;
  /** From its path on, also where the client has named the whole URL. */
  readonly target: string;
  /** Whether the client may send another request on the connection. */
  readonly keepAlive: boolean;
  /** Whether the client waits with the body until it is told to go on. */
  readonly expectsContinue: boolean;
}

const REQUEST_LINE = /^([A-Z]{1,20}) (\S+) HTTP\/1\.([01])$/;

/** Which a server has to take (RFC 9112, 3.2.2); whoever is named by it or by Host, only one is here. */
const WHOLE_URL = /^http:\/\/(?:[\w.~-]+|\[[\da-f:.]+\])(?::\d{0,5})?(\/.*)$/i;

/** Reads the head of a request. @throws HttpError */
export const readRequestHead = rememberingLast((text: string): ReadHead<RequestHead> => {
  const [requestLine = '', ...lines] = text.split('\r\n');
  const [, method, target, minor] = REQUEST_LINE.exec(requestLine) ?? [];
  if (method === undefined || target === undefined) throw new HttpError('what it says is not HTTP');
  const isCurrent = minor === '1';
  const fields = parseFields(lines);
  const host = fields.get('host');
  if (isCurrent ? host === undefined || host.includes(',') : fields.has('transfer-encoding')) {
    throw new HttpError('HTTP request with the wrong headers for its version');
  }
  const expectation = isCurrent ? fields.get('expect') : undefined;
  if (expectation !== undefined && expectation.toLowerCase() !== '100-continue') {
    throw new HttpError('HTTP request with an unknown expectation', 417);
  }
  return {
    head: {
      method,
      target: WHOLE_URL.exec(target)?.[1] ?? target,
      keepAlive: isCurrent && !announcesClose(fields),
      expectsContinue: expectation !== undefined,
    },
    framing: framingOf(fields, { _tag: 'Length', length: 0 }),
  };
});
