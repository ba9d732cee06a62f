/** Timing for benchmarks on a machine that drifts: what is compared takes turns. */

/** One sample of something: nanoseconds. */
export type Sample = () => Promise<number>;

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** The times of several samples, taken in turn. */
const timesInTurn = async (
  samples: readonly Sample[],
  rounds: number,
): Promise<readonly (readonly number[])[]> => {
  const times = samples.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, sample] of samples.entries()) times[index]?.push(await sample());
  }
  return times;
};

/** The medians of several samples, taken in turn. */
export const inTurn = async (samples: readonly Sample[], rounds: number): Promise<readonly number[]> =>
  (await timesInTurn(samples, rounds)).map(median);

/** The median of a sample, of the one it is compared with, and of their ratio in each round. */
export interface Compared {
  readonly value: number;
  readonly reference: number;
  readonly ratio: number;
}

/**
 * Samples against a reference, taken in turn. Each is divided by its neighbour: for what lasts longer than a round, as
 * another program that wakes up, all of them get slower alike.
 */
export const against = async (
  reference: Sample,
  samples: readonly Sample[],
  rounds: number,
): Promise<readonly Compared[]> => {
  const [base = [], ...times] = await timesInTurn([reference, ...samples], rounds);
  return times.map((values) => ({
    value: median(values),
    reference: median(base),
    ratio: median(values.map((value, round) => value / (base[round] ?? Number.NaN))),
  }));
};

/** The mean of many turns of a task: for what takes less than the clock can tell. */
export const meanOf =
  (turns: number, task: () => unknown): Sample =>
  async () => {
    const start = process.hrtime.bigint();
    for (let turn = 0; turn < turns; turn++) await task();
    return Number(process.hrtime.bigint() - start) / turns;
  };

/** {@link meanOf} for a task that nothing waits for. */
export const meanOfCalls =
  (turns: number, task: () => unknown): Sample =>
  async () => {
    const start = process.hrtime.bigint();
    for (let turn = 0; turn < turns; turn++) task();
    return Number(process.hrtime.bigint() - start) / turns;
  };

/** Something that is signalled, and heard of later. */
export interface Signalled {
  /** Gets everything ready for one signal; the promise within settles when it is heard. */
  readonly listen: () => Promise<{ readonly heard: Promise<unknown> }>;
  readonly signal: () => void;
}

/** The median of many times from a signal to its being heard. */
export const delayOf =
  (turns: number, { listen, signal }: Signalled): Sample =>
  async () => {
    const times: number[] = [];
    for (let turn = 0; turn < turns; turn++) {
      const { heard } = await listen();
      const start = process.hrtime.bigint();
      signal();
      await heard;
      times.push(Number(process.hrtime.bigint() - start));
    }
    return median(times);
  };

const microseconds = (nanoseconds: number): string => `${(nanoseconds / 1_000).toFixed(2)} µs`.padStart(12);

/** One line: the figure, what it is compared with, their ratio and whether that is what it should be. */
export const report = (
  name: string,
  value: number,
  reference: number,
  most: number,
  ratio = value / reference,
): void => {
  console.log(
    name.padEnd(50),
    microseconds(value),
    microseconds(reference),
    ratio.toFixed(2).padStart(6),
    `at most ${most}: ${ratio <= most ? 'ok' : 'MISSED'}`,
  );
};
