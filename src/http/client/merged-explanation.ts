import type {
  BlockSourceKind,
  ContentExplanation,
  SegmentExplanation,
  SegmentReason,
  SegmentSource,
} from '../../driver/index.js';

/** What two or more contents with the same content information have to say together; `undefined` for none. */
export const mergedExplanation = (
  explanations: readonly ContentExplanation[],
): ContentExplanation | undefined =>
  explanations.length === 0 ? undefined : explanations.reduce((one, other) => mergeTwo(one, other));

const mergeTwo = (one: ContentExplanation, other: ContentExplanation): ContentExplanation => ({
  bytes: summed<BlockSourceKind>(one.bytes, other.bytes),
  bytesByPeer: summed(one.bytesByPeer, other.bytesByPeer),
  reasons: withoutTwice([...one.reasons, ...other.reasons]),
  segments: mergedRuns(one.segments, other.segments),
});

const summed = <Name extends string>(
  one: Readonly<Record<Name, number>>,
  other: Readonly<Record<Name, number>>,
): Readonly<Record<Name, number>> => {
  const sums: Record<Name, number> = { ...one };
  for (const name of Object.keys(other) as Name[]) {
    sums[name] = (Object.hasOwn(one, name) ? one[name] : 0) + other[name];
  }
  return sums;
};

/** Each run is cut where one of the other begins or ends, so that every segment keeps what was said of it. */
const mergedRuns = (
  one: readonly SegmentExplanation[],
  other: readonly SegmentExplanation[],
): readonly SegmentExplanation[] => {
  const bounds = [...new Set([...one, ...other].flatMap(({ from, to }) => [from, to]))].sort((a, b) => a - b);
  const ones = new RunsInOrder(one);
  const others = new RunsInOrder(other);
  const merged: SegmentExplanation[] = [];
  let last: string | undefined;
  for (const [index, to] of bounds.entries()) {
    const from = bounds[index - 1];
    if (from === undefined) continue;
    const parts = [ones.at(from), others.at(from)].filter((part) => part !== undefined);
    const sources = withoutTwice<SegmentSource>(parts.flatMap((part) => part.sources));
    const reasons = withoutTwice<SegmentReason>(parts.flatMap((part) => part.reasons));
    const before = merged.at(-1);
    const text = JSON.stringify([sources, reasons]);
    if (parts.length > 0) {
      if (before?.to === from && last === text) merged[merged.length - 1] = { ...before, to };
      else merged.push({ from, to, sources, reasons });
    }
    last = text;
  }
  return merged;
};

/** Finds runs by segments that are asked for in order. */
class RunsInOrder {
  readonly #runs: readonly SegmentExplanation[];
  #next = 0;

  constructor(runs: readonly SegmentExplanation[]) {
    this.#runs = runs;
  }

  at(segment: number): SegmentExplanation | undefined {
    while ((this.#runs[this.#next]?.to ?? Infinity) <= segment) this.#next += 1;
    const run = this.#runs[this.#next];
    return run !== undefined && run.from <= segment ? run : undefined;
  }
}

/** Sources and reasons are equal if they say the same. */
const withoutTwice = <Fact>(facts: readonly Fact[]): readonly Fact[] => [
  ...new Map(facts.map((fact) => [JSON.stringify(fact), fact])).values(),
];
