import { HttpConnection, type HttpRequest } from './http-connection.js';
import { NameLookups } from './name-lookups.js';
import { PeerFault } from './peer-fault.js';
import { RETRIEVAL_PATH } from './retrieval-path.js';
import { MOST_TOGETHER } from './requests-together.js';
import type { AnswerListener, Exchange, Transport } from './transport.js';

interface Address {
  readonly host: string;
  readonly port: number;
}

/** A peer, with the head of the last request to it: mostly the next one has the same. */
interface Target {
  readonly address: Address;
  readonly idle: HttpConnection[];
  /** Requests that are about to be sent. */
  readonly waiting: HttpRequest[];
  head: Buffer;
  /** Of the message that the head announces. */
  length: number;
  /** How many requests it takes on one connection before the first of them is answered. */
  together: number;
}

/** Of so many peers those are forgotten that no idle connection leads to. */
const MANY_TARGETS = 1_024;

/** Posts messages over HTTP/1.1, framed directly on sockets. */
export class HttpTransport implements Transport {
  readonly #targets = new Map<string, Target>();
  readonly #open = new Set<HttpConnection>();
  readonly #names = new NameLookups();
  readonly #path: string;
  readonly #together: number;

  /**
   * @param path to which messages are posted.
   * @param together how many at most are sent on one connection before the first is answered.
   */
  constructor(path = RETRIEVAL_PATH, together = MOST_TOGETHER) {
    this.#path = path;
    this.#together = together;
  }

  post(peer: string, message: Buffer, listener: AnswerListener): Exchange {
    const target = this.#targets.get(peer) ?? this.#newTarget(peer);
    if (target === undefined) return failing(new PeerFault('is not host:port', 'other'), listener);
    if (target.length !== message.length) {
      target.head = requestHead(this.#path, peer, message.length);
      target.length = message.length;
    }
    const bytes = Buffer.concat([target.head, message]);
    const request: HttpRequest = { bytes, listener, connection: undefined };
    this.#send(target, [request]);
    return { abort: () => this.#abort(target, request) };
  }

  close(): void {
    for (const { waiting } of this.#targets.values()) waiting.length = 0;
    for (const connection of this.#open) connection.abandon();
  }

  /** Once the caller has returned, so that requests that are made together are sent together. */
  #send(target: Target, requests: readonly HttpRequest[]): void {
    if (target.waiting.length === 0) queueMicrotask(() => this.#flush(target));
    target.waiting.push(...requests);
  }

  #flush(target: Target): void {
    const { idle, waiting, together } = target;
    while (waiting.length > 0) {
      const connection = idle.pop() ?? this.#connect(target);
      connection.send(waiting.splice(0, together));
    }
  }

  #abort({ waiting }: Target, request: HttpRequest): void {
    if (request.listener === undefined) return;
    request.listener = undefined;
    const at = waiting.indexOf(request);
    if (at >= 0) waiting.splice(at, 1);
    else request.connection?.review();
  }

  #newTarget(peer: string): Target | undefined {
    const address = addressOf(peer);
    if (address === undefined) return undefined;
    if (this.#targets.size >= MANY_TARGETS) {
      for (const [other, { idle, waiting }] of this.#targets) {
        if (idle.length + waiting.length === 0) this.#targets.delete(other);
      }
    }
    const target = { address, idle: [], waiting: [], head: Buffer.alloc(0), length: -1, together: 1 };
    this.#targets.set(peer, target);
    return target;
  }

  #connect(target: Target): HttpConnection {
    const { address, idle } = target;
    const connection = new HttpConnection(address, this.#names.find, {
      onHead: ({ takesTogether }) => (target.together = Math.min(this.#together, takesTogether)),
      onIdle: (unused) => idle.push(unused),
      onUnanswered: (requests) => this.#send(target, requests),
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
const requestHead = (path: string, peer: string, length: number): Buffer =>
  Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: ${peer.replace(/%[^\]]*/, '')}\r\nContent-Type: application/octet-stream\r\n` +
      `Content-Length: ${length}\r\n\r\n`,
    'latin1',
  );
