import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { readJournal } from 'peerweave/engine';
import { contentOf } from '../../robustness/support/node.js';
import { lacksNamespaces } from './namespaces.js';
import { NOBODY, peerHosts, type PeerProcess } from './peer-hosts.js';

const LENGTH = 300_000;
/** Each host has ports of its own, so that no other test on the machine is in the way. */
describe.skipIf(lacksNamespaces())('the port that peers are served at, if none is named', () => {
  const hosts = peerHosts();
  beforeEach(() => {
    hosts.networks.addHost('a', { network: 'lan', ipv4: '10.1.1.1/24' });
    hosts.networks.addHost('b', { network: 'lan', ipv4: '10.1.1.2/24' });
  });

  /** Starts an engine, and waits until other processes of its data directory can read where it serves. */
  const start = async (host: string, user?: number) => {
    const { child, dataDir } = await hosts.start(host, { listen: { host: '0.0.0.0' } }, user);
    const port = await vi.waitFor(
      async () => {
        const [entry] = await readJournal(dataDir);
        if (entry?.endpoint === undefined) throw new Error('nothing in the journal');
        expect(entry).toMatchObject({ running: true, endpoint: { host: '0.0.0.0' } });
        return entry.endpoint.port;
      },
      { timeout: 10_000 },
    );
    return { child, port, dataDir };
  };

  /** Has a content of `publisher` found and fetched by another host. @returns from where. */
  const fetchedFrom = async (publisher: PeerProcess, seed: number) => {
    const { information = '' } = await publisher.order({ publish: { length: LENGTH, seed } });
    const { child } = await start('b');
    const { sha256, peers } = await child.order({ retrieve: information });
    expect(sha256).toBe(createHash('sha256').update(contentOf(LENGTH, seed)).digest('hex'));
    expect(await child.end()).toBe(0);
    return peers;
  };

  test('is 80 where that is free and allowed', async () => {
    const { child, port, dataDir } = await start('a');
    expect(port).toBe(80);
    expect(await fetchedFrom(child, 1)).toEqual(['10.1.1.1:80']);
    expect(await child.end()).toBe(0);
    const [entry] = await readJournal(dataDir);
    expect(entry).toMatchObject({ running: false });
    expect(entry?.endpoint).toBeUndefined();
  });

  test('is another one where 80 is taken, and discovery announces that', async () => {
    expect((await start('a')).port).toBe(80);
    const { child, port } = await start('a');
    expect(port).toBeGreaterThan(1_023);
    expect(await fetchedFrom(child, 2)).toEqual([`10.1.1.1:${port}`]);
  });

  test('is another one where 80 is not allowed, and discovery announces that', async () => {
    // Some systems let everybody have ports below 1024.
    hosts.networks.write('a', '/proc/sys/net/ipv4/ip_unprivileged_port_start', '1024');
    const { child, port } = await start('a', NOBODY);
    expect(port).toBeGreaterThan(1_023);
    expect(await fetchedFrom(child, 3)).toEqual([`10.1.1.1:${port}`]);
  });
});
