import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ContentStore, SegmentInfo } from '../../../src/engine/distribution/ports.js';
import { openContentStore } from '../../../src/engine/distribution/store/index.js';
import { BLOCK, blocksOf, contentId, contentOf, SECRET, tag } from './made-content.js';
import { filesIn, found, openStore, publish, temporaryDirectory } from './store-fixture.js';

/** Few enough to meet: two publications of one content share its segment, also with those who adopt it. */
const CONTENTS = [1, 2, 3].map((blocks) => contentOf(`content ${blocks}`, blocks * BLOCK - 1));
const IDS = ['a', 'b'];
const TAGS = ['x', 'y'];

/** What a store must look like to everybody: who holds a content's segment, and which of its blocks are there. */
class Model {
  readonly publications = new Map<string, number>();
  readonly adopted = new Map<string, Set<number>>(TAGS.map((name) => [name, new Set()]));
  readonly blocks = CONTENTS.map(() => new Set<number>());

  isHeld(content: number): boolean {
    return (
      [...this.publications.values()].includes(content) ||
      [...this.adopted.values()].some((contents) => contents.has(content))
    );
  }

  forgetUnheld(): void {
    for (const [content, blocks] of this.blocks.entries()) if (!this.isHeld(content)) blocks.clear();
  }
}

interface World {
  readonly directory: string;
  /** Two that share the directory, as two processes would. */
  readonly stores: ContentStore[];
  readonly infos: readonly SegmentInfo[];
}

type Step = (model: Model, world: World) => Promise<void>;
/** With a name for the report of a failure. */
type NamedStep = readonly [string, Step];

const store = fc.nat({ max: 1 });
const content = fc.nat({ max: CONTENTS.length - 1 });

const step: fc.Arbitrary<NamedStep> = fc.oneof(
  fc.tuple(store, fc.constantFrom(...IDS), content).map(([by, id, what]): NamedStep => [
    `store ${by} publishes content ${what} as ${id}`,
    async (model, { stores }) => {
      if (model.publications.has(id)) {
        await expect(publish(stores[by]!, id, CONTENTS[what]!)).rejects.toMatchObject({
          code: 'ALREADY_EXISTS',
        });
        return;
      }
      await publish(stores[by]!, id, CONTENTS[what]!, 50_000);
      model.publications.set(id, what);
      for (let index = 0; index <= what; index += 1) model.blocks[what]!.add(index);
    },
  ]),
  fc.tuple(store, fc.constantFrom(...IDS)).map(([by, id]): NamedStep => [
    `store ${by} unpublishes ${id}`,
    async (model, { stores }) => {
      expect(await stores[by]!.unpublish(contentId(id))).toBe(model.publications.delete(id));
      model.forgetUnheld();
    },
  ]),
  fc.tuple(store, content, fc.constantFrom(...TAGS)).map(([by, what, name]): NamedStep => [
    `store ${by} adopts content ${what} for ${name}`,
    async (model, { stores, infos }) => {
      await stores[by]!.adopt(infos[what]!, tag(name));
      model.adopted.get(name)!.add(what);
    },
  ]),
  fc.tuple(store, content, fc.nat({ max: 2 })).map(([by, what, index]): NamedStep => [
    `store ${by} writes block ${index} of content ${what}`,
    async (model, { stores, infos }) => {
      const block = blocksOf(CONTENTS[what]!)[index];
      const segment = stores[by]!.find(infos[what]!.id);
      expect(segment !== undefined).toBe(model.isHeld(what));
      if (block === undefined || segment === undefined) return;
      await segment.write(index, block);
      model.blocks[what]!.add(index);
    },
  ]),
  fc.tuple(store, fc.constantFrom(...TAGS)).map(([by, name]): NamedStep => [
    `store ${by} flushes ${name}`,
    async (model, { stores }) => {
      await stores[by]!.flush(tag(name));
      model.adopted.get(name)!.clear();
      model.forgetUnheld();
    },
  ]),
);

/** What both stores show is what the model says. */
const compare = async (model: Model, { stores, infos }: World): Promise<void> => {
  for (const one of stores) {
    for (const id of IDS) {
      const what = model.publications.get(id);
      const expected = what === undefined ? undefined : [infos[what]];
      expect(found(one, id)?.segments).toEqual(expected);
    }
    for (const [what, info] of infos.entries()) {
      const segment = one.find(info.id);
      expect(segment !== undefined).toBe(model.isHeld(what));
      for (const [index, block] of blocksOf(CONTENTS[what]!).entries()) {
        const isHere = model.blocks[what]!.has(index);
        expect(segment?.has(index) ?? false).toBe(isHere);
        expect((await segment?.read(index))?.equals(block)).toBe(isHere ? true : undefined);
      }
    }
  }
};

describe('any sequence of operations by two that share a store', () => {
  it('leaves what a simple model of it says', { timeout: 120_000 }, async () => {
    const elsewhere = await openStore(temporaryDirectory());
    const infos: SegmentInfo[] = [];
    for (const [index, bytes] of CONTENTS.entries()) {
      infos.push((await publish(elsewhere, String(index), bytes)).segments[0]!);
    }
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
        const directory = temporaryDirectory();
        const open = () => openContentStore({ directory, serverSecret: SECRET });
        const world = { directory, infos, stores: [await open(), await open()] };
        const model = new Model();
        try {
          for (const [, run] of steps) {
            await run(model, world);
            await compare(model, world);
          }
          for (const id of IDS) await world.stores[0]!.unpublish(contentId(id));
          for (const name of TAGS) await world.stores[1]!.flush(tag(name));
        } finally {
          for (const one of world.stores) await one.close();
        }
        expect(await filesIn(directory)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
