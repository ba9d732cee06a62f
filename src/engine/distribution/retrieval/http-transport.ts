import { HttpConnection } from './http-connection.js';
import { PeerFault } from './peer-fault.js';
import { RETRIEVAL_PATH } from './retrieval-path.js';
import type { AnswerListener, Exchange, Transport } from './transport.js';

interface Address {
  readonly host: string;
  readonly port: number;
}

/** Posts messages over HTTP/1.1, framed directly on sockets. */
export class HttpTransport implements Transport {
  readonly #idle = new Map<string, HttpConnection[]>();
  readonly #open = new Set<HttpConnection>();

  post(peer: string, message: Buffer, listener: AnswerListener): Exchange {
    const address = addressOf(peer);
    if (address === undefined) return failing(new PeerFault('is not host:port', 'other'), listener);
    const request = Buffer.concat([requestHead(peer, message.length), message]);
    let connection: HttpConnection | undefined;
    const attempt = (): void => {
      const reused = this.#takeIdle(peer);
      const current = reused ?? this.#connect(peer, address);
      const before = current.bytesRead;
      connection = current;
      current.send(request, {
        onAnswer: (body) => {
          connection = undefined;
          listener.onAnswer(body);
        },
        onFailure: (fault) => {
          connection = undefined;
          // A peer may close an idle connection just when it is used again. That is nobody's fault.
          if (reused?.bytesRead === before) attempt();
          else listener.onFailure(fault);
        },
      });
    };
    attempt();
    return { abort: () => connection?.abandon() };
  }

  close(): void {
    for (const connection of this.#open) connection.abandon();
  }

  #connect(peer: string, address: Address): HttpConnection {
    const connection = new HttpConnection(address, {
      onIdle: (idle) => this.#idle.set(peer, [...(this.#idle.get(peer) ?? []), idle]),
      onClose: (closed) => {
        this.#open.delete(closed);
        this.#forgetIdle(peer, closed);
      },
    });
    this.#open.add(connection);
    return connection;
  }

  #takeIdle(peer: string): HttpConnection | undefined {
    const connection = this.#idle.get(peer)?.at(-1);
    if (connection !== undefined) this.#forgetIdle(peer, connection);
    return connection;
  }

  #forgetIdle(peer: string, connection: HttpConnection): void {
    const others = this.#idle.get(peer)?.filter((other) => other !== connection) ?? [];
    if (others.length === 0) this.#idle.delete(peer);
    else this.#idle.set(peer, others);
  }
}

/** An exchange that has failed already. */
const failing = (fault: PeerFault, listener: AnswerListener): Exchange => {
  let isAborted = false;
  queueMicrotask(() => {
    if (!isAborted) listener.onFailure(fault);
  });
  return { abort: () => (isAborted = true) };
};

const PEER = /^(?:\[([\da-f:.]+(?:%[\w.-]+)?)\]|([^\s:/?#@[\]]+)):(\d{1,5})$/i;

const addressOf = (peer: string): Address | undefined => {
  const [, bracketed, plain, digits] = PEER.exec(peer) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
};

/** The zone of an address means something to this machine only. RFC 6874. */
const requestHead = (peer: string, length: number): Buffer =>
  Buffer.from(
    `POST ${RETRIEVAL_PATH} HTTP/1.1\r\nHost: ${peer.replace(/%[^\]]*/, '')}\r\nContent-Type: application/octet-stream\r\n` +
      `Content-Length: ${length}\r\n\r\n`,
    'latin1',
  );
