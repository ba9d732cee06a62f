import { connect, type Socket } from 'node:net';
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

/** Told what becomes of a connection. */
export interface ConnectionOwner {
  /** It may carry another request now. */
  onIdle(connection: HttpConnection): void;
  /** It is gone, for whatever reason. Called once. */
  onClose(connection: HttpConnection): void;
}

/** One connection to a peer, which carries one request at a time. Answers are read where they were received. */
export class HttpConnection {
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #reader = new HttpMessageReader(ANSWERS);
  #listener: AnswerListener | undefined;
  #failure: PeerFault | undefined;

  constructor(address: { readonly host: string; readonly port: number }, owner: ConnectionOwner) {
    this.#owner = owner;
    const onread = {
      buffer: () => this.#reader.room(),
      callback: (length: number): boolean => {
        this.#receive(length);
        return true;
      },
    };
    this.#socket = connect({ ...address, noDelay: true, onread });
    this.#socket.setTimeout(IDLE_MS);
    this.#socket.on('end', () => this.#receiveEnd());
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      const detail = `connection failed: ${error.code ?? error.message}`;
      this.#failure ??= new PeerFault(detail, 'unreachable', this.bytesRead === 0);
    });
    this.#socket.on('timeout', () => {
      // How long an answer may take is for others to say.
      if (this.#listener === undefined) this.#socket.destroy();
    });
    this.#socket.on('close', () => {
      owner.onClose(this);
      this.#fail(
        this.#failure ?? new PeerFault('closed the connection', 'unreachable', this.bytesRead === 0),
      );
    });
  }

  /** Bytes received so far. */
  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  /** Sends a whole HTTP request. The connection must be idle. */
  send(request: Buffer, listener: AnswerListener): void {
    this.#listener = listener;
    this.#socket.ref();
    this.#socket.write(request);
  }

  /** Closes it at once; whoever waits for an answer is not told. */
  abandon(): void {
    this.#listener = undefined;
    this.#socket.destroy();
  }

  #receive(length: number): void {
    this.#reader.received(length);
    if (this.#listener === undefined) {
      // It spoke without being asked.
      this.#socket.destroy();
      return;
    }
    try {
      const message = this.#reader.read();
      if (message !== undefined) this.#finish(message, this.#reader.surplus === 0);
    } catch (error) {
      this.#break(error, 'malformed-answer');
    }
  }

  #receiveEnd(): void {
    if (this.#listener === undefined) return;
    try {
      this.#finish(this.#reader.end(), false);
    } catch (error) {
      this.#break(error, 'unreachable', this.bytesRead === 0);
    }
  }

  #finish({ head, body }: HttpMessage<ResponseHead>, isClean: boolean): void {
    const listener = this.#listener;
    this.#listener = undefined;
    if (isClean && head.keepAlive) {
      // An idle connection does not keep the process alive.
      this.#socket.unref();
      this.#owner.onIdle(this);
    } else this.#socket.destroy();
    listener?.onAnswer(body);
    this.#reader.next();
  }

  #break(error: unknown, reason: PeerFault['reason'], isRefusal = false): void {
    if (!(error instanceof HttpError)) throw error;
    this.#socket.destroy();
    this.#fail(new PeerFault(error.message, reason, isRefusal));
  }

  #fail(fault: PeerFault): void {
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.onFailure(fault);
  }
}
