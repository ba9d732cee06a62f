import {
  CounterFold,
  type Cancel,
  type Clock,
  type DistributionCounters,
  type DistributionEvent,
} from '../../../driver/index.js';
import type { Endpoint } from '../endpoint.js';
import { Journal } from './journal.js';
import { contentNames } from './names.js';
import type { RetrievalRecord } from './process-record.js';

export interface InsightOptions {
  readonly clock: Clock;
  /** Where to keep it for other processes; `undefined`: nowhere. */
  readonly directory?: string | undefined;
  /** Where peers can reach this process at the moment. */
  readonly endpoint?: (() => Endpoint | undefined) | undefined;
}

/** What an engine knows of its own doing: counters of all its sessions, and its retrievals. */
export class Insight {
  readonly #clock: Clock;
  readonly #counters = new CounterFold();
  readonly #journal: Journal | undefined;

  constructor({ clock, directory, endpoint = () => undefined }: InsightOptions) {
    this.#clock = clock;
    this.#journal =
      directory === undefined
        ? undefined
        : new Journal({ directory, clock, endpoint, counters: () => this.counters() });
  }

  counters(): DistributionCounters {
    return this.#counters.counters();
  }

  /** Takes an event of the service or of one of its sessions. */
  readonly note = (event: DistributionEvent): void => {
    const now = this.#clock.now();
    this.#counters.add(event, now);
    this.#journal?.touch();
    if (event._tag !== 'OriginUsed') return;
    const { bytes, reason, startedAt = now } = event;
    this.follow(() => ({
      startedAt,
      ...contentNames(event),
      segments: 0,
      explanation: {
        bytes: { cache: 0, peer: 0, 'hosted-cache': 0, origin: bytes },
        bytesByPeer: {},
        reasons: [reason],
        segments: [],
      },
    }))();
  };

  /** Something has changed that should be on disk soon. */
  touch(): void {
    this.#journal?.touch();
  }

  /** Keeps a retrieval on disk as `describe` tells it, until it is told that the retrieval has ended. */
  follow(describe: () => RetrievalRecord): Cancel {
    return this.#journal?.follow(describe) ?? (() => undefined);
  }

  /** Writes what is not on disk yet. Never rejects. */
  async flush(): Promise<void> {
    await this.#journal?.flush();
  }
}
