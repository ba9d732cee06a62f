import type { Clock, DistributionEvent } from '../../../driver/index.js';
import { PeerFault } from '../retrieval/peer-fault.js';
import type { Transport } from '../retrieval/transport.js';
import { segmentName } from '../segment-name.js';
import {
  decodeResponse,
  encodeRequest,
  encryptedLength,
  includesBlock,
  IV_LENGTH,
  MessageError,
  type BlockCipher,
  type BlockRange,
  type RetrievalResponse,
} from '../wire/index.js';
import { hostOf } from '../../../driver/host-and-port.js';
import { blocksOf, lengthOf, type EncryptedBlock, type SegmentShape } from './encrypted-block.js';
import type { EncryptedStore } from './encrypted-store.js';
import type { LatelyServed } from './lately-served.js';
import { OfferCrowd } from './offer-crowd.js';

/** A segment that a client has offered. */
export interface OfferedPull {
  readonly segmentId: Uint8Array;
  readonly shape: SegmentShape;
}

export interface PullerOptions {
  readonly store: EncryptedStore;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly emit: (event: DistributionEvent) => void;
  readonly limits: PullerLimits;
  readonly served: LatelyServed;
}

/** Bounds of what a hosted cache fetches for offers. */
export interface PullerLimits {
  /** Milliseconds for one answer of a client. */
  readonly requestTimeoutMs: number;
  /** Segments that may wait for one client. */
  readonly segmentsPerClient: number;
  /** Clients that are pulled from at a time; the offers of others wait. */
  readonly clients: number;
  /** Clients whose offers may wait. */
  readonly waitingClients: number;
  /** Milliseconds that the answer to an offer is kept back for room to be made for it. */
  readonly offerPatienceMs: number;
  /** That many faults, and nothing more is pulled for the offers that a client has made so far. */
  readonly faultsPerClient: number;
}

/** The rest of a segment of several blocks may have come from elsewhere: who asked for one of them twice had no use for it. */
const TIMES_WHEN_SPOILED = { cut: 2, whole: 1 } as const;

const PREFERRED_CIPHER: BlockCipher = 'aes-128-cbc';

/** Fetches what clients have offered from those clients, one block at a time from each. */
export class Puller {
  readonly #options: PullerOptions;
  /** By client (`host:port`), in the order they came. */
  readonly #offers = new Map<string, Map<string, OfferedPull>>();
  readonly #busy = new Map<string, Promise<void>>();
  /** One for each request under way. */
  readonly #asking = new Set<(fault: PeerFault) => void>();
  readonly #crowd: OfferCrowd;
  #isClosed = false;

  constructor(options: PullerOptions) {
    const { clock, limits } = options;
    this.#options = options;
    this.#crowd = new OfferCrowd({
      clock,
      patienceMs: limits.offerPatienceMs,
      places: limits.waitingClients,
    });
  }

  /**
   * Puts segments in line, once there is room; `false`: there was none for too long. What is here or in line is not
   * fetched twice.
   */
  async offer(client: string, segments: readonly OfferedPull[]): Promise<boolean> {
    const tryIt = (): boolean => this.#tryOffer(client, segments);
    if (tryIt()) return true;
    if (this.#isClosed || segments.length > this.#options.limits.segmentsPerClient) return false;
    return this.#crowd.wait(hostOf(client), tryIt);
  }

  #tryOffer(client: string, segments: readonly OfferedPull[]): boolean {
    const { limits, emit } = this.#options;
    const line = this.#offers.get(client) ?? new Map<string, OfferedPull>();
    const wanted = segments.filter(
      ({ segmentId, shape }) =>
        !line.has(segmentName({ id: segmentId })) && this.wants(client, { segmentId, shape }),
    );
    const isOneTooMany = line.size === 0 && this.#offers.size >= limits.waitingClients;
    const accept = (): void => {
      const accepted = wanted.map(({ segmentId }) => segmentName({ id: segmentId }));
      emit({ _tag: 'OfferAccepted', peer: client, segments: accepted });
    };
    if (wanted.length === 0) {
      accept();
      return true;
    }
    if (this.#isClosed || isOneTooMany || line.size + wanted.length > limits.segmentsPerClient) return false;
    for (const segment of wanted) line.set(segmentName({ id: segment.segmentId }), segment);
    this.#offers.set(client, line);
    // Before anything is asked for.
    accept();
    this.#startNext();
    return true;
  }

  /** Whether something of it is not here, or not as the client has it. */
  wants(client: string, { segmentId, shape }: OfferedPull): boolean {
    if (this.#options.store.find(segmentId, shape)?.isComplete() !== true) return true;
    for (let index = 0; index < blocksOf(shape); index += 1)
      if (this.#wasSpoiled(client, segmentId, shape, index)) return true;
    return false;
  }

  /** Whether the client got a block from here, and elsewhere after that. */
  #wasSpoiled(client: string, segmentId: Uint8Array, { isCut }: SegmentShape, index: number): boolean {
    const times = this.#options.served.times(hostOf(client), segmentId, index);
    return times >= (isCut ? TIMES_WHEN_SPOILED.cut : TIMES_WHEN_SPOILED.whole);
  }

  /** Gives up what waits and what is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#offers.clear();
    this.#crowd.close();
    for (const giveUp of this.#asking) giveUp(new PeerFault('the hosted cache was closed', 'other'));
    this.#options.transport.close();
    await Promise.all(this.#busy.values());
  }

  #startNext(): void {
    for (const client of this.#offers.keys()) {
      if (this.#busy.size >= this.#options.limits.clients) return;
      if (this.#busy.has(client)) continue;
      const pulling = this.#pullFrom(client).finally(() => {
        this.#busy.delete(client);
        this.#startNext();
        this.#crowd.review();
      });
      this.#busy.set(client, pulling);
    }
  }

  async #pullFrom(client: string): Promise<void> {
    let faults = 0;
    for (let next = this.#next(client); next !== undefined; next = this.#next(client)) {
      try {
        await this.#pull(client, next);
      } catch (error) {
        faults += 1;
        this.#tellFailure(client, error);
        // What the disk does not take is no fault of the client, and no better with the next segment.
        const isOver = !(error instanceof PeerFault) || faults >= this.#options.limits.faultsPerClient;
        if (isOver) this.#offers.delete(client);
      }
      this.#crowd.review();
    }
  }

  #next(client: string): OfferedPull | undefined {
    const line = this.#offers.get(client);
    const [first] = line ?? [];
    if (line === undefined || first === undefined) {
      this.#offers.delete(client);
      return undefined;
    }
    line.delete(first[0]);
    return first[1];
  }

  async #pull(client: string, { segmentId, shape }: OfferedPull): Promise<void> {
    const { store, emit, served } = this.#options;
    const count = blocksOf(shape);
    const segment = segmentName({ id: segmentId });
    const listed = shape.isCut ? await this.#askForList(client, segmentId, count) : [{ index: 0, count: 1 }];
    for (let index = 0; index < count; index += 1) {
      const isOther = this.#wasSpoiled(client, segmentId, shape, index);
      const isHere = store.find(segmentId, shape)?.has(index) === true;
      if (!includesBlock(listed, index) || (isHere && !isOther)) continue;
      const about = { peer: client, segment, block: index };
      emit({ _tag: 'BlockRequestSent', ...about });
      const block = await this.#askForBlock(client, segmentId, shape, index);
      if (block === undefined) continue;
      await store.add(block, isOther);
      served.forget(hostOf(client), segmentId, index);
      emit({ _tag: 'BlockResponseReceived', ...about, bytes: block.data.length });
    }
  }

  async #askForList(client: string, segmentId: Uint8Array, count: number): Promise<readonly BlockRange[]> {
    const ranges = [{ index: 0, count }];
    const request = { _tag: 'GetBlockList', cipher: PREFERRED_CIPHER, segmentId, ranges } as const;
    const response = await this.#ask(client, encodeRequest(request), decode);
    if (response._tag !== 'BlockList') throw new PeerFault('answered another question');
    checkSegment(segmentId, response.segmentId);
    const blocks = response.ranges.reduce((sum, range) => sum + range.count, 0);
    const segment = segmentName({ id: segmentId });
    this.#options.emit({ _tag: 'BlockListReceived', peer: client, segment, blocks });
    return response.ranges;
  }

  /** `undefined`: the client does not have it, or is busy. */
  async #askForBlock(
    client: string,
    segmentId: Uint8Array,
    shape: SegmentShape,
    index: number,
  ): Promise<EncryptedBlock | undefined> {
    const ranges = [{ index, count: 1 }];
    const request = { _tag: 'GetBlocks', cipher: PREFERRED_CIPHER, segmentId, ranges } as const;
    return this.#ask(client, encodeRequest(request), (answer) => {
      const response = decode(answer);
      if (response._tag !== 'Block') throw new PeerFault('answered another question');
      checkSegment(segmentId, response.segmentId);
      if (response.blockIndex !== index) throw new PeerFault('answered with another block');
      const { cipher, iv } = response;
      const data = Buffer.concat(response.data);
      if (data.length === 0) return undefined;
      if (data.length !== encryptedLength(cipher, lengthOf(shape, index))) {
        throw new PeerFault(`answered with ${data.length} bytes for a block of ${lengthOf(shape, index)}`);
      }
      if (cipher !== 'none' && iv.length !== IV_LENGTH) {
        throw new PeerFault(`answered with a vector of ${iv.length} bytes`);
      }
      return { segmentId, index, shape, cipher, iv: Buffer.from(iv), data };
    });
  }

  /** The answer, read by `read` while its bytes are good. */
  #ask<Result>(client: string, message: Buffer, read: (answer: Buffer) => Result): Promise<Result> {
    const { transport, clock, limits } = this.#options;
    return new Promise((resolve, reject) => {
      const end = (): void => {
        cancelTimer();
        this.#asking.delete(giveUp);
      };
      const giveUp = (fault: PeerFault): void => {
        end();
        exchange.abort();
        reject(fault);
      };
      const exchange = transport.post(client, message, {
        onAnswer: (body) => {
          end();
          resolve(reading(() => read(body)));
        },
        onFailure: (fault) => {
          end();
          reject(fault);
        },
      });
      const cancelTimer = clock.schedule(limits.requestTimeoutMs, () =>
        giveUp(new PeerFault(`no answer within ${limits.requestTimeoutMs} ms`, 'no-answer-in-time')),
      );
      this.#asking.add(giveUp);
    });
  }

  #tellFailure(client: string, error: unknown): void {
    if (this.#isClosed) return;
    const { emit } = this.#options;
    if (error instanceof PeerFault)
      emit({ _tag: 'PeerFailed', peer: client, reason: error.reason, detail: error.message });
    else emit({ _tag: 'OfferRefused', peer: client, reason: 'limit' });
  }
}

/** Done at once, as the bytes are good until then only; what it throws is a rejection. */
const reading = async <Result>(read: () => Result): Promise<Result> => read();

const decode = (answer: Buffer): RetrievalResponse => {
  try {
    return decodeResponse(answer);
  } catch (error) {
    if (error instanceof MessageError) throw new PeerFault(`answered nonsense: ${error.message}`);
    throw error;
  }
};

const checkSegment = (asked: Uint8Array, answered: Uint8Array): void => {
  if (Buffer.compare(asked, answered) !== 0) throw new PeerFault('answered with another segment');
};
