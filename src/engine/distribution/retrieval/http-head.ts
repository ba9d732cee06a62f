/** What came is not HTTP as it is spoken here; `status` is what a server answers to it. */
export class HttpError extends Error {
  constructor(
    reason: string,
    readonly status = 400,
  ) {
    super(reason);
    this.name = 'HttpError';
  }
}

/** By name in lower case. */
export type HttpFields = ReadonlyMap<string, string>;

/** Where the body of a message ends. */
export type BodyFraming =
  | { readonly _tag: 'Length'; readonly length: number }
  | { readonly _tag: 'Chunked' }
  | { readonly _tag: 'UntilClose' };

const NAME = /^[!#$%&'*+\-.^_`|~\w]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Reads the field lines of a head. @throws HttpError */
export const parseFields = (lines: readonly string[]): HttpFields => {
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const [name, value] = [line.slice(0, Math.max(0, colon)), line.slice(colon + 1)];
    if (!NAME.test(name) || !VALUE.test(value)) throw new HttpError('unreadable HTTP header');
    const key = name.toLowerCase();
    const known = fields.get(key);
    const trimmed = value.trim();
    // A repeated list continues the list; a repeated length is unreadable then, unless it says the same.
    fields.set(key, known === undefined || known === trimmed ? trimmed : `${known}, ${trimmed}`);
  }
  return fields;
};

/**
 * Where the body ends, by RFC 9112 6.3 without its leniencies: whatever two readers could understand differently is
 * refused, since that is how requests are smuggled.
 *
 * @throws HttpError
 */
export const framingOf = (fields: HttpFields, withoutAny: BodyFraming): BodyFraming => {
  const coding = fields.get('transfer-encoding');
  const length = fields.get('content-length');
  if (coding !== undefined) {
    if (length !== undefined) throw new HttpError('HTTP body with contradictory framing');
    if (coding.toLowerCase() !== 'chunked') throw new HttpError('HTTP body with unknown framing', 501);
    return { _tag: 'Chunked' };
  }
  if (length === undefined) return withoutAny;
  if (!/^\d{1,15}$/.test(length)) throw new HttpError('HTTP body of unreadable length');
  return { _tag: 'Length', length: Number(length) };
};

/** Whether the sender will close the connection after this message. */
export const announcesClose = (fields: HttpFields): boolean =>
  /\bclose\b/i.test(fields.get('connection') ?? '');

/** The same function for whoever asks the same again and again: heads of a transfer differ in nothing. */
export const rememberingLast = <Result>(read: (text: string) => Result): ((text: string) => Result) => {
  let last: { readonly text: string; readonly result: Result } | undefined;
  return (text) => {
    if (last?.text !== text) last = { text, result: read(text) };
    return last.result;
  };
};
