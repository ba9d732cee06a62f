import type { Clock, DiscoveryIgnoreReason, DistributionEvent } from '../../../driver/index.js';
import { Budget } from './budget.js';
import type { DiscoveryLimits } from './limits.js';
import type { Datagram } from './network/datagram-network.js';
import {
  decodeDiscoveryMessage,
  DiscoveryMessageError,
  mentionsSegments,
  type Probe,
  type ProbeMatch,
} from './wire/index.js';

export interface InboxOptions {
  readonly clock: Clock;
  readonly limits: DiscoveryLimits;
  /** Whether Probes from other links count, if they came to an address of this machine. */
  readonly answersAnywhere: boolean;
  readonly emit: (event: DistributionEvent) => void;
  /** Whether these bytes are a message of this machine's own. */
  readonly isOwn: (bytes: Buffer) => boolean;
  readonly onProbe: (message: Datagram, probe: Probe) => void;
  readonly onMatch: (message: Datagram, match: ProbeMatch) => void;
}

/** Sources told apart when their messages are counted. */
const SOURCES = 4_096;
/** Events about ignored messages, a second: whoever floods the port must not flood those who listen to the events. */
const EVENTS = 100;

/** Lets in what may be worth an answer or is one, cheapest checks first, and nobody more often than he may. */
export class Inbox {
  readonly #options: InboxOptions;
  readonly #perSource: Budget;
  readonly #all: Budget;
  readonly #events: Budget;

  constructor(options: InboxOptions) {
    const { clock, limits } = options;
    this.#options = options;
    this.#perSource = new Budget(clock, limits.bytesPerSource, SOURCES);
    this.#all = new Budget(clock, limits.bytes, 2);
    this.#events = new Budget(clock, EVENTS, 1);
  }

  receive(message: Datagram): void {
    if (!mentionsSegments(message.bytes)) return;
    const problem = this.#problemOf(message);
    if (problem !== undefined) this.ignore(message, problem);
  }

  /** Says that nothing comes of a message. */
  ignore({ from }: Datagram, reason: DiscoveryIgnoreReason): void {
    if (!this.#events.take()) return;
    this.#options.emit({ _tag: 'DiscoveryMessageIgnored', peer: from.address, reason });
  }

  #problemOf(message: Datagram): DiscoveryIgnoreReason | undefined {
    if (!this.#mayCome(message)) return 'off-link';
    const { length } = message.bytes;
    if (!this.#perSource.take(message.from.address, length)) return 'rate-limit';
    if (!this.#all.take(message.arrival === 'answer' ? 'answers' : 'probes', length)) return 'flood';
    if (this.#options.isOwn(message.bytes)) return 'own';
    try {
      const decoded = decodeDiscoveryMessage(message.bytes);
      if (decoded?._tag === 'ProbeMatch') this.#options.onMatch(message, decoded);
      // Nobody needs to ask at a port that waits for answers.
      if (decoded?._tag === 'Probe' && message.arrival !== 'answer') this.#options.onProbe(message, decoded);
      return undefined;
    } catch (error) {
      if (error instanceof DiscoveryMessageError) return error.problem;
      throw error;
    }
  }

  /** An answer may come from anywhere if it was asked for there, which is known only when it is read. */
  #mayCome(message: Datagram): boolean {
    if (message.arrival === 'answer' || message.links().length > 0) return true;
    return message.arrival === 'port' && this.#options.answersAnywhere;
  }
}
