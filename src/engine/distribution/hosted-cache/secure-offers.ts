import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostAndPort, hostOf } from '../../../driver/host-and-port.js';
import { MAX_OFFER_LENGTH, MessageError } from '../wire/index.js';
import type { OfferDesk } from './offer-desk.js';
import { isOfferPath } from './offer-path.js';

export interface SecureOffersOptions {
  readonly desk: OfferDesk;
  /** Certificate chain and private key, as PEM. */
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  readonly timeoutMs: number;
  readonly connections: number;
}

/** Takes offers of version 1, which come over HTTPS and carry the secret of their segment. */
export class SecureOffers {
  readonly #server: Server;
  readonly #desk: OfferDesk;

  constructor({ desk, cert, key, timeoutMs, connections }: SecureOffersOptions) {
    this.#desk = desk;
    this.#server = createServer(
      { cert, key, requestTimeout: timeoutMs, headersTimeout: timeoutMs, keepAliveTimeout: timeoutMs },
      (request, response) => void this.#take(request, response),
    );
    this.#server.maxConnections = connections;
    // Of a handshake that fails nobody but the client needs to know.
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy());
  }

  /** Binds and listens; rejects with the system's error. */
  async start(host: string, port: number): Promise<{ readonly host: string; readonly port: number }> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    this.#server.on('error', () => void this.close());
    const address = this.#server.address() as AddressInfo;
    return { host: address.address, port: address.port };
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { remoteAddress, remotePort } = request.socket;
    try {
      const status = statusOf(request);
      const body = status === 200 ? await readBody(request) : undefined;
      if (body === undefined) {
        refuse(response, status === 200 ? 413 : status);
        return;
      }
      const peer = hostAndPort(remoteAddress, remotePort);
      const answer = await this.#desk.answer(body, hostOf(peer), 1);
      if (answer === undefined) {
        refuse(response, 503);
        return;
      }
      response.writeHead(200, {
        'content-type': 'application/octet-stream',
        'content-length': answer.length,
      });
      response.end(answer);
    } catch (error) {
      if (error instanceof MessageError) refuse(response, 400);
      else response.destroy();
    }
  }
}

const statusOf = ({ url = '', method }: IncomingMessage): number => {
  if (!isOfferPath(url, 1)) return 404;
  return method === 'POST' ? 200 : 405;
};

/** `undefined` as soon as it is longer than any offer may be. */
const readBody = async (request: IncomingMessage): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_OFFER_LENGTH) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const refuse = (response: ServerResponse, status: number): void => {
  response.writeHead(status, { connection: 'close', 'content-length': 0 }).end();
};
