import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type CacheSettings, openCache } from '../../../src/engine/index.js';

let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'peerweave-settings-'));
});

afterEach(() => rm(dataDir, { recursive: true, force: true }));

it.each<[string, unknown]>([
  ['nothing', undefined],
  ['null', null],
  ['text', 'x'],
  ['a list', []],
  ['a limit that there is not', { nonsense: 1 }],
  ['a quota as text', { quota: '5000000' }],
  ['no quota', { quota: null }],
  ['a quota beyond exact numbers', { quota: 2 ** 60 }],
  ['a share as text', { quota: { percent: '5' } }],
  ['an age as text', { maxAgeMs: '5000' }],
])('%s is refused as limits of the cache, and those that hold stay', async (_name, settings) => {
  await using cache = await openCache({ dataDir });
  await expect(cache.set(settings as CacheSettings)).rejects.toThrow(RangeError);
  expect(await readdir(dataDir)).not.toContain('cache.json');
  const limits = { quota: 5_000_000, maxAgeMs: 60_000 };
  await cache.set(limits);
  await expect(cache.set(settings as CacheSettings)).rejects.toThrow(RangeError);
  expect(await cache.settings()).toEqual(limits);
});

it('what is left out of the limits has its default again', async () => {
  await using cache = await openCache({ dataDir });
  await cache.set({ quota: { percent: 7 }, maxAgeMs: 60_000 });
  await cache.set({ quota: undefined, maxAgeMs: 90_000 } as unknown as CacheSettings);
  expect(await cache.settings()).toEqual({ maxAgeMs: 90_000 });
});
