import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { join } from 'node:path';
import { FoundPeers } from '../../../src/engine/distribution/discovery/found-peers.js';
import {
  BLOCK,
  contentOf,
  inDirectory,
  openNode,
  publishOn,
  retrieveOn,
} from '../../robustness/support/node.js';

const always = (): boolean => true;

describe('the peers of a segment', () => {
  it('come the first of each host before the second of any', () => {
    const found = new FoundPeers(64);
    for (const peer of ['a:1', 'a:2', '[::1]:1', 'a:3', 'b:1', '[::1]:2']) found.add(peer, 1);
    expect(found.fresh(always)).toEqual(['a:1', '[::1]:1', 'b:1', 'a:2', '[::1]:2', 'a:3']);
  });

  it('are forgotten when their time is over, which is prolonged by being told again', () => {
    const found = new FoundPeers(64);
    for (const peer of ['a:1', 'b:1']) found.add(peer, 10);
    found.add('a:1', 20);
    expect(found.fresh((until) => until > 10)).toEqual(['a:1']);
    expect(found.size).toBe(1);
  });

  const peer = fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.integer({ min: 1, max: 40 }));

  it('leave no host out for another one that has two, and are never too many', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.array(peer, { maxLength: 80 }), (most, told) => {
        const found = new FoundPeers(most);
        for (const [host, port] of told) found.add(`${host}:${port}`, 1);
        const all = found.fresh(always);
        expect(all.length).toBe(Math.min(most, new Set(told.map(String)).size));
        const hosts = all.map((one) => one.split(':')[0]);
        const fewest = Math.min(most, new Set(told.map(([host]) => host)).size);
        expect(new Set(hosts).size).toBe(fewest);
        expect(new Set(hosts.slice(0, fewest)).size).toBe(fewest);
      }),
    );
  });
});

it('a source that tells of eighty ports where nobody is does not hide the peer that has it', () =>
  inDirectory(async (directory) => {
    const content = contentOf(4 * BLOCK, 1);
    await using honest = await openNode(join(directory, 'honest'), {
      listen: { host: '127.0.0.1', port: 0 },
    });
    const { host, port } = honest.driver.endpoint()!;
    const nobody = Array.from({ length: 80 }, (_, at) => `127.0.9.9:${at + 1}`);
    const neighbours = {
      find: async (segments: readonly never[], found: (segment: never, peer: string) => void) => {
        for (const segment of segments)
          for (const peer of [...nobody, `${host}:${port}`]) found(segment, peer);
      },
    };
    await using reader = await openNode(join(directory, 'reader'), {
      listen: false,
      discovery: { multicast: false, sources: [neighbours] },
    });
    const information = await publishOn(honest, content);
    const done = await retrieveOn(reader, information, { to: join(directory, 'copy') });
    expect(done).toMatchObject({ _tag: 'Retrieved' });
  }));
