import { HttpError, type BodyFraming } from './http-head.js';

/** A whole message. */
export interface HttpMessage<Head> {
  readonly head: Head;
  /** In the memory of the reader, good until that goes on to the next message. */
  readonly body: Buffer;
}

export interface HttpMessageKind<Head> {
  /** Longest body. */
  readonly maxBody: number;
  /** Bytes of memory to begin with: what most messages need. */
  readonly usualLength: number;
  /** Reads a head. `undefined`: it only announces another one. Throws {@link HttpError}. */
  readHead(text: string): ReadHead<Head> | undefined;
}

/** A head, and where its body ends. */
export interface ReadHead<Head> {
  readonly head: Head;
  readonly framing: BodyFraming;
}

/** Longest head of a message, and all trailers of one. */
export const MAX_HEAD_LENGTH = 16_384;

const MAX_CHUNK_LINE_LENGTH = 256;

/** Memory of more than so many usual messages is given back once it is empty. */
const KEEP = 4;

const END_OF_HEAD = Buffer.from('\r\n\r\n');
const END_OF_LINE = Buffer.from('\r\n');

type State<Head> =
  | { readonly _tag: 'Head' }
  | { readonly _tag: 'Body' | 'Chunk'; readonly head: Head; readonly until: number }
  | { readonly _tag: 'UntilClose' | 'ChunkSize' | 'ChunkEnd'; readonly head: Head }
  | { readonly _tag: 'Trailers'; readonly head: Head; readonly left: number }
  | { readonly _tag: 'Whole'; readonly head: Head };

/**
 * Reads HTTP/1.1 messages, one after the other, where they were received: a body framed by its length is never copied.
 * Strict, since whoever sends is a stranger; no more is ever kept than one body of the longest kind, one head and what
 * came in the same piece. Throws {@link HttpError}; there is nothing to be read after that.
 */
export class HttpMessageReader<Head> {
  readonly #kind: HttpMessageKind<Head>;
  #memory: Buffer;
  /** End of what has been received. */
  #received = 0;
  /** Start of what has not been looked at. */
  #unread = 0;
  #bodyStart = 0;
  #bodyEnd = 0;
  #state: State<Head> = { _tag: 'Head' };

  constructor(kind: HttpMessageKind<Head>) {
    this.#kind = kind;
    this.#memory = Buffer.allocUnsafeSlow(kind.usualLength);
  }

  /** Where to put what is received next: at least `least` bytes. */
  room(least = 1): Buffer {
    if (this.#memory.length - this.#received < least) this.#growTo(this.#received + least);
    return this.#memory.subarray(this.#received);
  }

  /** `count` bytes have been put there. */
  received(count: number): void {
    this.#received += count;
  }

  /** Reads on in what has been received. @returns the message, if it is whole. */
  read(): HttpMessage<Head> | undefined {
    for (;;) {
      const state = this.#state;
      if (state._tag === 'Whole') return this.#finish(state.head);
      this.#step(state);
      if (this.#state === state) {
        this.#closeGap();
        return undefined;
      }
    }
  }

  /** The sender has closed the connection. @returns the message if that was its end. */
  end(): HttpMessage<Head> {
    if (this.#state._tag !== 'UntilClose') {
      throw new HttpError('closed the connection before the end of its answer');
    }
    return this.#finish(this.#state.head);
  }

  /** Forgets the message that was read; what came behind it is of the next one. */
  next(): void {
    this.#state = { _tag: 'Head' };
    this.#bodyStart = this.#bodyEnd = 0;
    this.#closeGap();
    if (this.#received === 0 && this.#memory.length > KEEP * this.#kind.usualLength) {
      this.#memory = Buffer.allocUnsafeSlow(this.#kind.usualLength);
    }
  }

  /** The head of the message that is being received or was read last; `undefined` while that has not come. */
  get head(): Head | undefined {
    return this.#state._tag === 'Head' ? undefined : this.#state.head;
  }

  /** Bytes that are here but in no message yet. */
  get surplus(): number {
    return this.#received - this.#unread;
  }

  #finish(head: Head): HttpMessage<Head> {
    return { head, body: this.#memory.subarray(this.#bodyStart, this.#bodyEnd) };
  }

  /** Goes on by one state if the bytes suffice. */
  #step(state: Exclude<State<Head>, { readonly _tag: 'Whole' }>): void {
    switch (state._tag) {
      case 'Head': {
        const text = this.#takeThrough(END_OF_HEAD, MAX_HEAD_LENGTH, 'head');
        if (text !== undefined) this.#state = this.#startBody(text);
        return;
      }
      case 'Body':
        this.#takeBody(state.until);
        if (this.#bodyEnd === state.until) this.#state = { _tag: 'Whole', head: state.head };
        return;
      case 'UntilClose':
        this.#takeBody(this.#bodyStart + this.#checked(this.#received - this.#bodyStart));
        return;
      case 'ChunkSize': {
        const line = this.#takeThrough(END_OF_LINE, MAX_CHUNK_LINE_LENGTH, 'chunk size');
        if (line !== undefined) this.#state = this.#startChunk(line, state.head);
        return;
      }
      case 'Chunk':
        this.#takeBody(state.until);
        if (this.#bodyEnd === state.until) this.#state = { _tag: 'ChunkEnd', head: state.head };
        return;
      case 'ChunkEnd': {
        const line = this.#takeThrough(END_OF_LINE, END_OF_LINE.length, 'chunk end');
        if (line !== undefined) this.#state = { _tag: 'ChunkSize', head: state.head };
        return;
      }
      case 'Trailers': {
        const { head, left } = state;
        const line = this.#takeThrough(END_OF_LINE, left, 'trailers');
        if (line === '') this.#state = { _tag: 'Whole', head };
        else if (line !== undefined) {
          this.#state = { _tag: 'Trailers', head, left: left - line.length - END_OF_LINE.length };
        }
      }
    }
  }

  #startBody(text: string): State<Head> {
    const announced = this.#kind.readHead(text);
    if (announced === undefined) return { _tag: 'Head' };
    const { head, framing } = announced;
    this.#bodyStart = this.#bodyEnd = this.#unread;
    switch (framing._tag) {
      case 'Length': {
        const until = this.#bodyStart + this.#checked(framing.length);
        if (until > this.#memory.length) this.#growTo(until);
        return { _tag: 'Body', head, until };
      }
      case 'Chunked':
        return { _tag: 'ChunkSize', head };
      case 'UntilClose':
        return { _tag: 'UntilClose', head };
    }
  }

  #startChunk(line: string, head: Head): State<Head> {
    const size = /^([0-9a-f]{1,8})[ \t]*(?:;.*)?$/i.exec(line)?.[1];
    if (size === undefined) throw new HttpError('HTTP chunk of unreadable size');
    const length = Number.parseInt(size, 16);
    if (length === 0) return { _tag: 'Trailers', head, left: MAX_HEAD_LENGTH };
    const until = this.#bodyStart + this.#checked(this.#bodyEnd - this.#bodyStart + length);
    return { _tag: 'Chunk', head, until };
  }

  /** The text up to `mark`, which is skipped; `undefined` while it has not come. */
  #takeThrough(mark: Buffer, most: number, what: string): string | undefined {
    const unread = this.#memory.subarray(this.#unread, this.#received);
    const at = unread.indexOf(mark);
    if (at + mark.length > most || (at < 0 && unread.length >= most)) {
      throw new HttpError(`HTTP ${what} of more than ${most} bytes`, what === 'head' ? 431 : 400);
    }
    if (at < 0) return undefined;
    this.#unread += at + mark.length;
    return unread.toString('latin1', 0, at);
  }

  /** Adds what is here of the body, up to `until`. */
  #takeBody(until: number): void {
    const count = Math.min(until - this.#bodyEnd, this.surplus);
    if (this.#bodyEnd !== this.#unread) {
      this.#memory.copyWithin(this.#bodyEnd, this.#unread, this.#unread + count);
    }
    this.#bodyEnd += count;
    this.#unread += count;
  }

  #checked(bodyLength: number): number {
    const { maxBody } = this.#kind;
    if (bodyLength > maxBody) throw new HttpError(`HTTP body of more than ${maxBody} bytes`, 413);
    return bodyLength;
  }

  /** Moves what has not been looked at to the end of the body: what lay between is not needed any more. */
  #closeGap(): void {
    const gap = this.#unread - this.#bodyEnd;
    if (gap === 0) return;
    this.#memory.copyWithin(this.#bodyEnd, this.#unread, this.#received);
    this.#unread -= gap;
    this.#received -= gap;
  }

  /** Twice as much as before, so that a body of unknown length is not copied for every piece of it. */
  #growTo(length: number): void {
    const most = MAX_HEAD_LENGTH + this.#kind.maxBody;
    const larger = Buffer.allocUnsafeSlow(Math.max(length, Math.min(2 * this.#memory.length, most)));
    this.#memory.copy(larger, 0, 0, this.#received);
    this.#memory = larger;
  }
}
