import { inspect } from 'node:util';
import { mutate, randomFrom } from './mutations.js';

/** What a parser made of its input. */
export interface Accepted {
  /** Writes it again. */
  write(): Buffer;
  /** Things that were made of the input; more than it has bytes is more than it can tell. */
  readonly items: number;
}

/** A parser under attack. */
export interface Subject {
  readonly name: string;
  /** Valid inputs, from which the others are made. */
  readonly corpus: readonly Buffer[];
  /** Valid inputs that are not written as they were read, from which others are made as well. */
  readonly alsoMadeFrom?: readonly Buffer[];
  /** Longest input that is tried. */
  readonly longest: number;
  /** `undefined`: refused without an error. */
  read(bytes: Buffer): Accepted | undefined;
  /** Whether that is how the parser refuses. */
  isRefusal(thrown: unknown): boolean;
}

/** Inputs kept beside the corpus, because the parser said something new about them. */
const MOST_KEPT = 500;

/** Far more than any input takes on a busy machine. */
const HANG_MS = 5_000;

/** Tries changed inputs for a while, and answers how many, and how many were accepted. Throws with the first finding. */
export const fuzz = (
  subject: Subject,
  seed: number,
  budgetMs: number,
): { readonly runs: number; readonly accepted: number } => {
  const random = randomFrom(seed);
  const valid = [...subject.corpus, ...(subject.alsoMadeFrom ?? [])];
  const kept = [...valid];
  const heard = new Set<string>();
  const counts = { runs: 0, accepted: 0 };
  for (const end = performance.now() + budgetMs; performance.now() < end; counts.runs += 1) {
    // Most of what is kept is refused early, so that little would get further.
    const inputs = random(2) === 0 ? valid : kept;
    const one = inputs[random(inputs.length)]!;
    const other = inputs[random(inputs.length)]!;
    const bytes = mutate(one, random, other, subject.longest);
    const outcome = attempt(subject, bytes, `seed ${seed}, run ${counts.runs}`);
    if (outcome === ACCEPTED) counts.accepted += 1;
    if (!heard.has(outcome) && kept.length < valid.length + MOST_KEPT) kept.push(bytes);
    heard.add(outcome);
  }
  return counts;
};

const ACCEPTED = 'accepted';

/** What the parser says to `bytes`, without the numbers in it. */
const attempt = (subject: Subject, bytes: Buffer, where: string): string => {
  const fail = (finding: string): never => {
    throw new Error(`${subject.name}, ${where}: ${finding}\ninput: ${bytes.toString('hex')}`);
  };
  const copy = Buffer.from(bytes);
  const start = performance.now();
  const outcome = readAndWrite(subject, bytes, fail);
  const tookMs = performance.now() - start;
  if (tookMs > HANG_MS) fail(`took ${tookMs} ms`);
  if (!bytes.equals(copy)) fail('changed its input');
  return outcome;
};

const readAndWrite = (subject: Subject, bytes: Buffer, fail: (finding: string) => never): string => {
  let read: Accepted | undefined;
  try {
    read = subject.read(bytes);
  } catch (thrown) {
    if (!subject.isRefusal(thrown)) fail(`threw ${inspect(thrown)}`);
    return String(thrown).replace(/\d+/g, '');
  }
  if (read === undefined) return 'refused';
  if (read.items > bytes.length) fail(`${read.items} items`);
  try {
    const written = read.write();
    if (subject.read(written)?.write().equals(written) !== true) fail('not read as it was written');
  } catch (thrown) {
    fail(`not written or not read again: ${inspect(thrown)}`);
  }
  return ACCEPTED;
};
