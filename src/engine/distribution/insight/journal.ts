import type { Cancel, Clock, DistributionCounters } from '../../../driver/index.js';
import type { Endpoint } from '../endpoint.js';
import { newOwner } from '../store/process-owner.js';
import { pruneProcessRecords, writeProcessRecord } from './process-files.js';
import type { RetrievalRecord } from './process-record.js';

/** How long something may have happened before it is on disk. */
export const WRITE_EVERY_MS = 1_000;
/** Retrievals that one process remembers. */
export const MOST_RETRIEVALS = 64;
export interface JournalOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly counters: () => DistributionCounters;
  readonly endpoint: () => Endpoint | undefined;
}

/** A retrieval while it goes on. */
type Describe = () => RetrievalRecord;

/**
 * Keeps on disk what this process did, for `why`, `peers` and `status` of other processes. It is a help, nothing
 * depends on it: what cannot be written is dropped. When the process is killed, at most the last second is missing.
 */
export class Journal {
  readonly #options: JournalOptions;
  readonly #process = newOwner();
  readonly #startedAt: number;
  readonly #retrievals = new Set<Describe>();
  #cancelWrite: Cancel | undefined;
  #writing: Promise<void> | undefined;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
  }

  /** Something has happened that should be on disk soon. */
  touch(): void {
    this.#cancelWrite ??= this.#options.clock.schedule(WRITE_EVERY_MS, () => void this.flush());
  }

  /** Keeps what `describe` says of a retrieval up to date, until it is told that the retrieval has ended. */
  follow(describe: Describe): Cancel {
    this.#retrievals.add(describe);
    const [oldest] = this.#retrievals;
    if (this.#retrievals.size > MOST_RETRIEVALS && oldest !== undefined) this.#retrievals.delete(oldest);
    this.touch();
    return () => {
      if (!this.#retrievals.delete(describe)) return;
      const last = { ...describe(), endedAt: this.#options.clock.now() };
      this.#retrievals.add(() => last);
      this.touch();
    };
  }

  /** Writes what is not on disk yet. Never rejects. */
  async flush(): Promise<void> {
    if (this.#cancelWrite !== undefined) {
      this.#cancelWrite();
      this.#cancelWrite = undefined;
      this.#writing ??= pruneProcessRecords(this.#options.directory).catch(() => undefined);
      this.#writing = this.#writing.then(() => this.#write()).catch(() => undefined);
    }
    await this.#writing;
  }

  #write(): Promise<void> {
    const { directory, clock, counters, endpoint } = this.#options;
    return writeProcessRecord(directory, {
      process: this.#process,
      startedAt: this.#startedAt,
      at: clock.now(),
      counters: counters(),
      endpoint: endpoint(),
      retrievals: [...this.#retrievals].map((describe) => describe()),
    });
  }
}
