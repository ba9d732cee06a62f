import {
  systemClock,
  type Clock,
  type DistributionEvent,
  type RefusalReason,
} from '../../../driver/index.js';
import { CLAIM_PATH, type Crowd } from '../crowd/index.js';
import type { BlockSource, RetrievalServer } from '../ports.js';
import { segmentName } from '../segment-name.js';
import { decodeRequest, MAX_REQUEST_LENGTH, MessageError, type RetrievalRequest } from '../wire/index.js';
import { hostOf } from '../../../driver/host-and-port.js';
import { HttpError } from './http-head.js';
import type { RequestHead } from './http-request-head.js';
import type { HttpAnswer, HttpService } from './http-server-connection.js';
import { HttpServer } from './http-server.js';
import { DEFAULT_SERVER_LIMITS, type RetrievalServerLimits } from './limits.js';
import { pooledRandomBytes } from './pooled-random-bytes.js';
import { answerRequest, type ServedBlock } from './request-answer.js';
import { isRetrievalPath } from './retrieval-path.js';
import { startServing } from './serving-port.js';
import { WaitingRoom } from './waiting-room.js';

export interface RetrievalServerOptions {
  readonly source: BlockSource;
  /** Answers machines that want the same from an origin; left out: there is nothing at their path. */
  readonly crowd?: Crowd | undefined;
  readonly host: string;
  /** 0: any free port; left out: the standard one, or any free one where that cannot be had. */
  readonly port?: number | undefined;
  readonly emit?: ((event: DistributionEvent) => void) | undefined;
  readonly clock?: Clock | undefined;
  readonly randomBytes?: ((length: number) => Uint8Array) | undefined;
  readonly limits?: Partial<RetrievalServerLimits> | undefined;
}

/** Serves the blocks of a source by PCCRR. */
export const createRetrievalServer = (options: RetrievalServerOptions): RetrievalServer => {
  const limits = { ...DEFAULT_SERVER_LIMITS, ...options.limits };
  const clock = options.clock ?? systemClock;
  const room = new WaitingRoom({
    clock,
    places: limits.activeClients,
    placesPerClient: limits.requestsPerClient,
    patienceMs: limits.busyAfterMs,
  });
  const service = new RetrievalService(options, room);
  const server = new HttpServer({
    service,
    limits,
    clock,
    onDrop: (peer) => service.refuse(peer, 'limit'),
  });
  const { host, port } = options;
  return {
    start: (before) => startServing((at) => server.start(host, at), port, before),
    close: () => {
      room.close();
      return server.close();
    },
    onDeath: (listener) => server.onDeath(listener),
  };
};

class RetrievalService implements HttpService {
  readonly maxBody = MAX_REQUEST_LENGTH;
  readonly #source: BlockSource;
  readonly #crowd: Crowd | undefined;
  readonly #randomBytes: (length: number) => Uint8Array;
  readonly #emit: (event: DistributionEvent) => void;
  readonly #room: WaitingRoom;

  constructor(options: RetrievalServerOptions, room: WaitingRoom) {
    this.#source = options.source;
    this.#crowd = options.crowd;
    this.#randomBytes = pooledRandomBytes(options.randomBytes);
    this.#emit = options.emit ?? (() => undefined);
    this.#room = room;
  }

  admit({ method, target }: RequestHead): void {
    if (!isRetrievalPath(target) && !this.#isForCrowd(target)) throw new HttpError('nothing is here', 404);
    if (method !== 'POST') throw new HttpError('messages are posted', 405);
  }

  async answer(message: Buffer, peer: string, { target }: RequestHead): Promise<HttpAnswer> {
    if (this.#isForCrowd(target)) return this.#answerCrowd(message, peer);
    const request = this.#decode(message, peer);
    this.#tell(request, peer);
    const client = hostOf(peer);
    const entered = this.#room.enter(client);
    // Waiting for what is there already would cost a turn for each block.
    const busy = entered !== true && !(await entered);
    if (busy) this.refuse(peer, 'busy');
    const leave = (): void => {
      if (!busy) this.#room.leave(client);
    };
    try {
      const { body, served } = await answerRequest(request, {
        source: this.#source,
        randomBytes: this.#randomBytes,
        busy,
      });
      return {
        body,
        onEnd: (sent) => {
          leave();
          if (served !== undefined) this.#end(served, peer, sent);
        },
      };
    } catch (error) {
      leave();
      throw error;
    }
  }

  refuse(peer: string, reason: RefusalReason): void {
    this.#emit({ _tag: 'RequestRefused', peer, reason });
  }

  #isForCrowd(target: string): boolean {
    return this.#crowd !== undefined && target === CLAIM_PATH;
  }

  async #answerCrowd(message: Buffer, peer: string): Promise<HttpAnswer> {
    const body = await this.#crowd?.answer(message, hostOf(peer));
    if (body !== undefined) return { body: [body], onEnd: () => undefined };
    this.refuse(peer, 'malformed');
    throw new HttpError('that is no question');
  }

  #decode(message: Buffer, peer: string): RetrievalRequest {
    try {
      return decodeRequest(message);
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      this.refuse(peer, 'malformed');
      throw new HttpError(error.message);
    }
  }

  #tell(request: RetrievalRequest, peer: string): void {
    if (request._tag === 'Foreign') this.refuse(peer, 'version-mismatch');
    if (request._tag === 'GetBlocks') {
      const [first] = request.ranges;
      const segment = segmentName({ id: request.segmentId });
      this.#emit({ _tag: 'BlockRequestReceived', peer, segment, block: first?.index ?? 0 });
    }
  }

  #end({ segment, block, bytes, release }: ServedBlock, peer: string, sent: boolean): void {
    release();
    if (!sent) return;
    this.#crowd?.served();
    this.#emit({ _tag: 'BlockResponseSent', peer, segment: segmentName(segment.info), block, bytes });
  }
}
