import { connect, type LookupFunction, type Socket } from 'node:net';
import { MAX_RESPONSE_LENGTH, RESPONSE_PREFIX_LENGTH } from '../wire/index.js';
import { HttpError } from './http-head.js';
import { HttpMessageReader, type HttpMessage } from './http-message-reader.js';
import { readResponseHead, type ResponseHead } from './http-response-head.js';
import { PeerFault } from './peer-fault.js';
import type { AnswerListener } from './transport.js';

/** An idle connection is closed well before common servers, which give it five seconds or more, close it themselves. */
const IDLE_MS = 4_000;

/** A block of 64 KiB with all that is around it. */
const USUAL_LENGTH = 73_728;

const ANSWERS = {
  maxBody: RESPONSE_PREFIX_LENGTH + MAX_RESPONSE_LENGTH,
  usualLength: USUAL_LENGTH,
  readHead: readResponseHead,
};

/** A whole HTTP request. */
export interface HttpRequest {
  readonly bytes: Buffer;
  /** `undefined`: nobody wants the answer any more. */
  listener: AnswerListener | undefined;
  /** The one that carries it. */
  connection: HttpConnection | undefined;
}

/** Told what becomes of a connection. */
export interface ConnectionOwner {
  /** What was read of every answer's head. */
  onHead(head: ResponseHead): void;
  /** It may carry other requests now. */
  onIdle(connection: HttpConnection): void;
  /** It ended before these had their turn, which is nobody's fault. Others that were carried before them had theirs. */
  onUnanswered(requests: readonly HttpRequest[]): void;
  /** It is gone, for whatever reason. Called once. */
  onClose(connection: HttpConnection): void;
}

/** One connection to a peer. Answers are read where they were received. */
export class HttpConnection {
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #reader = new HttpMessageReader(ANSWERS);
  /** Those that were sent and not answered, in this order. */
  #requests: HttpRequest[] = [];
  #hasAnswered = false;
  #failure: PeerFault | undefined;

  /** @param find looks the host up if it is a name. */
  constructor(
    address: { readonly host: string; readonly port: number },
    find: LookupFunction,
    owner: ConnectionOwner,
  ) {
    this.#owner = owner;
    const onread = {
      buffer: () => this.#reader.room(),
      callback: (length: number): boolean => {
        this.#receive(length);
        return true;
      },
    };
    this.#socket = connect({ ...address, lookup: find, noDelay: true, onread });
    this.#socket.setTimeout(IDLE_MS);
    this.#socket.on('end', () => this.#receiveEnd());
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      const detail = `connection failed: ${error.code ?? error.message}`;
      this.#failure ??= new PeerFault(detail, 'unreachable', this.#isUnheard);
    });
    this.#socket.on('timeout', () => {
      // How long an answer may take is for others to say.
      if (this.#requests.length === 0) this.#socket.destroy();
    });
    this.#socket.on('close', () => {
      owner.onClose(this);
      this.#fail(this.#failure ?? new PeerFault('closed the connection', 'unreachable', this.#isUnheard));
    });
  }

  /** Sends requests that will be answered one after the other. The connection must be idle. */
  send(requests: readonly HttpRequest[]): void {
    this.#requests = [...requests];
    for (const request of requests) request.connection = this;
    this.#socket.ref();
    const [first] = requests;
    if (requests.length === 1 && first !== undefined) this.#socket.write(first.bytes);
    else this.#socket.write(Buffer.concat(requests.map(({ bytes }) => bytes)));
  }

  /** Closes it if nobody waits for an answer. */
  review(): void {
    if (this.#requests.every(({ listener }) => listener === undefined)) this.abandon();
  }

  /** Closes it at once; whoever waits for an answer is not told. */
  abandon(): void {
    this.#requests = [];
    this.#socket.destroy();
  }

  get #isUnheard(): boolean {
    return this.#socket.bytesRead === 0;
  }

  /** Nothing has come of the next answer. */
  get #isBetweenAnswers(): boolean {
    return this.#reader.head === undefined && this.#reader.surplus === 0;
  }

  #receive(length: number): void {
    this.#reader.received(length);
    try {
      while (this.#requests.length > 0) {
        const message = this.#reader.read();
        if (message === undefined) return;
        this.#finish(message, message.head.keepAlive);
      }
      // It spoke without being asked.
      if (this.#reader.surplus > 0) this.#socket.destroy();
    } catch (error) {
      this.#break(error, 'malformed-answer');
    }
  }

  #receiveEnd(): void {
    if (this.#requests.length === 0 || (this.#hasAnswered && this.#isBetweenAnswers)) return;
    try {
      this.#finish(this.#reader.end(), false);
    } catch (error) {
      this.#break(error, 'unreachable', this.#isUnheard);
    }
  }

  #finish({ head, body }: HttpMessage<ResponseHead>, keepAlive: boolean): void {
    const request = this.#requests.shift();
    const listener = request?.listener;
    if (request !== undefined) request.listener = undefined;
    this.#hasAnswered = true;
    this.#owner.onHead(head);
    if (!keepAlive) {
      this.#socket.destroy();
      this.#giveBack();
    } else if (this.#requests.length === 0 && this.#reader.surplus === 0) {
      // An idle connection does not keep the process alive.
      this.#socket.unref();
      this.#owner.onIdle(this);
    }
    listener?.onAnswer(body);
    this.#reader.next();
  }

  #break(error: unknown, reason: PeerFault['reason'], isRefusal = false): void {
    if (!(error instanceof HttpError)) throw error;
    this.#socket.destroy();
    this.#fail(new PeerFault(error.message, reason, isRefusal));
  }

  /** A peer may close a connection that it has answered on whenever it has nothing to say, also just when asked again. */
  #fail(fault: PeerFault): void {
    if (this.#hasAnswered) {
      const failed = this.#isBetweenAnswers ? undefined : this.#requests.shift();
      this.#giveBack();
      failed?.listener?.onFailure(fault);
    } else {
      for (const { listener } of this.#requests.splice(0)) listener?.onFailure(fault);
    }
  }

  #giveBack(): void {
    const requests = this.#requests.splice(0).filter(({ listener }) => listener !== undefined);
    if (requests.length > 0) this.#owner.onUnanswered(requests);
  }
}
