import type { Cancel, Clock, DiscoveryIgnoreReason, DistributionEvent } from '../../../driver/index.js';
import type { BlockSource, StoredSegment } from '../ports.js';
import { blockCount } from '../wire/index.js';
import { Budget } from './budget.js';
import type { DiscoveryLimits } from './limits.js';
import type { Datagram } from './network/datagram-network.js';
import type { LocalAddress } from './network/local-address.js';
import { isServedAt } from './served-address.js';
import type { Others } from './others.js';
import { Recent } from './recent.js';
import { uuidUrn } from './uuid.js';
import {
  encodeProbeMatch,
  formatAddress,
  type Availability,
  type Probe,
  type ProbedSegment,
  type ProbeMatch,
  type TransportAddress,
} from './wire/index.js';

/** What is being fetched here. */
export interface Fetching {
  fetches(segmentId: Uint8Array): boolean;
  /** Another machine fetches it, too. */
  meet(segmentId: Uint8Array, peer: string): void;
}

export interface ResponderOptions {
  readonly source: BlockSource;
  /** Left out: nothing is fetched here that others might fetch. */
  readonly fetching?: Fetching | undefined;
  /** Whether an address is one that is asked as well. */
  readonly isNamed: (address: string) => boolean;
  /** Where blocks are served; a wildcard address stands for all of this machine. */
  readonly endpoint: TransportAddress;
  readonly clock: Clock;
  readonly random: (length: number) => Uint8Array;
  /** From 0 to below 1. */
  readonly fraction: () => number;
  readonly limits: DiscoveryLimits;
  readonly others: Others;
  readonly emit: (event: DistributionEvent) => void;
  readonly ignore: (message: Datagram, reason: DiscoveryIgnoreReason) => void;
}

/** Sources told apart when answers are counted, and Probes remembered so that a repetition is not answered again. */
const REMEMBERED = 4_096;
/** Bytes of an answer to a Probe that is shorter: what one packet of Ethernet holds. */
const ONE_PACKET = 1_452;
/** What a segment id of the usual length adds to a version-1 answer, with its block count. */
const BYTES_PER_SEGMENT = 73;

/** A segment that a Probe asks for and that is here, or is being fetched if that was the question. */
interface Held extends ProbedSegment {
  /** Its place in the Probe. */
  readonly index: number;
  readonly name: string;
  readonly blocks: number;
  readonly whole: boolean;
}

/** Answers Probes for segments that are here (MS-PCCRD 3.2), or are being fetched here. */
export class Responder {
  readonly #options: ResponderOptions;
  readonly #endpoint: string;
  readonly #instanceId: number;
  readonly #seen = new Recent<true>(REMEMBERED);
  readonly #budget: Budget;
  readonly #waiting = new Set<Cancel>();
  #messageNumber = 0;

  constructor(options: ResponderOptions) {
    this.#options = options;
    this.#endpoint = uuidUrn(options.random);
    this.#instanceId = Math.floor(options.clock.now() / 1_000);
    this.#budget = new Budget(options.clock, options.limits.answersPerSource, REMEMBERED);
  }

  /** Looks at a Probe, and answers it after a random while if there is something to say. */
  receive(message: Datagram, probe: Probe): void {
    const { clock, limits, fraction, emit, ignore, endpoint } = this.#options;
    // The same Probe may also come over a link where blocks are served, so this copy does not count.
    const from = (message.receivedAt === undefined ? message.links() : [message.receivedAt]).find((local) =>
      isServedAt(endpoint, local),
    );
    if (from === undefined) {
      ignore(message, 'off-link');
      return;
    }
    if (this.#seen.get(probe.messageId) !== undefined) {
      ignore(message, 'duplicate');
      return;
    }
    if (!this.#budget.has(message.from.address)) {
      ignore(message, 'rate-limit');
      return;
    }
    this.#seen.note(probe.messageId, true);
    emit({
      _tag: 'DiscoveryRequestReceived',
      peer: message.from.address,
      version: probe.version,
      segments: probe.segments.map(({ id }) => id.toString('hex')),
    });
    const held = this.#held(probe);
    this.#meet(message, probe, held);
    const told = held.filter(({ name }) => !this.#options.others.suffice(probe.version, name));
    if (told.length === 0) {
      ignore(message, held.length === 0 ? 'nothing-here' : 'others-suffice');
      return;
    }
    this.#budget.take(message.from.address);
    const backOff = 1 + Math.floor(fraction() * limits.maxBackOffMs);
    const cancel = clock.schedule(backOff, () => {
      this.#waiting.delete(cancel);
      this.#answer(message, probe, told, from);
    });
    this.#waiting.add(cancel);
  }

  /** Answers nothing any more. */
  close(): void {
    for (const cancel of this.#waiting) cancel();
    this.#waiting.clear();
  }

  /** Who asks fetches as well. Who is far away may have made up where he asks from; a named host is asked in any case. */
  #meet({ arrival, from: { address } }: Datagram, { port }: Probe, held: readonly Held[]): void {
    const { isNamed, fetching } = this.#options;
    const [first] = held;
    if (port === undefined || first === undefined) return;
    if (arrival === 'multicast' || isNamed(address))
      fetching?.meet(first.id, formatAddress({ host: address, port }));
  }

  #held({ version, segments }: Probe): Held[] {
    return segments.flatMap(({ id, scope }, index) => {
      if (version === 'crowd') {
        const about = { id, scope, index, name: id.toString('hex'), blocks: 0, whole: false };
        return this.#options.fetching?.fetches(id) === true ? [about] : [];
      }
      const segment = this.#options.source.find(id);
      const blocks = segment === undefined ? 0 : blocksOf(segment);
      if (segment === undefined || blocks === 0) return [];
      const whole = blocks === blockCount(segment.info);
      return [{ id, scope, index, name: id.toString('hex'), blocks, whole }];
    });
  }

  #answer(message: Datagram, probe: Probe, held: readonly Held[], from: LocalAddress): void {
    const { emit, ignore } = this.#options;
    // A longer one would help whoever makes this machine send to somebody else.
    const room =
      message.arrival === 'port' ? message.bytes.length : Math.max(message.bytes.length, ONE_PACKET);
    const told = this.#answerWithin(room, probe, held, from);
    if (told === undefined) {
      ignore(message, 'off-link');
      return;
    }
    message.reply(told.answer, from);
    this.#messageNumber += 1;
    emit({
      _tag: 'DiscoveryResponseSent',
      peer: message.from.address,
      version: probe.version,
      segments: told.held.map(({ name }) => name),
    });
  }

  /** An answer with as many of the segments as there is room for; `undefined`: not even for one. */
  #answerWithin(
    room: number,
    probe: Probe,
    held: readonly Held[],
    from: LocalAddress,
  ): { readonly answer: Buffer; readonly held: readonly Held[] } | undefined {
    const answer = encodeProbeMatch({
      messageId: uuidUrn(this.#options.random),
      relatesTo: probe.messageId,
      endpoint: this.#endpoint,
      instanceId: this.#instanceId,
      messageNumber: this.#messageNumber + 1,
      addresses: [{ host: from.address, port: this.#options.endpoint.port }],
      found: foundFor(probe, held),
    });
    const excess = answer.length - room;
    if (excess <= 0) return { answer, held };
    const fewer = held.length - Math.ceil(excess / BYTES_PER_SEGMENT);
    return fewer > 0 ? this.#answerWithin(room, probe, held.slice(0, fewer), from) : undefined;
  }
}

const blocksOf = (segment: StoredSegment): number =>
  Array.from({ length: blockCount(segment.info) }, (_, block) => segment.has(block)).filter(Boolean).length;

const foundFor = ({ version, segments }: Probe, held: readonly Held[]): ProbeMatch['found'] => {
  if (version !== 2) return { version, segments: held };
  const availability = Array<Availability>(segments.length).fill('none');
  for (const { index, whole } of held) availability[index] = whole ? 'all' : 'some';
  return { version, segments: availability, ages: [] };
};
