import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContentStore } from '../../../src/engine/distribution/ports.js';
import { buildProgram, output, start } from './child-program.js';
import { BLOCK, contentId, contentOf, segmentOf, tag } from './made-content.js';
import { filesIn, openStore, readBack, temporaryDirectory } from './store-fixture.js';

const KILLS = 24;
const names = (said: string, what: string): string[] =>
  [...said.matchAll(new RegExp(`^${what} (.*)$`, 'gm'))].map(([, name]) => name!);

/** Everything that the store claims to have is right; what was said to be finished is there. */
const check = async (store: ContentStore, said: string): Promise<void> => {
  const gone = new Set(names(said, 'unpublished'));
  // The last one may have been on its way out when the kill came.
  const published = names(said, 'published');
  for (const name of published) {
    const publication = store.publication(contentId(name));
    if (gone.has(name)) expect(publication).toBeUndefined();
    else if (publication === undefined) expect(name).toBe(published.at(-1));
    if (publication === undefined) continue;
    const blocks = await readBack(store, publication);
    expect(Buffer.concat(blocks.map((block) => block!)).equals(contentOf(name, 9 * BLOCK + 77))).toBe(true);
  }
  for (let shared = 0; shared < 4; shared += 1) {
    const { info, blocks } = segmentOf(`shared-${shared}`, 6);
    const segment = store.find(info.id);
    for (const [index, block] of blocks.entries()) {
      const found = await segment?.read(index);
      if (found !== undefined) expect(found.equals(block)).toBe(true);
    }
  }
};

/** How many files there are that are not by themselves what a tag holds. */
const besideTags = async (directory: string): Promise<number> =>
  (await filesIn(directory)).filter((path) => !path.includes(`t-${tag('fetch').toString('hex')}`)).length;

describe('a process that is killed', () => {
  const programs = mkdtempSync(join(tmpdir(), 'peerweave-programs-'));
  let program = '';
  beforeAll(async () => {
    program = await buildProgram('busy-program', programs);
  });
  afterAll(() => rmSync(programs, { recursive: true }));

  const killAfter = async (directory: string, seed: string, ms: number): Promise<string> => {
    const child = start(program, directory, seed);
    const said = output(child);
    await Promise.race([once(child.stdout!, 'data'), said]);
    await sleep(ms);
    child.kill('SIGKILL');
    return said;
  };

  /** Kills it once it has published something that it does not take back. */
  const killWhenPublished = async (directory: string, seed: string): Promise<string> => {
    const child = start(program, directory, seed);
    const said = output(child);
    let heard = '';
    child.stdout!.on('data', (text) => (heard += String(text)));
    await expect.poll(() => heard, { timeout: 30_000, interval: 5 }).toContain(`published ${seed}-1`);
    child.kill('SIGKILL');
    return said;
  };

  it('loses at most what it had not finished, at any moment', { timeout: 120_000 }, async () => {
    const directory = temporaryDirectory();
    for (let kill = 0; kill < KILLS; kill += 1) {
      const said = await killAfter(directory, `k${kill}`, Math.random() * 120);
      const store = await openStore(directory);
      await check(store, said);
      // Whatever was under way has left nothing that is not part of something finished.
      const rounds = names(said, 'published').length + 1;
      for (let round = 1; round <= rounds; round += 1) {
        await store.unpublish(contentId(`k${kill}-${round}`));
      }
      if (kill % 4 === 3) await store.flush(tag('fetch'));
      const fetched = kill % 4 === 3 ? 0 : 3 * 4;
      // It is swept away in the background, which closing would end.
      await expect.poll(() => besideTags(directory), { timeout: 10_000 }).toBeLessThanOrEqual(fetched);
      await store.close();
      expect(await besideTags(directory)).toBeLessThanOrEqual(fetched);
    }
  });

  it('does not disturb another one that works on the same store', { timeout: 120_000 }, async () => {
    const directory = temporaryDirectory();
    const survivor = start(program, directory, 'survivor');
    const survived = output(survivor);
    const said: string[] = [];
    for (let kill = 0; kill < 6; kill += 1) said.push(await killAfter(directory, `s${kill}`, 60));
    survivor.kill('SIGKILL');
    expect(names(await survived, 'published').length).toBeGreaterThan(6);
    const store = await openStore(directory);
    for (const text of [...said, await survived]) await check(store, text);
  });

  it('leaves what it has published to the cache: it is served, counted and cleared', async () => {
    const directory = temporaryDirectory();
    const said = await killWhenPublished(directory, 'left');
    const store = await openStore(directory);
    await check(store, said);
    const { bytes, publishedSegments, publishedBytes } = await store.cache.state();
    expect({ publishedSegments, publishedBytes }).toEqual({ publishedSegments: 0, publishedBytes: 0 });
    expect(bytes).toBeGreaterThan(0);
    await store.cache.clear();
    expect((await store.cache.state()).bytes).toBe(0);
    await store.close();
    const next = await openStore(directory);
    await expect.poll(() => filesIn(directory)).toEqual([]);
    await next.close();
  });

  it(
    'in the middle of eviction leaves a store that opens, is right and keeps its quota',
    { timeout: 120_000 },
    async () => {
      const directory = temporaryDirectory();
      const segments = Array.from({ length: 12 }, (_, index) => segmentOf(`evicted-${index}`, 4));
      const quotaBytes = 4 * 4 * BLOCK;
      const evicting = await buildProgram('evicting-program', programs);
      for (let kill = 0; kill < 12; kill += 1) {
        const child = start(evicting, directory, String(quotaBytes));
        const said = output(child);
        // Each eviction is told of while it goes on.
        for (let told = 0; told <= kill % 5; told += 1) await once(child.stdout!, 'data');
        await sleep(Math.random() * 10);
        child.kill('SIGKILL');
        expect(await said).toContain('quota ');
        const store = await openStore(directory, { cacheLimits: () => Promise.resolve({ quotaBytes }) });
        await store.cache.trim();
        expect((await store.cache.state()).bytes).toBeLessThanOrEqual(quotaBytes);
        for (const { info, blocks } of segments) {
          const segment = store.find(info.id);
          for (const [index, block] of blocks.entries()) {
            const found = await segment?.read(index);
            if (found !== undefined) expect(found.equals(block)).toBe(true);
          }
        }
        // It can be filled, too.
        const { info, blocks } = segments[kill]!;
        const unpin = await store.pin([info]);
        const segment = await store.adopt(info, tag('after'));
        for (const [index, block] of blocks.entries()) await segment.write(index, block);
        expect(await store.find(info.id)?.read(0)).toEqual(blocks[0]);
        await unpin();
        await store.cache.clear();
        await store.close();
        expect(await filesIn(directory)).toEqual([]);
      }
    },
  );

  it('leaves its content ids to others', async () => {
    const directory = temporaryDirectory();
    const said = await killWhenPublished(directory, 'dead');
    const [kept] = names(said, 'published').filter((name) => !names(said, 'unpublished').includes(name));
    const store = await openStore(directory);
    const writer = await store.beginPublication({ contentId: contentId(kept!), hash: 'sha256' });
    await writer.append(Buffer.from('new content'));
    expect((await writer.complete()).length).toBe(11);
  });
});
