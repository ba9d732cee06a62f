import type { Cancel, Clock, ContentExplanation } from '../../../driver/index.js';
import { contentKeysInTurns, contentNames, type ContentKeys, type GivenNames } from '../insight/names.js';
import type { RetrievalRecord } from '../insight/process-record.js';
import type { SegmentInfo } from '../ports.js';
import type { SegmentList } from '../wire/index.js';

export interface ContentRecordParts {
  readonly segments: SegmentList;
  /** What the application calls the content. */
  readonly names: GivenNames;
  readonly clock: Clock;
  readonly explanation: () => ContentExplanation;
  /** Has a record kept until it is told that it is final. */
  readonly follow: (describe: () => RetrievalRecord) => Cancel;
  /** Told of each segment once, while there is time for it. */
  readonly onSegment: (index: number, info: SegmentInfo) => void;
}

/**
 * Segments that are gone through in some tenths of a second. The end of a retrieval waits for that; of more segments it does
 * not, so that one of many gigabytes that was left in its first second is found by its name only.
 */
const SOON = 65_536;

/** What is kept of one retrieval, and how it can be found again. */
export class ContentRecord {
  readonly #ending = new AbortController();
  readonly #isSoonNamed: boolean;
  readonly #setFinal: Cancel;
  readonly #named: Promise<void>;

  constructor({ segments, names, clock, explanation, follow, onSegment }: ContentRecordParts) {
    this.#isSoonNamed = segments.length <= SOON;
    const startedAt = clock.now();
    const named = contentNames(names);
    let keys: Partial<ContentKeys> = {};
    this.#setFinal = follow(() => ({
      startedAt,
      ...named,
      ...keys,
      segments: segments.length,
      explanation: explanation(),
    }));
    // The reader does not wait for that: of ten gigabytes it takes a second.
    this.#named = contentKeysInTurns(segments, onSegment, this.#ending.signal).then(
      (found) => {
        keys = found;
      },
      () => undefined,
    );
  }

  /** The retrieval is over. Never rejects; the segments are not looked at any more then. */
  async end(): Promise<void> {
    if (!this.#isSoonNamed) this.#ending.abort();
    await this.#named;
    this.#setFinal();
  }
}
