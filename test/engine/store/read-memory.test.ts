import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ReadMemory } from '../../../src/engine/distribution/store/units/read-memory.js';

const KIB = 1024;
const MOST = 1024 * KIB;

it('is used again, also by who needs half of it, but not by who needs far less', () => {
  const memory = new ReadMemory(MOST);
  const piece = memory.take(500 * KIB);
  expect(piece).toHaveLength(512 * KIB);
  expect(memory.take(500 * KIB) === piece).toBe(false);
  memory.giveBack(piece);
  expect(memory.take(64 * KIB)).toHaveLength(64 * KIB);
  expect(memory.take(200 * KIB) === piece).toBe(true);
});

it('goes back to the system where too much waits, what has waited longest first', () => {
  const memory = new ReadMemory(MOST);
  const small = Array.from({ length: 8 }, () => memory.take(128 * KIB));
  const large = memory.take(512 * KIB);
  for (const piece of small) memory.giveBack(piece);
  memory.giveBack(large);
  expect(small.map(({ length }) => length > 0)).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((at) => at > 3));
  expect(memory.take(512 * KIB) === large).toBe(true);
});

it('is never lent twice at a time, is as long as was asked for, and waits up to its bound', () => {
  const steps = fc.array(fc.record({ takes: fc.boolean(), kib: fc.integer({ min: 1, max: 1024 }) }));
  fc.assert(
    fc.property(steps, (all) => {
      const memory = new ReadMemory(MOST);
      const lent: Buffer[] = [];
      const waiting = new Set<Buffer>();
      for (const { takes, kib } of all) {
        if (takes || lent.length === 0) {
          const piece = memory.take(kib * KIB);
          expect(piece.length).toBeGreaterThanOrEqual(kib * KIB);
          expect(piece.length).toBeLessThan(Math.max(4 * kib * KIB, 256 * KIB));
          expect(lent.includes(piece)).toBe(false);
          waiting.delete(piece);
          lent.push(piece);
        } else {
          const [piece] = lent.splice(kib % lent.length, 1);
          memory.giveBack(piece!);
          waiting.add(piece!);
          const kept = [...waiting].reduce((sum, { length }) => sum + length, 0);
          expect(kept).toBeLessThanOrEqual(MOST);
        }
      }
    }),
    { numRuns: 50 },
  );
});
