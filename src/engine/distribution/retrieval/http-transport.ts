import { HttpConnection } from './http-connection.js';
import { PeerFault } from './peer-fault.js';
import { RETRIEVAL_PATH } from './retrieval-path.js';
import type { AnswerListener, Exchange, Transport } from './transport.js';

interface Address {
  readonly host: string;
  readonly port: number;
}

/** A peer, with the head of the last request to it: mostly the next one has the same. */
interface Target {
  readonly address: Address;
  readonly idle: HttpConnection[];
  head: Buffer;
  /** Of the message that the head announces. */
  length: number;
}

/** Of so many peers those are forgotten that no idle connection leads to. */
const MANY_TARGETS = 1_024;

/** Posts messages over HTTP/1.1, framed directly on sockets. */
export class HttpTransport implements Transport {
  readonly #targets = new Map<string, Target>();
  readonly #open = new Set<HttpConnection>();

  post(peer: string, message: Buffer, listener: AnswerListener): Exchange {
    const target = this.#targets.get(peer) ?? this.#newTarget(peer);
    if (target === undefined) return failing(new PeerFault('is not host:port', 'other'), listener);
    if (target.length !== message.length) {
      target.head = requestHead(peer, message.length);
      target.length = message.length;
    }
    const request = Buffer.concat([target.head, message]);
    let connection: HttpConnection | undefined;
    const attempt = (): void => {
      const reused = target.idle.pop();
      const current = reused ?? this.#connect(target);
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

  #newTarget(peer: string): Target | undefined {
    const address = addressOf(peer);
    if (address === undefined) return undefined;
    if (this.#targets.size >= MANY_TARGETS) {
      for (const [other, { idle }] of this.#targets) if (idle.length === 0) this.#targets.delete(other);
    }
    const target = { address, idle: [], head: Buffer.alloc(0), length: -1 };
    this.#targets.set(peer, target);
    return target;
  }

  #connect({ address, idle }: Target): HttpConnection {
    const connection = new HttpConnection(address, {
      onIdle: (unused) => idle.push(unused),
      onClose: (closed) => {
        this.#open.delete(closed);
        const at = idle.indexOf(closed);
        if (at >= 0) idle.splice(at, 1);
      },
    });
    this.#open.add(connection);
    return connection;
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
