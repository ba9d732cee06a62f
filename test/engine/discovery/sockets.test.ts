import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Datagram } from '../../../src/engine/distribution/discovery/network/datagram-network.js';
import {
  openUdpNetwork,
  type UdpNetworkOptions,
} from '../../../src/engine/distribution/discovery/network/udp-network.js';
import { encodeProbe } from '../../../src/engine/distribution/discovery/wire/index.js';
import { ManualClock } from '../driver/manual-clock.js';
import type { ProgramOptions } from './discovery-program.js';
import { segmentOf } from './lan.js';
import { startDiscoveryProgram, type DiscoveryProcess } from './programs.js';
import { buildProgram, type BuiltProgram } from '../../built-program.js';

const LOOPBACK = '127.0.0.1';
const [ONE, TWO, THREE] = [1, 2, 3];

/** A port of UDP that nobody has. */
const freePort = async (): Promise<number> => {
  const socket = createSocket('udp4').bind(0, LOOPBACK);
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
};

describe('processes of one machine', () => {
  let program: BuiltProgram;
  const started: DiscoveryProcess[] = [];
  beforeAll(async () => {
    program = await buildProgram('discovery-program.ts', import.meta.url);
  });
  afterEach(() => {
    for (const child of started.splice(0)) child.kill();
  });
  afterAll(() => program.remove());

  const start = async (options: ProgramOptions): Promise<DiscoveryProcess> => {
    const child = await startDiscoveryProgram(program, { interfaces: [LOOPBACK], ...options });
    started.push(child);
    return child;
  };

  test('share the port, find each other, and end by themselves', async () => {
    const port = await freePort();
    const served = { host: LOOPBACK, segments: [ONE, TWO] };
    const one = await start({ port, serves: { ...served, port: 8001 } });
    const two = await start({ port, serves: { ...served, port: 8002 } });
    const three = await start({ port, serves: { host: LOOPBACK, port: 8003, segments: [THREE] } });
    const asker = await start({ port });
    for (const segment of [ONE, TWO]) {
      const { found, known } = await asker.order({ find: [segment] });
      expect(found).not.toEqual([]);
      expect([...known!].sort()).toEqual([`${LOOPBACK}:8001`, `${LOOPBACK}:8002`]);
    }
    // Also who answers others finds peers, but never himself.
    expect(await three.order({ find: [THREE, ONE] })).toMatchObject({ found: [] });
    expect(await one.order({ find: [ONE] })).toMatchObject({ found: [`${LOOPBACK}:8002`] });
    for (const child of [one, two, three, asker]) expect(await child.end()).toBe(0);
  });

  test('live beside a service that has the port of its own', async () => {
    const port = await freePort();
    const service = createSocket({ type: 'udp4', reuseAddr: true }).bind(port);
    await once(service, 'listening');
    service.addMembership('239.255.255.250', LOOPBACK);
    const heard: string[] = [];
    service.on('message', (bytes) => heard.push(bytes.toString()));
    try {
      const server = await start({ port, serves: { host: LOOPBACK, port: 8001, segments: [ONE] } });
      const asker = await start({ port });
      expect(await asker.order({ find: [ONE] })).toMatchObject({ found: [`${LOOPBACK}:8001`] });
      // Nothing was taken from it: it has heard the Probe as well, and hears what is sent to this machine alone.
      expect(heard.join()).toContain('PeerDistData');
      const told = once(service, 'message');
      const other = createSocket('udp4').bind(0, LOOPBACK);
      other.send('for the service', port, LOOPBACK, () => other.close());
      await told;
      expect(heard.at(-1)).toBe('for the service');
      expect((await server.order({ tell: true })).problems).toEqual([]);
    } finally {
      service.close();
    }
  });

  test('a host that is asked by its name answers if it is to', async () => {
    const port = await freePort();
    const serves = { host: LOOPBACK, port: 8001, segments: [ONE, TWO, THREE] };
    const server = await start({ port, serves, hearsUnicast: true });
    const asker = await start({ port, multicast: false, hosts: [{ host: 'localhost', port }] });
    expect(await asker.order({ find: [ONE, TWO, THREE] })).toEqual({
      found: [`${LOOPBACK}:8001`],
      known: Array(3).fill(`${LOOPBACK}:8001`),
    });
    const silent = await freePort();
    const alone = await start({
      port,
      multicast: false,
      hosts: [
        { host: LOOPBACK, port: silent },
        { host: 'nowhere.invalid', port },
      ],
    });
    expect(await alone.order({ find: [ONE] })).toMatchObject({ found: [] });
    for (const child of [server, asker, alone]) expect(await child.end()).toBe(0);
  });

  test('a flood of junk costs neither memory nor the service', async () => {
    const port = await freePort();
    const server = await start({ port, serves: { host: LOOPBACK, port: 8001, segments: [ONE] } });
    const before = (await server.order({ tell: true })).memory!;
    const flooder = createSocket('udp4').bind(0, LOOPBACK);
    await once(flooder, 'listening');
    flooder.setMulticastInterface(LOOPBACK);
    const junk = [
      Buffer.alloc(1_400, 'junk'),
      Buffer.from(`<PeerDistData>${'<a>'.repeat(10_000)}`),
      Buffer.from(
        `<!DOCTYPE PeerDistData [<!ENTITY a "${'b'.repeat(1_000)}">]><a>${'&a;'.repeat(10_000)}</a>`,
      ),
      encodeProbe({ version: 1, messageId: 'urn:uuid:again', ids: [segmentOf(ONE).id] }),
      encodeProbe({ version: 2, messageId: 'urn:uuid:list', ids: Array<Buffer>(255).fill(Buffer.alloc(64)) }),
    ];
    const send = (bytes: Buffer) =>
      new Promise((resolve) => {
        flooder.send(bytes, port, '239.255.255.250', resolve);
      });
    for (let round = 0; round < 10_000; round += 1) await Promise.all(junk.map(send));
    flooder.close();
    const { memory, events } = await server.order({ tell: true });
    expect(memory! - before).toBeLessThan(64 * 1024 * 1024);
    const answers = events!.filter(({ _tag }) => _tag === 'DiscoveryResponseSent');
    expect(answers).toHaveLength(1);
    // The flood was this machine's own, so its address has to wait for a second until it is heard again.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const asker = await start({ port });
    expect(await asker.order({ find: [ONE] })).toMatchObject({ found: [`${LOOPBACK}:8001`] });
    expect(await server.end()).toBe(0);
  });
});

describe('interfaces that come and go', () => {
  const loopback = Object.fromEntries(
    Object.entries(networkInterfaces()).map(([name, infos = []]) => [
      name,
      infos.filter(({ address }) => address === LOOPBACK),
    ]),
  );

  test('are used as long as they are there', async () => {
    const clock = new ManualClock();
    const port = await freePort();
    let interfaces: ReturnType<NonNullable<UdpNetworkOptions['look']>> = {};
    const tells = { look: () => interfaces };
    const heard: Datagram[] = [];
    const network = await openUdpNetwork({
      clock,
      port,
      interfaces: [LOOPBACK],
      hearsMulticastAt: () => true,
      hearsUnicast: false,
      onDatagram: (datagram) => heard.push(datagram),
      look: () => tells.look(),
    });
    const lookAgain = async (): Promise<void> => {
      clock.advance(2_000);
      // The sockets take their time, and then the next look is planned.
      while (clock.pending === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    /** Sends, and waits until it is heard; for silence no longer than is usual. */
    const multicast = async (expected: 0 | 1): Promise<void> => {
      heard.length = 0;
      network.multicast(Buffer.from('x'));
      if (expected === 0) await new Promise((resolve) => setTimeout(resolve, 100));
      await vi.waitFor(() => expect(heard).toHaveLength(expected), { timeout: 5_000 });
    };
    expect(network.addresses).toEqual([]);
    await multicast(0);
    interfaces = loopback;
    await lookAgain();
    expect(network.addresses.map(({ address }) => address)).toEqual([LOOPBACK]);
    await multicast(1);
    expect(heard[0]).toMatchObject({ arrival: 'multicast', from: { address: LOOPBACK } });
    expect(heard[0]!.links()).toEqual(network.addresses);
    await lookAgain();
    await multicast(1);
    const { look } = tells;
    tells.look = () => {
      throw new Error('not now');
    };
    await lookAgain();
    expect(network.problems).toEqual([expect.stringContaining('not now')]);
    await multicast(1);
    tells.look = look;
    interfaces = {};
    await lookAgain();
    expect(network.addresses).toEqual([]);
    await multicast(0);
    interfaces = loopback;
    await lookAgain();
    await multicast(1);
    await network.close();
    expect(clock.pending).toBe(0);
    network.multicast(Buffer.from('x'));
    network.unicast(Buffer.from('x'), { address: LOOPBACK, port });
  });

  test('an address that cannot be used is a problem, not a failure', async () => {
    const [info] = Object.values(loopback).flat();
    const network = await openUdpNetwork({
      clock: new ManualClock(),
      port: await freePort(),
      hearsMulticastAt: () => true,
      hearsUnicast: true,
      onDatagram: () => undefined,
      look: () => ({ gone: [{ ...info!, internal: false, address: '192.0.2.99', cidr: '192.0.2.99/24' }] }),
    });
    expect(network.addresses).toEqual([]);
    expect(network.problems).toEqual([expect.stringContaining('192.0.2.99')]);
    await network.close();
  });

  test('a port that somebody has for himself is left to him, and another one is used to ask', async () => {
    const port = await freePort();
    const selfish = createSocket('udp4').bind(port, LOOPBACK);
    await once(selfish, 'listening');
    const heard: Datagram[] = [];
    const network = await openUdpNetwork({
      clock: new ManualClock(),
      port,
      interfaces: [LOOPBACK],
      hearsMulticastAt: () => false,
      hearsUnicast: true,
      onDatagram: (datagram) => heard.push(datagram),
    });
    expect(network.problems).toEqual([expect.stringContaining('EADDRINUSE')]);
    selfish.on('message', (bytes, { address, port: asker }) => selfish.send(bytes, asker, address));
    network.unicast(Buffer.from('x'), { address: LOOPBACK, port });
    await vi.waitFor(() => expect(heard).toMatchObject([{ arrival: 'answer' }]), 5_000);
    await network.close();
    selfish.close();
  });

  test('closing while it opens leaves nothing open', async () => {
    const clock = new ManualClock();
    const opening = openUdpNetwork({
      clock,
      port: await freePort(),
      interfaces: [LOOPBACK],
      hearsMulticastAt: () => true,
      hearsUnicast: true,
      onDatagram: () => undefined,
    });
    const network = await opening;
    clock.advance(2_000);
    network.unicast(Buffer.from('x'), { address: LOOPBACK, port: 9 });
    await network.close();
    await network.close();
    expect(clock.pending).toBe(0);
  });
});
