import type { DistributionEvent, RefusalReason } from '../../../driver/index.js';
import { hostOf } from '../../../driver/host-and-port.js';
import { HttpError } from '../retrieval/http-head.js';
import type { RequestHead } from '../retrieval/http-request-head.js';
import type { HttpAnswer, HttpService } from '../retrieval/http-server-connection.js';
import { isRetrievalPath } from '../retrieval/retrieval-path.js';
import type { WaitingRoom } from '../retrieval/waiting-room.js';
import { segmentName } from '../segment-name.js';
import {
  decodeRequest,
  MAX_OFFER_LENGTH,
  MAX_REQUEST_LENGTH,
  MessageError,
  type RetrievalRequest,
} from '../wire/index.js';
import type { EncryptedStore } from './encrypted-store.js';
import type { LatelyServed } from './lately-served.js';
import type { OfferDesk } from './offer-desk.js';
import { isOfferPath } from './offer-path.js';
import { replay } from './replay.js';

export interface PlainServiceOptions {
  readonly store: EncryptedStore;
  readonly desk: OfferDesk;
  readonly served: LatelyServed;
  /** For requests for blocks; who does not get in gets the answer that nothing is here. */
  readonly room: WaitingRoom;
  readonly emit: (event: DistributionEvent) => void;
}

/** What a hosted cache does over plain HTTP: it serves blocks, and takes offers of version 2. */
export class PlainService implements HttpService {
  readonly maxBody = Math.max(MAX_REQUEST_LENGTH, MAX_OFFER_LENGTH);
  readonly #options: PlainServiceOptions;

  constructor(options: PlainServiceOptions) {
    this.#options = options;
  }

  admit({ method, target }: RequestHead): void {
    if (!isRetrievalPath(target) && !isOfferPath(target, 2)) throw new HttpError('nothing is here', 404);
    if (method !== 'POST') throw new HttpError('messages are posted', 405);
  }

  async answer(message: Buffer, peer: string, { target }: RequestHead): Promise<HttpAnswer> {
    try {
      if (!isRetrievalPath(target)) {
        const body = await this.#options.desk.answer(message, hostOf(peer), 2);
        if (body === undefined) throw new HttpError('there is no room for offers', 503);
        return { body: [body], onEnd: () => undefined };
      }
      return await this.#replay(message, peer);
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      if (isRetrievalPath(target)) this.refuse(peer, 'malformed');
      throw new HttpError(error.message);
    }
  }

  refuse(peer: string, reason: RefusalReason): void {
    this.#options.emit({ _tag: 'RequestRefused', peer, reason });
  }

  #tell(request: RetrievalRequest, peer: string): void {
    if (request._tag === 'Foreign') this.refuse(peer, 'version-mismatch');
    if (request._tag !== 'GetBlocks') return;
    const [first] = request.ranges;
    const segment = segmentName({ id: request.segmentId });
    this.#options.emit({ _tag: 'BlockRequestReceived', peer, segment, block: first?.index ?? 0 });
  }

  async #replay(message: Buffer, peer: string): Promise<HttpAnswer> {
    const { store, emit, room } = this.#options;
    const request = decodeRequest(message);
    this.#tell(request, peer);
    const client = hostOf(peer);
    const isIn = await room.enter(client);
    if (!isIn) this.refuse(peer, 'busy');
    const leave = (): void => {
      if (isIn) room.leave(client);
    };
    try {
      const { body, served } = await replay(request, store, !isIn);
      return {
        body,
        onEnd: (sent) => {
          leave();
          if (!sent || served === undefined) return;
          const { segmentId, block, bytes } = served;
          this.#options.served.note(client, segmentId, block);
          emit({ _tag: 'BlockResponseSent', peer, segment: segmentName({ id: segmentId }), block, bytes });
        },
      };
    } catch (error) {
      leave();
      throw error;
    }
  }
}
