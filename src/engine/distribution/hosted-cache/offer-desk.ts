import type { DistributionEvent, OfferRefusal } from '../../../driver/index.js';
import { segmentName } from '../segment-name.js';
import {
  BLOCK_LENGTH,
  decodeOffer,
  encodeOfferResponse,
  MAX_SEGMENT_LENGTH_V2,
  MessageError,
  SEGMENT_LENGTH,
  segmentInOffer,
  versionOf,
  type Offer,
  type OfferedSegment,
} from '../wire/index.js';
import { shapeOf } from './encrypted-block.js';
import type { EncryptedStore } from './encrypted-store.js';
import type { OfferedPull, Puller } from './puller.js';

export interface OfferDeskOptions {
  readonly store: EncryptedStore;
  readonly puller: Puller;
  readonly emit: (event: DistributionEvent) => void;
}

/** Which messages a path takes: INITIAL_OFFER and SEGMENT_INFO, or BATCHED_OFFER. */
export type OfferVersion = 1 | 2;

/** Takes offers of clients, by PCHC 3.2.5. */
export class OfferDesk {
  readonly #options: OfferDeskOptions;

  constructor(options: OfferDeskOptions) {
    this.#options = options;
  }

  /**
   * The answer to an offer that came from `host`; what it offers is fetched from nowhere else than there.
   *
   * Rejects with a MessageError for one that gets no answer; `undefined`: there is no room for it now, which the protocol
   * cannot say.
   */
  async answer(body: Buffer, host: string, version: OfferVersion): Promise<Buffer | undefined> {
    const { emit } = this.#options;
    const offer = this.#decode(body, host, version);
    const client = `${host}:${offer.port}`;
    const segments = idsOf(offer).map((id) => segmentName({ id }));
    emit({ _tag: 'OfferReceived', peer: client, segments });
    if (offer._tag === 'InitialOffer') {
      const { store, puller } = this.#options;
      const shape = store.find(offer.segmentId)?.shape;
      const isWanted = shape === undefined || puller.wants(client, { segmentId: offer.segmentId, shape });
      if (isWanted) emit({ _tag: 'OfferAccepted', peer: client, segments });
      return encodeOfferResponse(isWanted ? 'interested' : 'ok');
    }
    const wanted = pullsOf(offer);
    if (wanted.length === 0) emit({ _tag: 'OfferRefused', peer: client, reason: 'malformed' });
    else if (!(await this.#options.puller.offer(client, wanted))) {
      emit({ _tag: 'OfferRefused', peer: client, reason: 'limit' });
      return undefined;
    }
    return encodeOfferResponse('ok');
  }

  #decode(body: Buffer, host: string, version: OfferVersion): Offer {
    let reason: OfferRefusal = 'malformed';
    try {
      const offer = decodeOffer(body);
      reason = 'version-mismatch';
      if ((offer._tag === 'BatchedOffer') === (version === 2)) return offer;
      throw new MessageError(`${offer._tag} at the path of version ${version}`);
    } catch (error) {
      if (error instanceof MessageError) this.#options.emit({ _tag: 'OfferRefused', peer: host, reason });
      throw error;
    }
  }
}

const idsOf = (offer: Offer): readonly Uint8Array[] => {
  switch (offer._tag) {
    case 'InitialOffer':
      return [offer.segmentId];
    case 'SegmentInfo': {
      const info = segmentInOffer(offer);
      return info === undefined ? [] : [info.id];
    }
    case 'BatchedOffer':
      return offer.segments.map(({ segmentId }) => segmentId);
  }
};

/** What of an offer can be fetched at all. The rest is answered like it, as Windows does. */
const pullsOf = (offer: Exclude<Offer, { readonly _tag: 'InitialOffer' }>): readonly OfferedPull[] => {
  if (offer._tag === 'BatchedOffer') return offer.segments.flatMap(pullOf);
  const info = segmentInOffer(offer);
  return info === undefined ? [] : [{ segmentId: info.id, shape: shapeOf(info.hash, info.length) }];
};

const pullOf = ({ hash, segmentId, segmentLength, blockLength }: OfferedSegment): readonly OfferedPull[] => {
  if (hash === undefined || segmentLength < 1) return [];
  const isPlausible =
    versionOf(hash) === 1
      ? segmentLength <= SEGMENT_LENGTH && blockLength === BLOCK_LENGTH
      : segmentLength <= MAX_SEGMENT_LENGTH_V2;
  // The offer's memory belongs to its connection.
  return isPlausible ? [{ segmentId: Buffer.from(segmentId), shape: shapeOf(hash, segmentLength) }] : [];
};
