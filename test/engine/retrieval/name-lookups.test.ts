import type { LookupFunction } from 'node:net';
import { describe, expect, it } from 'vitest';
import { NameLookups } from '../../../src/engine/distribution/retrieval/name-lookups.js';

type Answer = Parameters<Parameters<LookupFunction>[2]>;

/** A system that answers when told to. */
const startSystem = () => {
  const asked: { readonly hostname: string; answer(...answer: Answer): void }[] = [];
  let now = 0;
  const names = new NameLookups(
    (hostname, _options, answer) => void asked.push({ hostname, answer }),
    () => now,
  );
  const find = (hostname: string, options = {}): Promise<Answer> =>
    new Promise((resolve) => names.find(hostname, options, (...answer) => resolve(answer)));
  return { asked, find, pass: (ms: number) => void (now += ms) };
};

const notFound = Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' });

describe('a name', () => {
  it('is looked up once for all who ask at a time, and anew for those who ask later', async () => {
    const { asked, find } = startSystem();
    const all = [find('peer.example'), find('peer.example'), find('peer.example')];
    expect(asked).toHaveLength(1);
    asked[0]!.answer(null, '192.0.2.1', 4);
    expect(await Promise.all(all)).toEqual(Array(3).fill([null, '192.0.2.1', 4]));
    void find('peer.example');
    expect(asked).toHaveLength(2);
  });

  it('is another one for who wants another kind of address', () => {
    const { asked, find } = startSystem();
    void find('peer.example', { family: 4 });
    void find('peer.example', { family: 6 });
    void find('peer.example', { all: true });
    void find('other.example', { family: 4 });
    expect(asked.map(({ hostname }) => hostname)).toEqual([
      'peer.example',
      'peer.example',
      'peer.example',
      'other.example',
    ]);
  });

  it('that cannot be found is not asked for again for ten seconds', async () => {
    const { asked, find, pass } = startSystem();
    const first = find('peer.invalid');
    asked[0]!.answer(notFound, '');
    expect((await first)[0]).toBe(notFound);
    pass(9_999);
    expect((await find('peer.invalid'))[0]).toBe(notFound);
    expect(asked).toHaveLength(1);
    pass(1);
    const second = find('peer.invalid');
    asked[1]!.answer(null, '192.0.2.1', 4);
    expect(await second).toEqual([null, '192.0.2.1', 4]);
    void find('peer.invalid');
    expect(asked).toHaveLength(3);
  });
});
