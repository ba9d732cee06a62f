import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ContentStore } from '../../../src/engine/distribution/ports.js';
import { openContentStore } from '../../../src/engine/distribution/store/index.js';
import { BLOCK, SECRET, segmentOf, tag } from './made-content.js';
import { temporaryDirectory } from './store-fixture.js';

const SEGMENTS = ['a', 'b', 'c', 'd'].map((name) => segmentOf(name, 2));
const QUOTA = 3 * BLOCK;
const MAX_AGE_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** What a step works with. */
interface World {
  readonly directory: string;
  readonly stores: ContentStore[];
  /** By segment: who holds it open. */
  readonly pins: Map<number, (() => Promise<void>)[]>;
  /** Blocks that were written to a segment since it was opened. */
  readonly safe: Map<number, Set<number>>;
}

type Step = readonly [name: string, run: (world: World) => Promise<void>];

const which = fc.nat({ max: SEGMENTS.length - 1 });
const by = fc.nat({ max: 1 });

const step: fc.Arbitrary<Step> = fc.oneof(
  // Far more often, or there is never too much.
  {
    weight: 8,
    arbitrary: fc.tuple(by, which, fc.nat({ max: 1 })).map(([one, at, block]): Step => [
      `store ${one} writes block ${block} of ${at}`,
      async ({ stores, safe }) => {
        const { info, blocks } = SEGMENTS[at]!;
        const stored = await stores[one]!.adopt(info, tag('x'));
        await stored.write(block, blocks[block]!);
        safe.get(at)?.add(block);
      },
    ]),
  },
  // Not all of them: there must be something that can go.
  fc.tuple(by, fc.nat({ max: 1 })).map(([one, at]): Step => [
    `store ${one} opens ${at}`,
    async ({ stores, pins, safe }) => {
      const unpin = await stores[one]!.pin([SEGMENTS[at]!.info]);
      pins.set(at, [...(pins.get(at) ?? []), unpin]);
      if (!safe.has(at)) safe.set(at, new Set());
    },
  ]),
  which.map((at): Step => [
    `${at} is closed`,
    async ({ pins, safe }) => {
      const [unpin, ...rest] = pins.get(at) ?? [];
      await unpin?.();
      pins.set(at, rest);
      if (rest.length === 0) safe.delete(at);
    },
  ]),
  fc.tuple(by, fc.boolean()).map(([one, isBoth]): Step => [
    `store ${one}${isBoth ? ' and the other' : ''} evicts`,
    async ({ stores, pins }) => {
      const trims = [stores[one]!, ...(isBoth ? [stores[1 - one]!] : [])].map((store) => store.cache.trim());
      await Promise.all(trims);
      const opened = [...pins.values()].filter((open) => open.length > 0).length;
      expect((await stores[one]!.cache.state()).bytes).toBeLessThanOrEqual(
        Math.max(QUOTA, opened * 2 * BLOCK),
      );
    },
  ]),
  which.map((at): Step => [
    `${at} grows old`,
    ({ directory }) => {
      const id = Buffer.from(SEGMENTS[at]!.info.id).toString('hex');
      const long = new Date(Date.now() - DAY_MS);
      try {
        utimesSync(join(directory, 'units', id.slice(0, 2), id, 'data'), long, long);
      } catch {
        // It is not there.
      }
      return Promise.resolve();
    },
  ]),
  by.map((one): Step => [
    `store ${one} is cleared`,
    async ({ stores }) => {
      await stores[one]!.cache.clear();
    },
  ]),
);

/** No store ever has other bytes than those that were written, nor lost what is open. */
const check = async ({ stores, safe }: World): Promise<void> => {
  for (const store of stores) {
    for (const [at, { info, blocks }] of SEGMENTS.entries()) {
      for (const [index, block] of blocks.entries()) {
        const read = await store.find(info.id)?.read(index);
        expect(read === undefined || read.equals(block)).toBe(true);
        if (safe.get(at)?.has(index) === true) expect(read).toBeDefined();
      }
    }
  }
};

it('keeps its bounds and what is open, whatever two stores do', { timeout: 240_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 40, size: 'max' }), async (steps) => {
      const directory = temporaryDirectory();
      const open = () =>
        openContentStore({
          directory,
          serverSecret: SECRET,
          cacheLimits: () => Promise.resolve({ quotaBytes: QUOTA, maxAgeMs: MAX_AGE_MS }),
        });
      const world: World = {
        directory,
        pins: new Map(),
        safe: new Map(),
        stores: [await open(), await open()],
      };
      try {
        for (const [, run] of steps) {
          await run(world);
          await check(world);
        }
      } finally {
        for (const store of world.stores) await store.close();
      }
    }),
    { numRuns: 30 },
  );
});
