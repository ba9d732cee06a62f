import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { TransientMap } from '../../src/engine/distribution/transient-map.js';
import { TransientSet } from '../../src/engine/distribution/transient-set.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void;

/** Enough for several copies of the table. */
const MANY = 2_000;
/** What passes through in all is more than a test needs itself. */
const MEMBERS = 20_000;
const MEMBER_BYTES = 2_048;

const step = fc.record({
  does: fc.constantFrom('set', 'set', 'delete', 'delete', 'clear', 'look'),
  key: fc.nat(40),
});

describe('a map for what comes and goes', () => {
  test.prop([fc.array(step, { minLength: MANY, maxLength: MANY })], { numRuns: 5 })(
    'answers as any other',
    (steps) => {
      const map = new TransientMap<number, number>();
      const model = new Map<number, number>();
      for (const [index, { does, key }] of steps.entries()) {
        if (does === 'set') {
          map.set(key, index);
          model.set(key, index);
        } else if (does === 'delete') expect(map.delete(key)).toBe(model.delete(key));
        else if (does === 'clear' && key === 0) {
          map.clear();
          model.clear();
        }
        expect(`${map.size} ${map.has(key)} ${map.get(key)}`).toBe(
          `${model.size} ${model.has(key)} ${model.get(key)}`,
        );
      }
      expect([...map]).toEqual([...model]);
      expect([...map.keys()]).toEqual([...model.keys()]);
    },
  );

  it('does not visit what was removed meanwhile, and nothing twice', () => {
    const set = new TransientSet(Array.from({ length: MANY }, (_, member) => member));
    const visited: number[] = [];
    for (const member of set) {
      visited.push(member);
      set.delete(member);
      set.delete(member + 1);
      set.add(member + MANY);
      if (visited.length === MANY) break;
    }
    const first = visited.filter((member) => member < MANY);
    expect(first).toEqual(Array.from({ length: MANY / 2 }, (_, index) => 2 * index));
    expect(new Set(visited).size).toBe(visited.length);
  });

  it('lets go of what has left it without a full collection, also when it has grown old', () => {
    const set = new TransientSet<object>();
    for (let age = 0; age < 4; age += 1) collectGarbage({ type: 'minor' });
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    let passed = 0;
    for (const inside: object[] = []; passed < MEMBERS * MEMBER_BYTES; passed += MEMBER_BYTES) {
      const member = new Array<number>(MEMBER_BYTES / 8).fill(passed);
      set.add(member);
      inside.push(member);
      if (inside.length > 64) set.delete(inside.shift()!);
      if (passed % (500 * MEMBER_BYTES) === 0) collectGarbage({ type: 'minor' });
    }
    for (let age = 0; age < 3; age += 1) collectGarbage({ type: 'minor' });
    // Some of it is what V8 keeps of the test itself.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(passed / 4);
  });
});
