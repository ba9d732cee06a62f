import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ContentPeers } from '../../../src/engine/distribution/content/content-peers.js';
import type { Discovery } from '../../../src/engine/distribution/discovery/index.js';
import {
  FetchFailure,
  type FetchedBlock,
  type RetrievalClient,
} from '../../../src/engine/distribution/ports.js';
import { createVirtualClock } from '../../../src/testing/index.js';
import { segmentOf, settle } from './lan.js';

const segments = Array.from({ length: 200 }, (_, index) => segmentOf(index, 2));

const OVERTAKE_MS = 250;

/**
 * A client whose peers in `has` deliver, of whom it asks `most` at once, those in `silent` say nothing, and a discovery that
 * knows `knows`.
 */
const around = (
  has: readonly string[],
  knows: readonly string[] | Promise<readonly string[]>,
  { most = 16, silent = [] as readonly string[] } = {},
) => {
  const asked: (readonly string[])[] = [];
  const ended: (readonly string[])[] = [];
  const sought: number[] = [];
  const client: RetrievalClient = {
    peersPerBlock: most,
    overtakeMs: OVERTAKE_MS,
    fetch: ({ peers }) => {
      const taken = peers.slice(0, most);
      asked.push(taken);
      const peer = taken.find((one) => has.includes(one));
      if (peer === undefined && taken.some((one) => silent.includes(one))) {
        let cancel = (_reason: Error): void => undefined;
        const block = new Promise<FetchedBlock>((_, reject) => {
          cancel = (reason) => {
            ended.push(taken);
            reject(reason);
          };
        });
        return { block, asked: () => [], cancel: (reason) => cancel(reason) };
      }
      const attempts = taken.map((one) => ({ peer: one, reason: 'unreachable' as const, detail: 'gone' }));
      const block: Promise<FetchedBlock> =
        peer === undefined
          ? Promise.reject(new FetchFailure(attempts))
          : Promise.resolve({ peer, bytes: Buffer.alloc(1) });
      return { block, asked: () => [], cancel: () => undefined };
    },
    learn: () => undefined,
    isStruckOut: () => false,
    close: () => Promise.resolve(),
  };
  const discovery: Discovery = {
    answerTimeoutMs: 300,
    problems: [],
    known: () => (knows instanceof Promise ? [] : knows),
    find: async (wanted, signal) => {
      sought.push(wanted.length);
      return Promise.race([
        knows,
        new Promise<never>((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        ),
      ]);
    },
    meet: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  return { asked, ended, sought, client, discovery };
};

let clock = createVirtualClock();
beforeEach(() => {
  clock = createVirtualClock();
});
afterEach(() => expect(clock.pending).toBe(0));

const request = (index: number) => ({
  segment: segments[index]!,
  block: 0,
  wanted: 1,
  signal: new AbortController().signal,
});

describe('the peers of one content', () => {
  test('are those named alone where nobody discovers', async () => {
    const { client, asked, sought } = around(['named:1'], []);
    const peers = new ContentPeers({ segments, clock, client, named: ['named:1'], discovery: undefined });
    expect(await peers.fetch(0, request(0)).block).toMatchObject({ peer: 'named:1' });
    expect([asked, sought, peers.mayHelp, peers.searchMs]).toEqual([[['named:1']], [], true, undefined]);
  });

  test('are looked for ahead, 64 segments at a time and once', async () => {
    const { client, discovery, sought } = around(['named:1'], []);
    const peers = new ContentPeers({ segments, clock, client, named: ['named:1'], discovery });
    for (let index = 0; index < segments.length; index += 1) await peers.fetch(index, request(index)).block;
    expect(sought).toEqual([64, 64, 64, 8]);
  });

  test('are not waited for by who has one to ask', async () => {
    const { client, discovery, asked } = around(['named:1'], new Promise(() => undefined));
    const peers = new ContentPeers({ segments, clock, client, named: ['named:1'], discovery });
    expect(await peers.fetch(0, request(0)).block).toMatchObject({ peer: 'named:1' });
    expect(asked).toEqual([['named:1']]);
  });

  test('are waited for by who asked in vain, and asked first from then on', async () => {
    const { client, discovery, asked } = around(['found:1'], Promise.resolve(['found:1']));
    const peers = new ContentPeers({ segments, clock, client, named: ['named:1'], discovery });
    expect(await peers.fetch(0, request(0)).block).toMatchObject({ peer: 'found:1' });
    expect(asked).toEqual([['named:1'], ['found:1']]);
    await peers.fetch(1, request(1)).block;
    expect(asked.at(-1)).toEqual(['named:1', 'found:1']);
  });

  test('are all asked in the end, however many are wrong', async () => {
    const liars = Array.from({ length: 40 }, (_, index) => `liar:${index}`);
    const { client, discovery, asked } = around(['honest:1'], [...liars, 'honest:1']);
    const peers = new ContentPeers({ segments, clock, client, named: [], discovery });
    expect(await peers.fetch(0, request(0)).block).toMatchObject({ peer: 'honest:1' });
    expect(asked.map((taken) => taken.length)).toEqual([16, 16, 9]);
  });

  test('have failed with all their reasons when none is left', async () => {
    const { client, discovery } = around([], ['found:1', 'found:2']);
    const peers = new ContentPeers({ segments, clock, client, named: ['named:1'], discovery });
    const failure: unknown = await peers.fetch(0, request(0)).block.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(FetchFailure);
    expect((failure as FetchFailure).attempts.map(({ peer }) => peer)).toEqual([
      'named:1',
      'found:1',
      'found:2',
    ]);
  });

  test('a client that asks nobody any more ends it', async () => {
    const { discovery } = around([], ['found:1', 'found:2']);
    const closed: RetrievalClient = {
      peersPerBlock: 16,
      overtakeMs: OVERTAKE_MS,
      fetch: () => ({
        block: Promise.reject(new FetchFailure([])),
        asked: () => [],
        cancel: () => undefined,
      }),
      learn: () => undefined,
      isStruckOut: () => false,
      close: () => Promise.resolve(),
    };
    const peers = new ContentPeers({ segments, clock, client: closed, named: [], discovery });
    await expect(peers.fetch(0, request(0)).block).rejects.toThrow(FetchFailure);
  });

  test('are given up with the block', async () => {
    const { client, discovery, asked } = around(['found:1'], new Promise(() => undefined));
    const peers = new ContentPeers({ segments, clock, client, named: [], discovery });
    const pending = peers.fetch(0, request(0));
    await settle();
    pending.cancel(new Error('not wanted'));
    await expect(pending.block).rejects.toThrow('not wanted');
    expect(asked).toEqual([]);
  });

  describe('that say nothing', () => {
    const cache = { address: 'cache:1', isAskedFirst: false };
    const silent = ['silent:1'];
    const withCache = (client: RetrievalClient, named: readonly string[], hosted = cache): ContentPeers =>
      new ContentPeers({ segments, clock, client, named, discovery: undefined, hosted });

    test('do not keep others from being looked for and asked', async () => {
      const { client, discovery, asked, ended } = around(['found:1'], Promise.resolve(['found:1']), {
        silent,
      });
      const peers = new ContentPeers({ segments, clock, client, named: silent, discovery });
      const { block } = peers.fetch(0, request(0));
      await clock.advance(OVERTAKE_MS - 1);
      expect(asked).toEqual([silent]);
      await clock.advance(1);
      expect(await block).toMatchObject({ peer: 'found:1' });
      expect(asked).toEqual([silent, ['found:1']]);
      expect(ended).toEqual([silent]);
      // From now on it is asked along with the others.
      expect(await peers.fetch(1, request(1)).block).toMatchObject({ peer: 'found:1' });
      expect(asked.at(-1)).toEqual(['silent:1', 'found:1']);
    });

    test('do not keep the hosted cache from being asked, and the next time nobody waits', async () => {
      const { client, asked, ended } = around(['cache:1'], [], { silent });
      const peers = withCache(client, silent);
      const { block } = peers.fetch(0, request(0));
      await clock.advance(OVERTAKE_MS);
      expect(await block).toMatchObject({ peer: 'cache:1' });
      expect(await peers.fetch(1, request(1)).block).toMatchObject({ peer: 'cache:1' });
      expect(asked).toEqual([silent, ['cache:1'], silent, ['cache:1']]);
      expect(ended).toEqual([silent, silent]);
    });

    test('are all given time to be found before the hosted cache is asked', async () => {
      const { client, discovery, asked } = around(['found:1', 'cache:1'], Promise.resolve(['found:1']), {
        silent,
      });
      const peers = new ContentPeers({ segments, clock, client, named: silent, discovery, hosted: cache });
      const { block } = peers.fetch(0, request(0));
      await clock.advance(OVERTAKE_MS);
      expect(await block).toMatchObject({ peer: 'found:1' });
      expect(asked).toEqual([silent, ['found:1']]);
    });

    test('may be a hosted cache that is asked first', async () => {
      const { client, asked } = around(['named:1'], [], { silent: ['cache:1'] });
      const hosted = { ...cache, isAskedFirst: true };
      const peers = withCache(client, ['named:1'], hosted);
      const { block } = peers.fetch(0, request(0));
      await clock.advance(OVERTAKE_MS);
      expect(await block).toMatchObject({ peer: 'named:1' });
      expect(asked).toEqual([['cache:1'], ['named:1']]);
    });

    test('end with the block, and so do those asked instead', async () => {
      const { client, ended } = around([], [], { silent: ['silent:1', 'cache:1'] });
      const peers = withCache(client, silent);
      const pending = peers.fetch(0, request(0));
      await clock.advance(OVERTAKE_MS);
      pending.cancel(new Error('not wanted'));
      await expect(pending.block).rejects.toThrow('not wanted');
      expect(new Set(ended.map(([one]) => one))).toEqual(new Set(['silent:1', 'cache:1']));
    });
  });

  test('are not silent as long as anything comes from them', async () => {
    const answers: ((bytes: FetchedBlock) => void)[] = [];
    const asked: string[] = [];
    const client: RetrievalClient = {
      peersPerBlock: 16,
      overtakeMs: OVERTAKE_MS,
      fetch: ({ peers }) => {
        asked.push(...peers);
        const block = new Promise<FetchedBlock>((resolve) => answers.push(resolve));
        return { block, asked: () => [], cancel: () => undefined };
      },
      learn: () => undefined,
      isStruckOut: () => false,
      close: () => Promise.resolve(),
    };
    const peers = new ContentPeers({
      segments,
      clock,
      client,
      named: ['slow:1'],
      discovery: undefined,
      hosted: { address: 'cache:1', isAskedFirst: false },
    });
    const blocks = Array.from({ length: 20 }, (_, index) => peers.fetch(index, request(index)).block);
    for (let index = 0; index < blocks.length; index += 1) {
      await clock.advance(OVERTAKE_MS - 10);
      answers[index]?.({ peer: 'slow:1', bytes: Buffer.alloc(1) });
      await blocks[index];
    }
    expect(asked).toEqual(Array(20).fill('slow:1'));
  });
});
