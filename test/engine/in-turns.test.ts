import { describe, expect, it } from 'vitest';
import { inTurns } from '../../src/engine/distribution/in-turns.js';

/** Lets the event loop go round until told to stop. @returns how often it did so far. */
const countTurns = () => {
  let [count, isOver] = [0, false];
  const next = (): void => {
    count += 1;
    if (!isOver) setImmediate(next);
  };
  setImmediate(next);
  return { count: () => count, stop: () => void (isOver = true) };
};

const numbers = Array.from({ length: 2_000 }, (_, index) => index);

describe('work in turns', () => {
  it('is done in order, and the event loop goes round meanwhile', async () => {
    const turns = countTurns();
    const done: number[] = [];
    const turnsAt: number[] = [];
    await inTurns(numbers, (number) => {
      done.push(number);
      turnsAt.push(turns.count());
    });
    turns.stop();
    expect(done).toEqual(numbers);
    // Each turn has its share, and none has half of it all.
    for (const turn of turnsAt) expect(turnsAt.filter((other) => other === turn).length).toBeLessThan(1_000);
  });

  it('ends with what it fails with, and asks for no more', async () => {
    const asked: number[] = [];
    const items = (function* () {
      for (const number of numbers) {
        asked.push(number);
        yield number;
      }
    })();
    const work = inTurns(items, (number) => {
      if (number === 700) throw new Error('enough');
    });
    await expect(work).rejects.toThrow('enough');
    expect(asked).toEqual(numbers.slice(0, 701));
  });
});
