import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { EngineOptions } from 'peerweave/engine';
import { contentOf } from '../../robustness/support/node.js';
import { lacksNamespaces } from './namespaces.js';
import { peerHosts, type PeerProcess } from './peer-hosts.js';

const LENGTH = 5_000_000;
const [SEED, OTHER_SEED] = [3, 4];
const SHA256 = createHash('sha256').update(contentOf(LENGTH, SEED)).digest('hex');
const PORT = 8081;
const NETWORK = { listen: { host: '0.0.0.0', port: PORT } };

/** Without any option about discovery unless a test says so: it is the default that has to work. */
describe.skipIf(lacksNamespaces())('engines on several hosts', () => {
  const hosts = peerHosts();

  const start = async (host: string, options: EngineOptions = NETWORK): Promise<PeerProcess> =>
    (await hosts.start(host, options)).child;

  /** Starts an engine that publishes. @returns it and the content information. */
  const publisher = async (
    host: string,
    options: EngineOptions = NETWORK,
    { seed = SEED, version }: { readonly seed?: number; readonly version?: 1 | 2 } = {},
  ) => {
    const child = await start(host, options);
    const { information = '' } = await child.order({ publish: { length: LENGTH, seed, version } });
    return { child, information };
  };

  test.each([1, 2] as const)(
    'content of version %i goes round: who has it serves the next',
    async (version) => {
      for (const [index, host] of ['a', 'b', 'c', 'd'].entries()) {
        hosts.networks.addHost(host, { network: 'lan', ipv4: `10.1.1.${index + 1}/24`, ipv6: true });
      }
      const { child: a, information } = await publisher('a', NETWORK, { version });
      await publisher('d', NETWORK, { seed: OTHER_SEED });
      const [b, c] = [await start('b'), await start('c')];
      expect(await b.order({ retrieve: information })).toEqual({
        sha256: SHA256,
        peers: [`10.1.1.1:${PORT}`],
      });
      expect(await a.end()).toBe(0);
      expect(await c.order({ retrieve: information })).toEqual({
        sha256: SHA256,
        peers: [`10.1.1.2:${PORT}`],
      });
      for (const child of [b, c]) expect(await child.end()).toBe(0);
    },
  );

  test('over IPv6 alone, by link-local addresses', async () => {
    for (const host of ['a', 'b']) hosts.networks.addHost(host, { network: 'lan', ipv6: true });
    const options = { listen: { host: '::', port: PORT } };
    const { information } = await publisher('a', options);
    const b = await start('b', options);
    expect(await b.order({ retrieve: information })).toEqual({
      sha256: SHA256,
      peers: [expect.stringMatching(/^\[fe80:[0-9a-f:]+%net0\]:8081$/)],
    });
  });

  test('with a twentieth of all packets lost', async () => {
    for (const [index, host] of ['a', 'b', 'c'].entries()) {
      hosts.networks.addHost(host, { network: 'lan', ipv4: `10.1.1.${index + 1}/24` });
      hosts.networks.filter(host, 'input', 'numgen random mod 100 < 5 counter drop');
    }
    const { information } = await publisher('a');
    await publisher('c');
    const b = await start('b');
    const { sha256, peers = [] } = await b.order({ retrieve: information });
    expect(sha256).toBe(SHA256);
    expect([`10.1.1.1:${PORT}`, `10.1.1.3:${PORT}`]).toEqual(expect.arrayContaining([...peers]));
    expect(hosts.networks.counted('b', 'input')).toBeGreaterThan(0);
  });

  test('beyond a router by a host that is named; by multicast nobody is found', async () => {
    hosts.networks.addHost('a', { network: 'one', ipv4: '10.1.1.1/24' });
    hosts.networks.addHost(
      'r',
      { network: 'one', ipv4: '10.1.1.254/24' },
      { network: 'two', ipv4: '10.2.2.254/24' },
    );
    hosts.networks.addHost('b', { network: 'two', ipv4: '10.2.2.2/24' });
    hosts.networks.write('r', '/proc/sys/net/ipv4/ip_forward', '1');
    hosts.networks.route('a', '10.2.2.0/24', '10.1.1.254');
    hosts.networks.route('b', '10.1.1.0/24', '10.2.2.254');
    const { information } = await publisher('b', { ...NETWORK, discovery: { unicastProbes: 'anywhere' } });
    const alone = await start('a');
    const { missing, events } = await alone.order({ retrieve: information });
    expect(missing).toBe('missing');
    expect(events).toContain('DiscoveryTimedOut');
    const knowing = await start('a', {
      listen: false,
      discovery: { hosts: [{ host: '10.2.2.2' }] },
    });
    expect(await knowing.order({ retrieve: information })).toEqual({
      sha256: SHA256,
      peers: [`10.2.2.2:${PORT}`],
    });
  });
});
