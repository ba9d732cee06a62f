import type { SegmentExplanation, SegmentReason, SegmentSource } from '../../../driver/index.js';

/** How many different explanations are told apart. A fact that would make one more is dropped. */
export const MOST_EXPLANATIONS = 512;
/** How many sources and reasons one explanation has. A fact beyond that is dropped. */
export const MOST_FACTS = 32;

/** How many runs of segments an explanation of a content has at most. */
export const MOST_RUNS = 65_536;

interface Explanation {
  readonly sources: readonly SegmentSource[];
  readonly reasons: readonly SegmentReason[];
  /** What it says, each source and reason as text. */
  readonly facts: readonly string[];
  /** The explanation that a fact leads to when it is added, by the fact. */
  readonly next: Map<string, Explanation>;
  /** Its place in the list of all. */
  readonly number: number;
}

const NOTHING_KNOWN = (): Explanation => ({
  sources: [],
  reasons: [],
  facts: [],
  next: new Map(),
  number: 0,
});

/**
 * Where the segments of one content came from, and why. Many segments share few explanations, so that a segment costs
 * two bytes: the number of its explanation. A fact leads from one explanation to another.
 */
export class SegmentLog {
  readonly #explanations: Explanation[] = [NOTHING_KNOWN()];
  /** The same ones by what they say, so that facts that come in another order lead to the same one. */
  readonly #byFacts = new Map<string, Explanation>();
  readonly #segments: Uint16Array;

  constructor(segments: number) {
    this.#segments = new Uint16Array(segments);
  }

  /** Bytes of a segment came from there. */
  cameFrom(segment: number, source: SegmentSource): void {
    this.#add(segment, `${source.source} ${source.peer ?? ''}`, { sources: [source], reasons: [] });
  }

  /** Bytes of a segment did not come from where they should have. */
  failed(segment: number, reason: SegmentReason): void {
    this.#add(segment, JSON.stringify(reason), { sources: [], reasons: [reason] });
  }

  /** A segment without reasons of its own has those of another one. */
  failedLike(segment: number, other: number): void {
    if (segment === other || this.#explanationOf(segment).reasons.length > 0) return;
    for (const reason of this.#explanationOf(other).reasons) this.failed(segment, reason);
  }

  /** Runs of segments with the same explanation, in order, the first `most`; those of which nothing is known are left out. */
  runs(most = MOST_RUNS): readonly SegmentExplanation[] {
    const runs: SegmentExplanation[] = [];
    let from = 0;
    for (let to = 1; to <= this.#segments.length && runs.length < most; to += 1) {
      if (this.#segments[to] === this.#segments[from]) continue;
      const { sources, reasons, facts } = this.#explanationOf(from);
      if (facts.length > 0) runs.push({ from, to, sources, reasons });
      from = to;
    }
    return runs;
  }

  #explanationOf(segment: number): Explanation {
    return this.#explanations[this.#segments[segment] ?? 0] ?? NOTHING_KNOWN();
  }

  #add(segment: number, fact: string, { sources, reasons }: Pick<Explanation, 'sources' | 'reasons'>): void {
    const before = this.#explanationOf(segment);
    if (before.facts.includes(fact)) return;
    let after = before.next.get(fact);
    if (after === undefined) {
      if (before.facts.length >= MOST_FACTS) return;
      const facts = [...before.facts, fact];
      after = this.#intern(facts, {
        sources: [...before.sources, ...sources],
        reasons: [...before.reasons, ...reasons],
      });
      if (after === undefined) return;
      before.next.set(fact, after);
    }
    this.#segments[segment] = after.number;
  }

  #intern(facts: readonly string[], says: Pick<Explanation, 'sources' | 'reasons'>): Explanation | undefined {
    const key = [...facts].sort().join('\n');
    const known = this.#byFacts.get(key);
    if (known !== undefined || this.#explanations.length >= MOST_EXPLANATIONS) return known;
    const explanation = {
      ...says,
      facts,
      next: new Map<string, Explanation>(),
      number: this.#explanations.length,
    };
    this.#explanations.push(explanation);
    this.#byFacts.set(key, explanation);
    return explanation;
  }
}
