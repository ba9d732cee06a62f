import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ProgramOptions } from './discovery-program.js';
import { lacksNamespaces, Networks } from './namespaces.js';
import { startDiscoveryProgram, type DiscoveryProcess } from './programs.js';
import { buildProgram, type BuiltProgram } from '../../built-program.js';

const PORT = 3702;
const WILDCARD = { host: '::', port: 8080 };
const IPV4 = { host: '0.0.0.0', port: 8080 };
/** An odd segment is of version 1, an even one of version 2. */
const [ONE, TWO, THREE] = [1, 2, 3];
const ONLY_MULTICAST = 'ip daddr 239.255.255.250 drop';
const ONLY_MULTICAST_6 = 'ip6 daddr ff02::c drop';

describe.skipIf(lacksNamespaces())('several hosts', () => {
  let program: BuiltProgram;
  let networks: Networks;
  const started: DiscoveryProcess[] = [];
  beforeAll(async () => {
    program = await buildProgram('discovery-program.ts', import.meta.url);
  });
  beforeEach(() => {
    networks = new Networks();
  });
  afterEach(() => {
    for (const child of started.splice(0)) child.kill();
    networks.remove();
  });
  afterAll(() => program.remove());

  const start = async (host: string, options: Partial<ProgramOptions> = {}): Promise<DiscoveryProcess> => {
    const child = await startDiscoveryProgram(program, { port: PORT, ...options }, networks.on(host));
    started.push(child);
    return child;
  };

  /** Hosts on one network, the first with the address that ends in 1. */
  const addHosts = (names: string, plug: { readonly ipv4: boolean; readonly ipv6: boolean }): void => {
    names.split('').forEach((name, index) =>
      networks.addHost(name, {
        network: 'lan',
        ipv6: plug.ipv6,
        ...(plug.ipv4 && { ipv4: `10.1.1.${index + 1}/24` }),
      }),
    );
  };

  const linkLocal = (host: string): string => networks.linkLocal(host, 'net0');

  /** Finds `segments` on `host`. Order says who was faster only. */
  const find = async (
    child: DiscoveryProcess,
    ...segments: readonly number[]
  ): Promise<readonly string[]> => {
    const { known = [] } = await child.order({ find: segments });
    return [...known].sort();
  };

  test('each finds who has what, of either version', async () => {
    addHosts('abcde', { ipv4: true, ipv6: true });
    await start('b', { serves: { ...IPV4, segments: [ONE] } });
    await start('c', { serves: { ...IPV4, segments: [ONE, TWO] } });
    const d = await start('d', { serves: { ...IPV4, segments: [THREE] } });
    const asker = await start('a');
    expect(await find(asker, ONE)).toEqual(['10.1.1.2:8080', '10.1.1.3:8080']);
    expect(await find(asker, TWO)).toEqual(['10.1.1.3:8080']);
    expect(await find(d, ONE, TWO)).toEqual(['10.1.1.2:8080', '10.1.1.3:8080', '10.1.1.3:8080']);
    expect(await find(d, THREE)).toEqual([]);
    for (const child of started.splice(0)) expect(await child.end()).toBe(0);
  });

  test('with IPv4 only', async () => {
    addHosts('abc', { ipv4: true, ipv6: false });
    await start('b', { serves: { ...WILDCARD, segments: [ONE] } });
    await start('c', { serves: { ...IPV4, segments: [ONE] } });
    const asker = await start('a');
    expect(await find(asker, ONE)).toEqual(['10.1.1.2:8080', '10.1.1.3:8080']);
    expect((await asker.order({ tell: true })).problems).toEqual([]);
  });

  test('with IPv6 only', async () => {
    addHosts('abc', { ipv4: false, ipv6: true });
    await start('b', { serves: { ...WILDCARD, segments: [ONE] } });
    const both = await start('c', { serves: { ...WILDCARD, segments: [ONE, TWO] } });
    const asker = await start('a');
    const peers = [linkLocal('b'), linkLocal('c')].map((address) => `[${address}%net0]:8080`);
    expect(await find(asker, ONE)).toEqual(peers.sort());
    expect(await find(asker, TWO)).toEqual([`[${linkLocal('c')}%net0]:8080`]);
    expect((await both.order({ tell: true })).problems).toEqual([]);
  });

  test('an answer comes by one family only where both are spoken', async () => {
    addHosts('ab', { ipv4: true, ipv6: true });
    const b = await start('b', { serves: { ...WILDCARD, segments: [ONE] } });
    expect(await find(await start('a'), ONE)).toHaveLength(1);
    const { events = [] } = await b.order({ tell: true });
    expect(events.filter(({ _tag }) => _tag === 'DiscoveryResponseSent')).toHaveLength(1);
    expect(events).toContainEqual(expect.objectContaining({ reason: 'duplicate' }));
  });

  test('with a fifth of all packets lost', async () => {
    addHosts('ab', { ipv4: true, ipv6: false });
    // Few enough that even with all repetitions nobody gets near 20 answers a second.
    const segments = Array.from({ length: 8 }, (_, index) => index);
    for (const host of ['a', 'b'])
      networks.filter(host, 'input', 'meta l4proto udp numgen inc mod 5 < 1 counter drop');
    const lost = (host: string) => networks.counted(host, 'input');
    await start('b', { serves: { ...IPV4, segments } });
    const asker = await start('a');
    const { found } = await asker.order({ findEach: segments });
    expect(found!.length).toBeGreaterThanOrEqual(6);
    expect(new Set(found)).toEqual(new Set(['10.1.1.2:8080']));
    expect(lost('a') + lost('b')).toBeGreaterThan(0);
  });

  test('without multicast: a host that is named is found, others are not', async () => {
    addHosts('abc', { ipv4: true, ipv6: true });
    for (const host of ['a', 'b', 'c']) {
      networks.filter(host, 'output', ONLY_MULTICAST);
      networks.filter(host, 'output', ONLY_MULTICAST_6);
    }
    await start('b', { serves: { ...IPV4, segments: [ONE, TWO] }, hearsUnicast: true });
    await start('c', { serves: { ...IPV4, segments: [ONE] } });
    expect(await find(await start('a'), ONE)).toEqual([]);
    const hosts = [
      { host: '10.1.1.2', port: PORT },
      { host: '10.1.1.3', port: PORT },
    ];
    expect(await find(await start('a', { hosts }), ONE, TWO)).toEqual(['10.1.1.2:8080', '10.1.1.2:8080']);
  });

  test('on every interface', async () => {
    networks.addHost(
      'a',
      { network: 'one', ipv4: '10.1.1.1/24' },
      { network: 'two', ipv4: '10.2.2.1/24', ipv6: true },
    );
    networks.addHost('b', { network: 'one', ipv4: '10.1.1.2/24' });
    networks.addHost('c', { network: 'two', ipv4: '10.2.2.2/24' });
    networks.addHost('d', { network: 'two', ipv6: true });
    const serves = { ...WILDCARD, segments: [ONE] };
    for (const host of ['b', 'c', 'd']) await start(host, { serves });
    const everywhere = await start('a', { serves: { ...WILDCARD, segments: [TWO] } });
    expect(await find(everywhere, ONE)).toEqual([
      '10.1.1.2:8080',
      '10.2.2.2:8080',
      `[${linkLocal('d')}%net1]:8080`,
    ]);
    for (const [host, peer] of [
      ['b', '10.1.1.1:8080'],
      ['c', '10.2.2.1:8080'],
    ] as const) {
      expect(await find(await start(host), TWO)).toEqual([peer]);
    }
    const onOne = await start('a', { interfaces: ['net0'] });
    expect(await find(onOne, ONE)).toEqual(['10.1.1.2:8080']);
  });

  test('interfaces are followed when they go and come back', async () => {
    addHosts('ab', { ipv4: true, ipv6: false });
    const b = await start('b', { serves: { ...IPV4, segments: [ONE, TWO, THREE] } });
    const asker = await start('a');
    const addresses = async (child: DiscoveryProcess) => (await child.order({ tell: true })).addresses;
    expect(await find(asker, ONE)).toEqual(['10.1.1.2:8080']);
    networks.unplug('b', 'net0');
    await vi.waitFor(async () => expect(await addresses(b)).toEqual([]), 10_000);
    expect(await find(asker, TWO)).toEqual([]);
    networks.plug('b', 'wlan0', { network: 'lan', ipv4: '10.1.1.77/24' });
    await vi.waitFor(async () => expect(await addresses(b)).toEqual(['10.1.1.77']), 10_000);
    expect(await find(asker, THREE)).toEqual(['10.1.1.77:8080']);
  });

  describe('with a router between', () => {
    beforeEach(() => {
      networks.addHost('a', { network: 'one', ipv4: '10.1.1.1/24' });
      networks.addHost(
        'r',
        { network: 'one', ipv4: '10.1.1.254/24' },
        { network: 'two', ipv4: '10.2.2.254/24' },
      );
      networks.addHost('b', { network: 'two', ipv4: '10.2.2.2/24' });
      networks.write('r', '/proc/sys/net/ipv4/ip_forward', '1');
      networks.route('a', '10.2.2.0/24', '10.1.1.254');
      networks.route('b', '10.1.1.0/24', '10.2.2.254');
      networks.filter('b', 'input', 'udp dport 3702 counter');
      networks.filter('b', 'output', 'meta l4proto udp counter');
    });
    const hosts = [{ host: '10.2.2.2', port: PORT }];
    const serves = { ...IPV4, segments: [ONE, TWO, THREE] };

    test('nobody beyond it is found, and a Probe from there gets no byte', async () => {
      const b = await start('b', { serves, hearsUnicast: true });
      expect(await find(await start('a', { hosts }), ONE)).toEqual([]);
      expect(networks.counted('b', 'input')).toBeGreaterThan(1_000);
      expect(networks.counted('b', 'output')).toBe(0);
      const { events } = await b.order({ tell: true });
      expect(events).toContainEqual({
        _tag: 'DiscoveryMessageIgnored',
        peer: '10.1.1.1',
        reason: 'off-link',
      });
    });

    test('a host that wants to answers, with no more bytes than it got', async () => {
      await start('b', { serves, hearsUnicast: true, answersAnywhere: true });
      expect(await find(await start('a', { hosts }), ONE, TWO, THREE)).toEqual(
        Array(3).fill('10.2.2.2:8080'),
      );
      const answered = networks.counted('b', 'output');
      expect(answered).toBeGreaterThan(0);
      expect(answered).toBeLessThanOrEqual(networks.counted('b', 'input'));
    });

    test('a source that is made up gets no more either', async () => {
      await start('b', { serves, hearsUnicast: true });
      // The host pretends to be a neighbour of the one it asks, and nothing on the way minds.
      networks.exec('a', ['ip', 'addr', 'add', '10.2.2.99/32', 'dev', 'lo']);
      networks.write('r', '/proc/sys/net/ipv4/conf/all/rp_filter', '0');
      networks.write('r', '/proc/sys/net/ipv4/conf/net0/rp_filter', '0');
      const send = (padding: number): void => {
        networks.exec('a', ['python3', '-c', FORGE, '10.2.2.99', '10.2.2.2', String(padding)]);
      };
      send(0);
      await vi.waitFor(() => expect(networks.counted('b', 'input')).toBeGreaterThan(500), 5_000);
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(networks.counted('b', 'output')).toBe(0);
      send(1_000);
      await vi.waitFor(() => expect(networks.counted('b', 'output')).toBeGreaterThan(0), 5_000);
      expect(networks.counted('b', 'output')).toBeLessThanOrEqual(networks.counted('b', 'input'));
    });
  });
});

/** Sends a Probe for segment 1, written by hand, from a given address. */
const FORGE = `
import socket, sys
source, target, padding = sys.argv[1], sys.argv[2], int(sys.argv[3])
probe = ('<?xml version="1.0"?><e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"'
  ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"'
  ' xmlns:p="http://schemas.microsoft.com/p2p/2007/09/PeerDistributionDiscovery"><e:Header>'
  '<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>'
  '<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action>'
  '<a:MessageID>urn:uuid:%s</a:MessageID></e:Header><e:Body><d:Probe><d:Types>p:PeerDistData</d:Types>'
  '<d:Scopes MatchBy="http://schemas.xmlsoap.org/ws/2005/04/discovery/strcmp0">%s</d:Scopes></d:Probe></e:Body></e:Envelope>'
  % (padding, '00000001' + '0' * 56)) + ' ' * padding
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind((source, 0))
udp.sendto(probe.encode(), (target, 3702))
`;
