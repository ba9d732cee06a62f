import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock, type Clock, type DistributionEvent } from '../../../driver/index.js';
import type { BlockSource, RetrievalServer } from '../ports.js';
import { segmentName } from '../segment-name.js';
import { decodeRequest, MAX_REQUEST_LENGTH, MessageError } from '../wire/index.js';
import { DEFAULT_SERVER_LIMITS, type RetrievalServerLimits } from './limits.js';
import { pooledRandomBytes } from './pooled-random-bytes.js';
import { answerRequest } from './request-answer.js';
import { isRetrievalPath } from './retrieval-path.js';

export interface RetrievalServerOptions {
  readonly source: BlockSource;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly emit?: ((event: DistributionEvent) => void) | undefined;
  readonly clock?: Clock | undefined;
  readonly randomBytes?: ((length: number) => Uint8Array) | undefined;
  readonly limits?: Partial<RetrievalServerLimits> | undefined;
}

const MAX_HEAD_LENGTH = 16_384;

/** Serves the blocks of a source by PCCRR. */
export const createRetrievalServer = (options: RetrievalServerOptions): RetrievalServer =>
  new HttpRetrievalServer(options);

class HttpRetrievalServer implements RetrievalServer {
  readonly #server: Server;
  readonly #limits: RetrievalServerLimits;
  readonly #clock: Clock;
  readonly #randomBytes: (length: number) => Uint8Array;
  readonly #deathListeners: ((cause: Error) => void)[] = [];
  #active = 0;

  constructor(private readonly options: RetrievalServerOptions) {
    this.#limits = { ...DEFAULT_SERVER_LIMITS, ...options.limits };
    this.#clock = options.clock ?? systemClock;
    this.#randomBytes = options.randomBytes ?? pooledRandomBytes();
    this.#server = createServer(
      {
        maxHeaderSize: MAX_HEAD_LENGTH,
        headersTimeout: this.#limits.headTimeoutMs,
        requestTimeout: this.#limits.requestTimeoutMs,
        keepAliveTimeout: this.#limits.idleTimeoutMs,
        connectionsCheckingInterval: Math.min(1_000, this.#limits.headTimeoutMs),
        noDelay: true,
      },
      (request, response) => void this.#serve(request, response),
    );
    this.#server.maxConnections = this.#limits.connections;
  }

  async start(): Promise<{ readonly host: string; readonly port: number }> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.options.port, this.options.host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    this.#server.on('error', (cause) => this.#die(cause));
    this.#server.once('close', () => this.#die(new Error('the listener was closed')));
    const { address, port } = this.#server.address() as AddressInfo;
    return { host: address, port };
  }

  close(): Promise<void> {
    this.#deathListeners.length = 0;
    return this.#stop();
  }

  onDeath(listener: (cause: Error) => void): void {
    this.#deathListeners.push(listener);
  }

  /** A listener that cannot accept any more is closed altogether, so that it is dead for everybody. */
  #die(cause: Error): void {
    for (const listener of this.#deathListeners.splice(0)) listener(cause);
    void this.#stop();
  }

  #stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (!isRetrievalPath(request.url ?? '')) {
        refuse(response, 404);
        return;
      }
      if (request.method !== 'POST') {
        refuse(response, 405);
        return;
      }
      const body = await readBody(request);
      if (body === undefined) {
        refuse(response, 413);
        return;
      }
      await this.#answer(decodeRequest(body), request, response);
    } catch (error) {
      if (error instanceof MessageError) refuse(response, 400);
      else response.destroy();
    }
  }

  async #answer(
    request: ReturnType<typeof decodeRequest>,
    { socket }: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const busy = this.#active >= this.#limits.activeClients;
    this.#active += 1;
    const cancelTimer = this.#clock.schedule(this.#limits.uploadTimeoutMs, () => socket.destroy());
    response.once('close', () => {
      this.#active -= 1;
      cancelTimer();
    });
    const answer = await answerRequest(request, {
      source: this.options.source,
      randomBytes: this.#randomBytes,
      busy,
    });
    const { body, served } = answer;
    if (served !== undefined) {
      const peer = `${socket.remoteAddress ?? ''}:${socket.remotePort ?? 0}`;
      const { block, bytes } = served;
      response.once('finish', () =>
        this.options.emit?.({
          _tag: 'BlockResponseSent',
          peer,
          segment: segmentName(served.segment.info),
          block,
          bytes,
        }),
      );
    }
    const length = body.reduce((sum, piece) => sum + piece.length, 0);
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': length });
    for (const piece of body) response.write(piece);
    response.end();
  }
}

/** The body of a request; `undefined` as soon as it is longer than any message may be. */
const readBody = (request: IncomingMessage): Promise<Buffer | undefined> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= MAX_REQUEST_LENGTH) chunks.push(chunk);
      else resolve(undefined);
    });
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.once('close', () => reject(new Error('the request was not completed')));
    request.once('error', reject);
  });

const refuse = (response: ServerResponse, status: number): void => {
  response.writeHead(status, { connection: 'close', 'content-length': 0 }).end();
};
