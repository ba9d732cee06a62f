import { describe, expect, it } from 'vitest';
import { fuzz, type Subject } from './fuzz.js';
import { SUBJECTS } from './subjects.js';

/** Another one with every run; `FUZZ_SEED` repeats a run, `FUZZ_MS` makes it longer. */
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 32);
const budgetMs = Number(process.env['FUZZ_MS'] ?? 1_000);

describe.each(SUBJECTS)('$name', (subject) => {
  it('of the corpus are written as they were read', () => {
    for (const bytes of subject.corpus) {
      expect(subject.read(bytes)?.write().toString('hex')).toBe(bytes.toString('hex'));
    }
  });

  it(
    `changed for ${budgetMs} ms are refused or read and written alike (FUZZ_SEED=${seed})`,
    () => {
      const { runs } = fuzz(subject, seed, budgetMs);
      expect(runs).toBeGreaterThan(0);
    },
    budgetMs + 30_000,
  );
});

describe('the loop itself', () => {
  /** A length, as many bytes, and a mistake. */
  const toy = (mistake: (length: number, body: Buffer) => Buffer | undefined): Subject => ({
    name: 'a toy',
    corpus: [Buffer.from('0000000441424344', 'hex')],
    longest: 100,
    read: (bytes) => {
      if (bytes.length < 4) throw new RangeError('too short');
      const length = bytes.readUInt32BE();
      const body = mistake(length, bytes.subarray(4));
      if (body === undefined) throw new RangeError(`length ${length}`);
      const prefix = Buffer.alloc(4);
      prefix.writeUInt32BE(body.length);
      return { items: 1, write: () => Buffer.concat([prefix, body]) };
    },
    isRefusal: (thrown) => thrown instanceof RangeError,
  });
  const correct = (length: number, body: Buffer) => (length === body.length ? body : undefined);

  it('has nothing against a correct parser, and reaches what it accepts', () => {
    expect(fuzz(toy(correct), seed, 200).accepted).toBeGreaterThan(0);
  });

  it.each<readonly [string, RegExp, Subject]>([
    [
      'another error',
      /threw TypeError/,
      toy((length, body) => {
        if (length === 0xffff_ffff) throw new TypeError('not thought of');
        return correct(length, body);
      }),
    ],
    [
      'a length believed',
      /not written|not read/,
      toy((length) => (length < 1e6 ? Buffer.alloc(length + 1) : undefined)),
    ],
    [
      'changed input',
      /changed its input/,
      toy((length, body) => (length === body.length ? body.fill(0) : undefined)),
    ],
    [
      'more than there is',
      /items/,
      { ...toy(correct), read: () => ({ items: 1e9, write: () => Buffer.alloc(1) }) },
    ],
  ])('finds %s', (_name, finding, subject) => {
    expect(() => fuzz(subject, seed, 5_000)).toThrow(finding);
  });
});
