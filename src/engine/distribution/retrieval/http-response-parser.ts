import { PeerFault } from './peer-fault.js';

export interface HttpResponse {
  /** In the parser's memory. */
  readonly body: Buffer;
  /** Whether the connection may carry another request. */
  readonly reusable: boolean;
}

const MAX_HEAD_LENGTH = 16_384;
const MAX_CHUNK_LINE_LENGTH = 256;
const END_OF_HEAD = Buffer.from('\r\n\r\n');
const END_OF_LINE = Buffer.from('\r\n');

type State =
  | { readonly _tag: 'Head' }
  | { readonly _tag: 'Body'; readonly until: number }
  | { readonly _tag: 'UntilClose' }
  | { readonly _tag: 'ChunkSize' }
  | { readonly _tag: 'Chunk'; readonly until: number }
  | { readonly _tag: 'ChunkEnd' }
  | { readonly _tag: 'Trailers'; readonly left: number };

/**
 * Reads one HTTP/1.1 response from the pieces of a byte stream: only status 200 has a body of interest, framed by
 * Content-Length, chunks or the end of the connection. Strict, since whoever answers is a stranger, and no more than
 * `maxBody` bytes of body and 16 KiB of head are ever kept. Throws {@link PeerFault}.
 */
export class HttpResponseParser {
  #state: State = { _tag: 'Head' };
  #unread: Buffer = Buffer.alloc(0);
  #body: Buffer;
  #bodyLength = 0;
  #keepAlive = false;

  /** @param memory for the body, as long as that fits in. */
  constructor(
    private readonly maxBody: number,
    memory: Buffer = Buffer.alloc(0),
  ) {
    this.#body = memory;
  }

  /** What was taken for the body, to be used again once nobody needs it. */
  get memory(): Buffer {
    return this.#body;
  }

  /** Takes the next bytes; `chunk` may be overwritten afterwards. @returns the response as soon as it is complete. */
  push(chunk: Buffer): HttpResponse | undefined {
    this.#unread = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    for (;;) {
      const before = this.#state;
      if (this.#step(before)) return this.#finish(this.#keepAlive && this.#unread.length === 0);
      if (this.#state === before) {
        this.#unread = Buffer.from(this.#unread);
        return undefined;
      }
    }
  }

  /** The peer has closed the connection. @returns the response if that was its end. */
  end(): HttpResponse {
    if (this.#state._tag === 'UntilClose') return this.#finish(false);
    throw new PeerFault('closed the connection before the end of its answer', 'unreachable');
  }

  #finish(reusable: boolean): HttpResponse {
    return { body: this.#body.subarray(0, this.#bodyLength), reusable };
  }

  /** Goes on by one state if the bytes suffice; `true` at the end of the response. */
  #step(state: State): boolean {
    switch (state._tag) {
      case 'Head': {
        const head = this.#takeThrough(END_OF_HEAD, MAX_HEAD_LENGTH, 'head');
        if (head !== undefined) this.#state = this.#startBody(head);
        return this.#state._tag === 'Body' && this.#state.until === 0;
      }
      case 'Body':
        this.#takeBody(state.until);
        return this.#bodyLength === state.until;
      case 'UntilClose':
        this.#takeBody(this.#bodyLength + this.#unread.length);
        return false;
      case 'ChunkSize': {
        const line = this.#takeThrough(END_OF_LINE, MAX_CHUNK_LINE_LENGTH, 'chunk size');
        if (line !== undefined) this.#state = this.#startChunk(line);
        return false;
      }
      case 'Chunk':
        this.#takeBody(state.until);
        if (this.#bodyLength === state.until) this.#state = { _tag: 'ChunkEnd' };
        return false;
      case 'ChunkEnd': {
        const line = this.#takeThrough(END_OF_LINE, END_OF_LINE.length, 'chunk end');
        if (line !== undefined) this.#state = { _tag: 'ChunkSize' };
        return false;
      }
      case 'Trailers': {
        const line = this.#takeThrough(END_OF_LINE, state.left, 'trailers');
        if (line === undefined || line === '') return line === '';
        this.#state = { _tag: 'Trailers', left: state.left - line.length - END_OF_LINE.length };
        return false;
      }
    }
  }

  /** The text up to `mark`, which is skipped; `undefined` while it has not come. */
  #takeThrough(mark: Buffer, most: number, what: string): string | undefined {
    const at = this.#unread.indexOf(mark);
    if (at + mark.length > most || (at < 0 && this.#unread.length >= most)) {
      throw new PeerFault(`HTTP ${what} of more than ${most} bytes`);
    }
    if (at < 0) return undefined;
    const text = this.#unread.toString('latin1', 0, at);
    this.#unread = this.#unread.subarray(at + mark.length);
    return text;
  }

  #takeBody(until: number): void {
    const taken = this.#unread.subarray(0, until - this.#bodyLength);
    this.#reserve(this.#bodyLength + taken.length);
    taken.copy(this.#body, this.#bodyLength);
    this.#bodyLength += taken.length;
    this.#unread = this.#unread.subarray(taken.length);
  }

  /** Makes room for a body of `length` bytes. */
  #reserve(length: number): void {
    if (length > this.maxBody) throw new PeerFault(`HTTP body of more than ${this.maxBody} bytes`);
    if (length <= this.#body.length) return;
    const larger = Buffer.allocUnsafe(Math.min(this.maxBody, Math.max(length, 2 * this.#body.length)));
    this.#body.copy(larger, 0, 0, this.#bodyLength);
    this.#body = larger;
  }

  #startBody(head: string): State {
    const [statusLine = '', ...lines] = head.split('\r\n');
    const status = /^HTTP\/1\.([01]) (\d{3})(?: .*)?$/.exec(statusLine);
    if (status === null) throw new PeerFault('what it says is not HTTP');
    // 100 Continue and its like announce the real response.
    if (status[2]?.startsWith('1') === true) return { _tag: 'Head' };
    if (status[2] !== '200') throw new PeerFault(`answered HTTP status ${status[2] ?? ''}`);
    const headers = parseHeaders(lines);
    this.#keepAlive = status[1] === '1' && !/\bclose\b/i.test(headers.get('connection') ?? '');
    const coding = headers.get('transfer-encoding');
    const length = headers.get('content-length');
    if (coding !== undefined) {
      if (length !== undefined || coding.toLowerCase() !== 'chunked') {
        throw new PeerFault('HTTP body with contradictory framing');
      }
      return { _tag: 'ChunkSize' };
    }
    if (length === undefined) return { _tag: 'UntilClose' };
    if (!/^\d{1,15}$/.test(length)) throw new PeerFault('HTTP body of unreadable length');
    const until = Number(length);
    this.#reserve(until);
    return { _tag: 'Body', until };
  }

  #startChunk(line: string): State {
    const size = /^([0-9a-f]{1,8})[ \t]*(?:;.*)?$/i.exec(line)?.[1];
    if (size === undefined) throw new PeerFault('HTTP chunk of unreadable size');
    const length = Number.parseInt(size, 16);
    if (length === 0) return { _tag: 'Trailers', left: MAX_HEAD_LENGTH };
    this.#reserve(this.#bodyLength + length);
    return { _tag: 'Chunk', until: this.#bodyLength + length };
  }
}

const parseHeaders = (lines: readonly string[]): Map<string, string> => {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = /^([!#$%&'*+\-.^_`|~\w]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new PeerFault('unreadable HTTP header');
    const key = name.toLowerCase();
    const known = headers.get(key);
    // A repeated list header continues the list; a repeated length makes it unreadable unless it says the same.
    headers.set(key, known === undefined || known === value ? value : `${known}, ${value}`);
  }
  return headers;
};
