import type { Clock } from '../../../driver/index.js';
import { Recent } from './recent.js';
import type { ProbeVersion } from './wire/index.js';

/** How many peers answered when this engine looked for a segment itself. */
interface Answers {
  readonly all: number;
  /** Those that have the whole segment. */
  readonly whole: number;
  readonly until: number;
}

const SEGMENTS = 4_096;
/** Not in the specification, but those who answered then will have gone some day. */
const MEMORY_MS = 3_600_000;
const PROBABILITY = 0.33;

/**
 * The rule against floods of answers: where many neighbours have a segment, not all of them say so. MS-PCCRD 3.2.4.1,
 * note 8.
 */
export class Others {
  readonly #answers = new Recent<Answers>(SEGMENTS);

  constructor(
    private readonly clock: Clock,
    private readonly enough: number,
    /** From 0 to below 1. */
    private readonly random: () => number,
  ) {}

  /** Remembers who answered when this engine looked for `segment`. */
  note(
    version: ProbeVersion,
    segment: string,
    { all, whole }: { readonly all: number; readonly whole: number },
  ): void {
    this.#answers.note(keyOf(version, segment), { all, whole, until: this.clock.now() + MEMORY_MS });
  }

  /** Whether answering can be left to others this time. */
  suffice(version: ProbeVersion, segment: string): boolean {
    const answers = this.#answers.get(keyOf(version, segment));
    if (answers === undefined || answers.all < this.enough) return false;
    const left = answers.until - this.clock.now();
    // More is left than there ever was: the clock was set back.
    if (left <= 0 || left > MEMORY_MS) return false;
    return answers.whole >= this.enough || this.random() >= PROBABILITY;
  }
}

/** Who fetches a segment is another question than who has it, in whatever version. */
const keyOf = (version: ProbeVersion, segment: string): string =>
  version === 'crowd' ? `${version} ${segment}` : segment;
