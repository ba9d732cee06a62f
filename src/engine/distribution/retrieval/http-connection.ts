import { connect, type Socket } from 'node:net';
import { HttpResponseParser, type HttpResponse } from './http-response-parser.js';
import { PeerFault } from './peer-fault.js';

/** An idle connection is closed well before common servers, which give it five seconds or more, close it themselves. */
const IDLE_MS = 4_000;

const RECEIVE_BUFFER_LENGTH = 65_536;

interface Waiting {
  readonly parser: HttpResponseParser;
  readonly resolve: (response: HttpResponse) => void;
  readonly reject: (reason: unknown) => void;
}

/** One connection to a peer, which carries one request at a time. */
export class HttpConnection {
  readonly #socket: Socket;
  #waiting: Waiting | undefined;
  #failure: unknown;
  /** Where answers are put together, one after the other: a new place for each would be most of the garbage. */
  #memory: Buffer | undefined;

  /** @param onClose is called once, when the connection is gone for whatever reason. */
  constructor(address: { readonly host: string; readonly port: number }, onClose: () => void) {
    // One buffer for all that arrives: a new one for every read would be most of the garbage of a transfer.
    const onread = {
      buffer: Buffer.allocUnsafe(RECEIVE_BUFFER_LENGTH),
      callback: (length: number, buffer: Uint8Array): boolean => {
        this.#receive(Buffer.from(buffer.buffer, buffer.byteOffset, length));
        return true;
      },
    };
    this.#socket = connect({ ...address, noDelay: true, onread });
    this.#socket.on('end', () => this.#receiveEnd());
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#failure ??= new PeerFault(`connection failed: ${error.code ?? error.message}`, 'unreachable');
    });
    this.#socket.on('timeout', () => this.#socket.destroy());
    this.#socket.on('close', () => {
      this.#settle()?.reject(this.#failure ?? new PeerFault('closed the connection', 'unreachable'));
      onClose();
    });
  }

  /** Bytes received so far. */
  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  /**
   * Sends a whole HTTP request. The connection must be idle. The body of the response is good until control returns to
   * the event loop.
   */
  send(request: Buffer, maxBody: number): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      this.#waiting = { parser: new HttpResponseParser(maxBody, this.#memory), resolve, reject };
      this.#socket.ref();
      this.#socket.setTimeout(0);
      this.#socket.write(request);
    });
  }

  /** Lets the connection wait for its next request without keeping the process alive. */
  rest(): void {
    this.#socket.unref();
    this.#socket.setTimeout(IDLE_MS);
  }

  /** Closes it at once; a request under way fails with `reason`. */
  destroy(reason: unknown): void {
    this.#failure ??= reason;
    this.#settle()?.reject(reason);
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    if (this.#waiting === undefined) {
      this.destroy(new PeerFault('spoke without being asked'));
      return;
    }
    try {
      const response = this.#waiting.parser.push(chunk);
      if (response !== undefined) this.#settle()?.resolve(response);
    } catch (fault) {
      this.destroy(fault);
    }
  }

  #receiveEnd(): void {
    if (this.#waiting === undefined) return;
    try {
      const response = this.#waiting.parser.end();
      this.#settle()?.resolve(response);
    } catch (fault) {
      this.destroy(fault);
    }
  }

  #settle(): Waiting | undefined {
    const waiting = this.#waiting;
    this.#memory = waiting?.parser.memory ?? this.#memory;
    this.#waiting = undefined;
    return waiting;
  }
}
