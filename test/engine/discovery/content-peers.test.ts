import { describe, expect, test } from 'vitest';
import { ContentPeers } from '../../../src/engine/distribution/content/content-peers.js';
import type { Discovery } from '../../../src/engine/distribution/discovery/index.js';
import {
  FetchFailure,
  type FetchedBlock,
  type RetrievalClient,
} from '../../../src/engine/distribution/ports.js';
import { segmentOf, settle } from './lan.js';

const segments = Array.from({ length: 200 }, (_, index) => segmentOf(index, 2));

/** A client whose peers in `has` deliver, of whom it asks `most` at once, and a discovery that knows `knows`. */
const around = (has: readonly string[], knows: readonly string[] | Promise<readonly string[]>, most = 16) => {
  const asked: (readonly string[])[] = [];
  const sought: number[] = [];
  const client: RetrievalClient = {
    fetch: ({ peers }) => {
      const taken = peers.slice(0, most);
      asked.push(taken);
      const peer = taken.find((one) => has.includes(one));
      const attempts = taken.map((one) => ({ peer: one, reason: 'unreachable' as const, detail: 'gone' }));
      const block: Promise<FetchedBlock> =
        peer === undefined
          ? Promise.reject(new FetchFailure(attempts))
          : Promise.resolve({ peer, bytes: Buffer.alloc(1) });
      return { block, cancel: () => undefined };
    },
    learn: () => undefined,
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
  return { asked, sought, client, discovery };
};

const request = (index: number) => ({
  segment: segments[index]!,
  block: 0,
  wanted: 1,
  signal: new AbortController().signal,
});

describe('the peers of one content', () => {
  test('are those named alone where nobody discovers', async () => {
    const { client, asked, sought } = around(['named:1'], []);
    const peers = new ContentPeers({ segments, client, named: ['named:1'], discovery: undefined });
    expect(await peers.fetch(0, request(0)).block).toMatchObject({ peer: 'named:1' });
    expect([asked, sought, peers.mayHelp, peers.searchMs]).toEqual([[['named:1']], [], true, undefined]);
  });

  test('are looked for ahead, 64 segments at a time and once', async () => {
    const { client, discovery, sought } = around(['named:1'], []);
    const peers = new ContentPeers({ segments, client, named: ['named:1'], discovery });
    for (let index = 0; index < segments.length; index += 1) await peers.fetch(index, request(index)).block;
    expect(sought).toEqual([64, 64, 64, 8]);
  });

  test('are not waited for by who has one to ask', async () => {
    const { client, discovery, asked } = around(['named:1'], new Promise(() => undefined));
    const peers = new ContentPeers({ segments, client, named: ['named:1'], discovery });
    expect(await peers.fetch(0, request(0)).block).toMatchObject({ peer: 'named:1' });
    expect(asked).toEqual([['named:1']]);
  });

  test('are waited for by who asked in vain, and asked first from then on', async () => {
    const { client, discovery, asked } = around(['found:1'], Promise.resolve(['found:1']));
    const peers = new ContentPeers({ segments, client, named: ['named:1'], discovery });
    expect(await peers.fetch(0, request(0)).block).toMatchObject({ peer: 'found:1' });
    expect(asked).toEqual([['named:1'], ['found:1']]);
    await peers.fetch(1, request(1)).block;
    expect(asked.at(-1)).toEqual(['named:1', 'found:1']);
  });

  test('are all asked in the end, however many are wrong', async () => {
    const liars = Array.from({ length: 40 }, (_, index) => `liar:${index}`);
    const { client, discovery, asked } = around(['honest:1'], [...liars, 'honest:1']);
    const peers = new ContentPeers({ segments, client, named: [], discovery });
    expect(await peers.fetch(0, request(0)).block).toMatchObject({ peer: 'honest:1' });
    expect(asked.map((taken) => taken.length)).toEqual([16, 16, 9]);
  });

  test('have failed with all their reasons when none is left', async () => {
    const { client, discovery } = around([], ['found:1', 'found:2']);
    const peers = new ContentPeers({ segments, client, named: ['named:1'], discovery });
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
      fetch: () => ({ block: Promise.reject(new FetchFailure([])), cancel: () => undefined }),
      learn: () => undefined,
      close: () => Promise.resolve(),
    };
    const peers = new ContentPeers({ segments, client: closed, named: [], discovery });
    await expect(peers.fetch(0, request(0)).block).rejects.toThrow(FetchFailure);
  });

  test('are given up with the block', async () => {
    const { client, discovery, asked } = around(['found:1'], new Promise(() => undefined));
    const peers = new ContentPeers({ segments, client, named: [], discovery });
    const pending = peers.fetch(0, request(0));
    await settle();
    pending.cancel(new Error('not wanted'));
    await expect(pending.block).rejects.toThrow('not wanted');
    expect(asked).toEqual([]);
  });
});
