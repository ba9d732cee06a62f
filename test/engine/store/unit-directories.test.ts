import { expect, it } from 'vitest';
import { nodeDisk } from '../../../src/engine/distribution/store/disk/disk.js';
import { WorkArea } from '../../../src/engine/distribution/store/disk/work-area.js';
import { storeLayout } from '../../../src/engine/distribution/store/layout.js';
import { UnitDirectories } from '../../../src/engine/distribution/store/units/unit-directories.js';
import { contentOf } from './made-content.js';
import { filesIn, found, openStore, publish, temporaryDirectory } from './store-fixture.js';

it('who takes over a publication in the moment that its unit is evicted keeps it', async () => {
  const directory = temporaryDirectory();
  const store = await openStore(directory);
  await publish(store, 'taken over', contentOf('taken over', 200_000));
  const before = await filesIn(directory);
  const layout = storeLayout(directory);
  const work = new WorkArea(nodeDisk, layout);
  await work.open();
  const directories = new UnitDirectories(nodeDisk, layout, work);
  const names: string[] = [];
  for await (const name of directories.all()) names.push(name);
  let looks = 0;
  const isTakenOver = (): boolean => {
    looks += 1;
    return looks > 1;
  };
  for (const name of names) {
    expect(await directories.evict(name, () => Promise.resolve(false), isTakenOver)).toBe(false);
  }
  await work.close();
  expect(names).toHaveLength(1);
  expect(await filesIn(directory)).toEqual(before);
  expect(found(store, 'taken over')?.length).toBe(200_000);
});
