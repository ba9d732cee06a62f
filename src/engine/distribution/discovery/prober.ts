import type { Cancel, Clock, DistributionEvent } from '../../../driver/index.js';
import { blockCount } from '../wire/index.js';
import type { DiscoveryLimits } from './limits.js';
import type { Datagram } from './network/datagram-network.js';
import type { Others } from './others.js';
import type { PeerFound, SoughtSegment } from './peer-source.js';
import { Recent } from './recent.js';
import { uuidUrn } from './uuid.js';
import { encodeProbe, padForAnswer, type ProbeVersion, type ProbeMatch } from './wire/index.js';

/** What is asked, how, and whose answers count. */
export interface Question {
  readonly version: ProbeVersion;
  readonly segments: readonly SoughtSegment[];
  /** Where blocks are served here, if that is to be told. */
  readonly port?: number | undefined;
  /** The host, or `multicast`. */
  readonly to: string;
  /** Whether the Probe is to be as long as its answer may be. */
  readonly padded: boolean;
  readonly send: (probe: Buffer) => void;
  /** Where the sender of an answer serves blocks; `undefined`: its answer does not count. */
  readonly peerOf: (answer: Datagram, match: ProbeMatch) => string | undefined;
}

/** A question that waits for answers. */
interface OpenQuestion {
  readonly question: Question;
  readonly found: PeerFound;
  /** Peers by the segment that they have, and how many of those have the whole of it. */
  readonly answers: Map<string, { readonly peers: Set<string>; whole: number }>;
  /** Of all Probes that asked it. */
  readonly messageIds: string[];
  readonly end: () => void;
}

export interface ProberOptions {
  readonly clock: Clock;
  readonly random: (length: number) => Uint8Array;
  readonly limits: DiscoveryLimits;
  readonly others: Others;
  readonly emit: (event: DistributionEvent) => void;
  readonly ignore: (message: Datagram, reason: 'off-link' | 'not-asked') => void;
}

const REMEMBERED_QUESTIONS = 256;
const REMEMBERED_PROBES = 64;
/** In so many turns of the event loop a process reads what has come in while it was too busy to. */
const LAST_TURNS = 4;

const nameOf = ({ id }: { readonly id: Uint8Array }): string => Buffer.from(id).toString('hex');

/** Sends Probes and collects the answers that come in time. MS-PCCRD 3.1. */
export class Prober {
  readonly #options: ProberOptions;
  /** By MessageID. */
  readonly #open = new Map<string, OpenQuestion>();
  readonly #over = new Recent<Question>(REMEMBERED_QUESTIONS);
  /** Its own Probes byte for byte, as they come back from the group: reading them costs more than knowing them. */
  readonly #sent = new Recent<true>(REMEMBERED_PROBES);

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  /** Whether this message is one of its own Probes. */
  owns(messageId: string): boolean {
    return this.#open.has(messageId) || this.#over.get(messageId) !== undefined;
  }

  /** Whether these bytes are one of its own Probes of late. */
  hasSent(bytes: Buffer): boolean {
    return this.#sent.get(bytes.toString('latin1')) !== undefined;
  }

  /** Asks, and resolves when the time for answers is over or `signal` is aborted. */
  ask(question: Question, found: PeerFound, signal: AbortSignal): Promise<void> {
    const { clock, limits, emit } = this.#options;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      let cancelRepeat: Cancel = () => undefined;
      const end = (): void => {
        cancelRepeat();
        cancelEnd();
        signal.removeEventListener('abort', end);
        for (const messageId of open.messageIds) {
          this.#open.delete(messageId);
          this.#over.note(messageId, question);
        }
        resolve();
      };
      const open: OpenQuestion = { question, found, answers: new Map(), messageIds: [], end };
      const transmit = (left: number): void => {
        if (left === 0 || open.answers.size > 0) return;
        this.#transmit(open);
        cancelRepeat = clock.schedule(limits.repeatAfterMs, () => transmit(left - 1));
      };
      const conclude = (): void => {
        end();
        this.#conclude(open);
      };
      const cancelEnd = clock.schedule(limits.answerTimeoutMs, () => {
        // All of them may have begun just now, on machines that are busy with that.
        if (question.version === 'crowd') afterTurns(LAST_TURNS, conclude);
        else conclude();
      });
      signal.addEventListener('abort', end);
      emit({
        _tag: 'DiscoveryRequestSent',
        to: question.to,
        version: question.version,
        segments: question.segments.map(nameOf),
      });
      transmit(limits.transmissions);
    });
  }

  /** Takes an answer. */
  accept(answer: Datagram, match: ProbeMatch): void {
    const { emit, ignore } = this.#options;
    const open = this.#open.get(match.relatesTo);
    const question = open?.question ?? this.#over.get(match.relatesTo);
    const has = question === undefined ? [] : segmentsIn(match, question);
    if (question === undefined || has.length === 0) {
      ignore(answer, 'not-asked');
      return;
    }
    const peer = question.peerOf(answer, match);
    if (peer === undefined) {
      ignore(answer, 'off-link');
      return;
    }
    const segments = has.map(({ segment }) => nameOf(segment));
    if (open === undefined) {
      emit({ _tag: 'DiscoveryResponseLate', peer, segments });
      return;
    }
    emit({ _tag: 'DiscoveryResponseReceived', peer, version: question.version, segments });
    for (const { segment, whole } of has) this.#note(open, segment, peer, whole);
  }

  /** Ends all questions. */
  close(): void {
    for (const { end } of new Set(this.#open.values())) end();
  }

  /** Each time with a new MessageID: whoever has answered the last Probe, in vain, would take this one for the same. */
  #transmit(open: OpenQuestion): void {
    const { version, segments, port, padded, send } = open.question;
    const messageId = uuidUrn(this.#options.random);
    const fields = { version, messageId, ids: segments.map(({ id }) => id), port };
    open.messageIds.push(fields.messageId);
    this.#open.set(fields.messageId, open);
    const plain = encodeProbe(fields);
    const probe = padded ? padForAnswer(plain, fields) : plain;
    this.#sent.note(probe.toString('latin1'), true);
    send(probe);
  }

  #note({ answers, found }: OpenQuestion, segment: SoughtSegment, peer: string, whole: boolean): void {
    const name = nameOf(segment);
    const known = answers.get(name) ?? { peers: new Set<string>(), whole: 0 };
    if (known.peers.has(peer) || known.peers.size >= this.#options.limits.peersPerSegment) return;
    known.peers.add(peer);
    if (whole) known.whole += 1;
    answers.set(name, known);
    found(segment, peer);
  }

  #conclude({ question: { version, segments }, answers }: OpenQuestion): void {
    const { others, emit, limits } = this.#options;
    for (const [segment, { peers, whole }] of answers) {
      others.note(version, segment, { all: peers.size, whole });
    }
    // That nobody else fetches the same is how it usually is.
    if (version === 'crowd') return;
    const nowhere = segments.map(nameOf).filter((segment) => !answers.has(segment));
    if (nowhere.length > 0) {
      emit({ _tag: 'DiscoveryTimedOut', segments: nowhere, waitedMs: limits.answerTimeoutMs });
    }
  }
}

const afterTurns = (left: number, act: () => void): void => {
  if (left === 0) act();
  else setImmediate(() => afterTurns(left - 1, act));
};

/** The segments of `question` that `match` says its sender has. */
const segmentsIn = (
  { found }: ProbeMatch,
  { version, segments }: Question,
): { readonly segment: SoughtSegment; readonly whole: boolean }[] => {
  if (found.version !== version) return [];
  if (found.version === 2) {
    return segments.flatMap((segment, index) => {
      const availability = found.segments[index] ?? 'none';
      return availability === 'none' ? [] : [{ segment, whole: availability === 'all' }];
    });
  }
  const asked = new Map(segments.map((segment) => [nameOf(segment), segment]));
  if (found.version === 'crowd') {
    return found.segments.flatMap((told) => {
      const segment = asked.get(nameOf(told));
      return segment === undefined ? [] : [{ segment, whole: false }];
    });
  }
  return found.segments.flatMap(({ id, blocks }) => {
    const segment = asked.get(nameOf({ id }));
    return segment === undefined || blocks === 0 ? [] : [{ segment, whole: blocks >= blockCount(segment) }];
  });
};
