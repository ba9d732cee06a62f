import type { Socket } from 'node:net';
import { hostAndPort } from '../../../driver/host-and-port.js';
import { HttpError } from './http-head.js';
import { HttpMessageReader } from './http-message-reader.js';
import { readRequestHead, type RequestHead } from './http-request-head.js';
import type { RetrievalServerLimits } from './limits.js';
import { REQUESTS_TOGETHER, TOGETHER_FIELD } from './requests-together.js';
import type { Ticker } from './ticker.js';
import { isError } from '../../../driver/errors.js';

/** What a request is answered with, with status 200. */
export interface HttpAnswer {
  /** One piece or more that follow one another. */
  readonly body: readonly Uint8Array[];
  /** Called once, when nothing needs the pieces any more. `sent`: the network has taken all of them. */
  readonly onEnd: (sent: boolean) => void;
}

/** What a server does with requests. What it throws or rejects with is an {@link HttpError}, or ends the connection. */
export interface HttpService {
  /** Longest body of a request. */
  readonly maxBody: number;
  /** Looks at the head of a request, before its body is received. */
  admit(head: RequestHead): void;
  /** `body` is good until it settles. `peer`: `host:port` of the client. */
  answer(body: Buffer, peer: string, head: RequestHead): Promise<HttpAnswer>;
}

/** What most requests need. */
const USUAL_LENGTH = 1_024;

/** Bytes that are still taken from a client that was refused, so that the refusal reaches it before a reset. */
const MAX_DISCARDED = 1_048_576;

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

/**
 * A client's connection. Its requests are answered one after the other. Several answers may be on their way to it; beyond
 * that no more than one read of requests is kept.
 */
export class HttpServerConnection {
  readonly #socket: Socket;
  readonly #service: HttpService;
  readonly #limits: RetrievalServerLimits;
  readonly #ticker: Ticker;
  readonly #reader: HttpMessageReader<RequestHead>;
  readonly #peer: string;
  #phase: 'open' | 'closing' = 'open';
  /** An answer is being made. */
  #isAnswering = false;
  /** Answers that the network has not taken yet. */
  #unsent = 0;
  /** What is written waits for the end of this turn. */
  #isHolding = false;
  /** The tick at which the request that is being received began; `undefined` between two requests. */
  #begun: number | undefined;
  #deadline: number;
  /** Whether the client was told to go on with the body. */
  #hasContinued = false;
  /** The client will send nothing more. */
  #hasEnded = false;
  #discarded = 0;
  #lastHead: { readonly length: number; readonly keepAlive: boolean; readonly head: Buffer } | undefined;

  constructor(socket: Socket, service: HttpService, limits: RetrievalServerLimits, ticker: Ticker) {
    this.#socket = socket;
    this.#service = service;
    this.#limits = limits;
    this.#ticker = ticker;
    this.#begun = ticker.now;
    this.#deadline = ticker.after(limits.headTimeoutMs);
    this.#peer = hostAndPort(socket.remoteAddress, socket.remotePort);
    this.#reader = new HttpMessageReader({
      maxBody: service.maxBody,
      usualLength: USUAL_LENGTH,
      readHead: (text) => {
        const read = readRequestHead(text);
        service.admit(read.head);
        return read;
      },
    });
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('end', () => this.#receiveEnd());
    // A close follows, and there is nobody to tell.
    socket.on('error', () => undefined);
  }

  /** Ends the connection if its time is up. */
  review(): void {
    if (this.#ticker.now >= this.#deadline) this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    if (this.#phase === 'closing') {
      this.#discarded += chunk.length;
      if (this.#discarded > MAX_DISCARDED) this.#socket.destroy();
      return;
    }
    chunk.copy(this.#reader.room(chunk.length));
    this.#reader.received(chunk.length);
    if (this.#isBusy()) this.#socket.pause();
    else this.#readOn();
  }

  #isBusy(): boolean {
    return this.#isAnswering || this.#unsent >= REQUESTS_TOGETHER;
  }

  #receiveEnd(): void {
    this.#hasEnded = true;
    if (this.#phase === 'open' && !this.#isBusy()) this.#close();
  }

  #readOn(): void {
    try {
      const message = this.#reader.read();
      if (message !== undefined) void this.#answer(message.head, message.body);
      else if (this.#hasEnded) this.#close();
      else this.#awaitRest();
    } catch (error) {
      this.#refuse(error);
    }
  }

  #awaitRest(): void {
    const { head, surplus } = this.#reader;
    if (head !== undefined || surplus > 0) this.#begun ??= this.#ticker.now;
    // The answers on their way have a deadline of their own, which comes first.
    if (this.#unsent > 0 || this.#begun === undefined) return;
    const { headTimeoutMs, requestTimeoutMs } = this.#limits;
    const passed = this.#ticker.now - this.#begun;
    this.#deadline = this.#ticker.after(head === undefined ? headTimeoutMs : requestTimeoutMs) - passed;
    if (head?.expectsContinue === true && !this.#hasContinued) {
      this.#hasContinued = true;
      this.#socket.write(CONTINUE);
    }
  }

  async #answer(head: RequestHead, body: Buffer): Promise<void> {
    this.#isAnswering = true;
    this.#deadline = this.#ticker.after(this.#limits.uploadTimeoutMs);
    try {
      const answer = await this.#service.answer(body, this.#peer, head);
      this.#isAnswering = false;
      this.#begun = undefined;
      this.#hasContinued = false;
      const keepAlive = head.keepAlive && !(this.#hasEnded && this.#reader.surplus === 0);
      this.#send(answer, keepAlive);
      if (keepAlive) this.#goOn();
      else this.#close();
    } catch (error) {
      this.#isAnswering = false;
      this.#refuse(error);
    }
  }

  #send({ body, onEnd }: HttpAnswer, keepAlive: boolean): void {
    const socket = this.#socket;
    const length = body.reduce((sum, piece) => sum + piece.length, 0);
    this.#hold();
    this.#unsent += 1;
    socket.write(this.#okHead(length, keepAlive));
    body.forEach((piece, index) => {
      if (index < body.length - 1) socket.write(piece);
      else {
        socket.write(piece, (error) => {
          onEnd(!isError(error) && !socket.destroyed);
          this.#sent();
        });
      }
    });
  }

  /** One call to the system for all pieces of all answers of this turn. */
  #hold(): void {
    if (this.#isHolding) return;
    this.#isHolding = true;
    this.#socket.cork();
    setImmediate(() => {
      this.#isHolding = false;
      this.#socket.uncork();
    });
  }

  /** Mostly the next answer has the same head. */
  #okHead(length: number, keepAlive: boolean): Buffer {
    const known = this.#lastHead;
    if (known?.length === length && known.keepAlive === keepAlive) return known.head;
    const head = Buffer.from(responseHead('200 OK', length, keepAlive), 'latin1');
    this.#lastHead = { length, keepAlive, head };
    return head;
  }

  /** The network has taken an answer. */
  #sent(): void {
    const wasBusy = this.#isBusy();
    this.#unsent -= 1;
    const isDone = this.#unsent === 0 && !this.#isAnswering;
    const { headTimeoutMs, idleTimeoutMs } = this.#limits;
    if (isDone)
      this.#deadline = this.#ticker.after(this.#phase === 'closing' ? headTimeoutMs : idleTimeoutMs);
    if (this.#phase === 'closing') return;
    if (wasBusy && !this.#isBusy()) this.#resume();
    else if (isDone) this.#awaitRest();
  }

  #goOn(): void {
    this.#reader.next();
    if (!this.#isBusy()) this.#resume();
  }

  #resume(): void {
    this.#socket.resume();
    this.#readOn();
  }

  #refuse(error: unknown): void {
    if (!(error instanceof HttpError)) {
      this.#socket.destroy();
      return;
    }
    this.#socket.write(responseHead(STATUS[error.status] ?? BAD_REQUEST, 0, false), 'latin1');
    this.#close();
  }

  /** Says nothing more. What the client still sends is thrown away until it has closed, too. */
  #close(): void {
    this.#phase = 'closing';
    if (this.#unsent === 0) this.#deadline = this.#ticker.after(this.#limits.headTimeoutMs);
    this.#socket.end();
    this.#socket.resume();
  }
}

const BAD_REQUEST = '400 Bad Request';

const STATUS: Readonly<Record<number, string>> = {
  404: '404 Not Found',
  405: '405 Method Not Allowed',
  413: '413 Content Too Large',
  417: '417 Expectation Failed',
  431: '431 Request Header Fields Too Large',
  501: '501 Not Implemented',
  503: '503 Service Unavailable',
};

const responseHead = (status: string, length: number, keepAlive: boolean): string =>
  `HTTP/1.1 ${status}\r\nContent-Type: application/octet-stream\r\nContent-Length: ${length}\r\n` +
  (keepAlive ? `${TOGETHER_FIELD}: ${REQUESTS_TOGETHER}\r\n\r\n` : 'Connection: close\r\n\r\n');
