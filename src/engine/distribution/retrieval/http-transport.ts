import { MAX_RESPONSE_LENGTH, RESPONSE_PREFIX_LENGTH } from '../wire/index.js';
import { HttpConnection } from './http-connection.js';
import { PeerFault } from './peer-fault.js';
import { RETRIEVAL_PATH } from './retrieval-path.js';
import type { Exchange, Transport } from './transport.js';

const MAX_BODY = RESPONSE_PREFIX_LENGTH + MAX_RESPONSE_LENGTH;

/**
 * HTTP/1.1 framed directly on sockets: a transfer is very many small exchanges with the same peers, for which the
 * agent, the streams and the header objects of node:http are mostly overhead.
 */
export class HttpTransport implements Transport {
  readonly #idle = new Map<string, HttpConnection[]>();
  readonly #open = new Set<HttpConnection>();
  #closed = false;

  post(peer: string, message: Buffer): Exchange {
    let connection: HttpConnection | undefined;
    let aborted = false;
    const exchange = async (): Promise<Buffer> => {
      const request = Buffer.concat([requestHead(peer, message.length), message]);
      for (;;) {
        const reused = this.#takeIdle(peer);
        connection = reused ?? this.#connect(peer);
        const before = connection.bytesRead;
        try {
          const response = await connection.send(request, MAX_BODY);
          if (response.reusable) this.#keepIdle(peer, connection);
          else connection.destroy(new PeerFault('closed after its last answer'));
          connection = undefined;
          return response.body;
        } catch (failure) {
          // A peer may close an idle connection just when it is used again. That is nobody's fault.
          const stale = reused?.bytesRead === before;
          if (!stale || aborted) throw failure;
        }
      }
    };
    return {
      answer: exchange(),
      abort: (reason) => {
        aborted = true;
        connection?.destroy(reason);
      },
    };
  }

  close(): void {
    this.#closed = true;
    for (const connection of this.#open) connection.destroy(clientClosed());
  }

  #connect(peer: string): HttpConnection {
    if (this.#closed) throw clientClosed();
    const connection = new HttpConnection(parsePeer(peer), () => {
      this.#open.delete(connection);
      this.#forgetIdle(peer, connection);
    });
    this.#open.add(connection);
    return connection;
  }

  #takeIdle(peer: string): HttpConnection | undefined {
    const connection = this.#idle.get(peer)?.at(-1);
    if (connection !== undefined) this.#forgetIdle(peer, connection);
    return connection;
  }

  #keepIdle(peer: string, connection: HttpConnection): void {
    connection.rest();
    this.#idle.set(peer, [...(this.#idle.get(peer) ?? []), connection]);
  }

  #forgetIdle(peer: string, connection: HttpConnection): void {
    const others = this.#idle.get(peer)?.filter((other) => other !== connection) ?? [];
    if (others.length === 0) this.#idle.delete(peer);
    else this.#idle.set(peer, others);
  }
}

const clientClosed = (): PeerFault => new PeerFault('the client was closed', 'unreachable');

const PEER = /^(?:\[([\da-f:.]+)\]|([^\s:/?#@[\]]+)):(\d{1,5})$/i;

const parsePeer = (peer: string): { readonly host: string; readonly port: number } => {
  const [, bracketed, plain, digits] = PEER.exec(peer) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || port < 1 || port > 65_535) throw new PeerFault('is not host:port', 'other');
  return { host, port };
};

const requestHead = (peer: string, length: number): Buffer =>
  Buffer.from(
    `POST ${RETRIEVAL_PATH} HTTP/1.1\r\nHost: ${peer}\r\nContent-Type: application/octet-stream\r\n` +
      `Content-Length: ${length}\r\n\r\n`,
    'latin1',
  );
