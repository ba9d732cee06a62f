import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { distributionEvents } from 'peerweave';
import {
  createEngineDriver,
  type DiscoveryOptions,
  type EngineOptions,
  parseContentInformation,
  type PeerSource,
} from 'peerweave/engine';
import type { DistributionEvent } from '../../../src/driver/index.js';
import {
  decodeDiscoveryMessage,
  encodeProbeMatch,
} from '../../../src/engine/distribution/discovery/wire/index.js';
import {
  contentOf,
  inDirectory,
  openNode,
  publishOn,
  retrieveOn,
  type Node,
} from '../../robustness/support/node.js';
import { openContent } from '../driver/rig.js';

const LOOPBACK = '127.0.0.1';
const LISTEN = { host: LOOPBACK, port: 0 };
const CONTENT = contentOf(3_000_000);
/** A machine that is busy with other tests must not look like one that nobody answers. */
const PATIENT = { discovery: { answerTimeoutMs: 2_000, repeatAfterMs: 300, transmissions: 5 } };

let port: number;
const servers: Server[] = [];
beforeEach(async () => {
  const socket = createSocket('udp4').bind(0, LOOPBACK);
  await once(socket, 'listening');
  port = socket.address().port;
  socket.close();
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const onLoopback = (options: DiscoveryOptions = {}): DiscoveryOptions => ({
  interfaces: [LOOPBACK],
  port,
  ...options,
});

/** What happens in all sessions of a node from now on. */
const eventsOf = ({ session }: Node): DistributionEvent[] => {
  const events: DistributionEvent[] = [];
  distributionEvents(session).subscribe((event) => events.push(event));
  return events;
};

/** A session of the bare driver, which ends with the driver. */
const openDriver = async (dataDir: string, options: EngineOptions) => {
  const driver = createEngineDriver({ dataDir, ...options });
  const session = await driver.distribution.startup();
  const events: DistributionEvent[] = [];
  driver.distribution.observe(session, (event) => events.push(event));
  return {
    distribution: driver.distribution,
    session,
    events,
    [Symbol.asyncDispose]: () => driver.dispose(),
  };
};

/** A server that answers everything with an error. */
const uselessPeer = async (): Promise<string> => {
  const server = createServer((_, response) => response.writeHead(500).end()).listen(0, LOOPBACK);
  servers.push(server);
  await once(server, 'listening');
  return `${LOOPBACK}:${(server.address() as AddressInfo).port}`;
};

describe('engines that discover each other', () => {
  test('move content without anybody having been named', () =>
    inDirectory(async (directory) => {
      const options = { listen: LISTEN, discovery: onLoopback(), limits: PATIENT };
      await using publisher = await openNode(join(directory, 'a'), options);
      await using bystander = await openNode(join(directory, 'b'), options);
      await using reader = await openNode(join(directory, 'c'), { ...options, listen: false });
      const information = await publishOn(publisher, CONTENT);
      await publishOn(bystander, contentOf(100_000, 9));
      const events = eventsOf(reader);
      const to = join(directory, 'copy');
      expect(await retrieveOn(reader, information, { to })).toMatchObject({ _tag: 'Retrieved' });
      const [segment] = parseContentInformation(information).segments;
      const found = events.find(({ _tag }) => _tag === 'DiscoveryResponseReceived');
      expect(found).toEqual({
        _tag: 'DiscoveryResponseReceived',
        peer: publisher.peer,
        version: 1,
        segments: [Buffer.from(segment!.info.id).toString('hex')],
      });
    }));

  test('become peers for the next one with what they have fetched', () =>
    inDirectory(async (directory) => {
      const options = { listen: LISTEN, discovery: onLoopback(), limits: PATIENT };
      await using second = await openNode(join(directory, 'b'), options);
      const publisher = await openNode(join(directory, 'a'), options);
      const information = await publishOn(publisher, CONTENT);
      expect(await retrieveOn(second, information, { to: join(directory, 'copy') })).toMatchObject({
        _tag: 'Retrieved',
      });
      await publisher[Symbol.asyncDispose]();
      await using third = await openNode(join(directory, 'c'), options);
      const events = eventsOf(third);
      expect(await retrieveOn(third, information, { to: join(directory, 'copy 2') })).toMatchObject({
        _tag: 'Retrieved',
      });
      const peers = events.flatMap((event) => (event._tag === 'BlockVerified' ? [event.peer] : []));
      expect(new Set(peers)).toEqual(new Set([second.peer]));
    }));

  test('go on with discovered peers where the named ones fail', () =>
    inDirectory(async (directory) => {
      const options = { listen: LISTEN, discovery: onLoopback(), limits: PATIENT };
      await using publisher = await openNode(join(directory, 'a'), options);
      await using reader = await openNode(join(directory, 'b'), options);
      const information = await publishOn(publisher, CONTENT);
      const peers = [await uselessPeer(), `${LOOPBACK}:9`];
      const result = await retrieveOn(reader, information, { peers, to: join(directory, 'copy') });
      expect(result).toMatchObject({ _tag: 'Retrieved' });
    }));

  test('find peers by a host, a list and a source of the caller’s own', () =>
    inDirectory(async (directory) => {
      const discovery = onLoopback({ unicastProbes: 'on-link' });
      await using publisher = await openNode(join(directory, 'a'), {
        listen: LISTEN,
        discovery,
        limits: PATIENT,
      });
      const information = await publishOn(publisher, CONTENT);
      const records: PeerSource = {
        find: (segments, found) => {
          for (const segment of segments) {
            found(segment, 'nonsense');
            found(segment, publisher.peer);
          }
          return Promise.reject(new Error('and then it fails'));
        },
      };
      for (const [index, how] of [
        { hosts: [{ host: LOOPBACK, port }] },
        { peers: [await uselessPeer(), publisher.peer] },
        { sources: [records] },
      ].entries()) {
        const options = {
          listen: false as const,
          discovery: onLoopback({ multicast: false, ...how }),
          limits: PATIENT,
        };
        await using reader = await openNode(join(directory, `reader ${index}`), options);
        const to = join(directory, `copy ${index}`);
        expect(await retrieveOn(reader, information, { to })).toMatchObject({ _tag: 'Retrieved' });
      }
    }));

  test('among liars who answer for everything find the honest one', () =>
    inDirectory(async (directory) => {
      const options = { listen: LISTEN, discovery: onLoopback(), limits: PATIENT };
      await using publisher = await openNode(join(directory, 'a'), options);
      const information = await publishOn(publisher, CONTENT);
      const useless = await uselessPeer();
      // Twenty of them, each at an address of its own, who are faster than anybody honest.
      const liars = await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const address = `127.0.1.${index + 1}`;
          const socket = createSocket({ type: 'udp4' }).bind(0, address);
          await once(socket, 'listening');
          return { address, socket };
        }),
      );
      const ear = createSocket({ type: 'udp4', reuseAddr: true }).bind(port, '239.255.255.250');
      await once(ear, 'listening');
      ear.addMembership('239.255.255.250', LOOPBACK);
      ear.on('message', (bytes, from) => {
        const probe = decodeDiscoveryMessage(bytes);
        if (probe?._tag !== 'Probe') return;
        for (const { address, socket } of liars) {
          const answer = encodeProbeMatch({
            messageId: `urn:uuid:${address}`,
            relatesTo: probe.messageId,
            endpoint: `urn:uuid:${address}`,
            instanceId: 1,
            messageNumber: 1,
            addresses: [{ host: address, port: Number(useless.split(':')[1]) }],
            found: { version: 1, segments: probe.segments.map((segment) => ({ ...segment, blocks: 512 })) },
          });
          socket.send(answer, from.port, from.address);
        }
      });
      try {
        await using reader = await openNode(join(directory, 'b'), { ...options, listen: false });
        const events = eventsOf(reader);
        const to = join(directory, 'copy');
        expect(await retrieveOn(reader, information, { to, timeoutMs: 20_000 })).toMatchObject({
          _tag: 'Retrieved',
        });
        const peers = new Set(
          events.flatMap((event) => (event._tag === 'DiscoveryResponseReceived' ? [event.peer] : [])),
        );
        // How many of them are faster than the retrieval is up to the machine.
        expect(peers.size).toBeGreaterThan(1);
      } finally {
        for (const { socket } of liars) socket.close();
        ear.close();
      }
    }));

  test('say that nobody has answered, and do not look for the same segment again for a while', () =>
    inDirectory(async (directory) => {
      const options = { listen: LISTEN, discovery: onLoopback() };
      const publisher = await openNode(join(directory, 'a'), { listen: LISTEN, discovery: false });
      const information = await publishOn(publisher, CONTENT);
      await publisher[Symbol.asyncDispose]();
      await using reader = await openDriver(join(directory, 'b'), options);
      const { distribution, session: handle, events } = reader;
      const content = await openContent(distribution, handle, Buffer.from(information));
      for (let repeat = 0; repeat < 3; repeat += 1) {
        const request = { maxBytes: 100_000, timeoutMs: 10_000 };
        expect(await distribution.blockRead(handle, content, 0, request)).toMatchObject({
          _tag: 'Missing',
          cause: 'missing',
        });
      }
      expect(events.filter(({ _tag }) => _tag === 'DiscoveryTimedOut')).toMatchObject([{ waitedMs: 300 }]);
      const { segments } = await distribution.explainContent(handle, content);
      expect(segments[0]?.reasons).toContainEqual({ _tag: 'NoPeerAnswered', waitedMs: 300 });
      await distribution.closeContent(handle, content);
    }));

  test('stop when the content is closed while they look', () =>
    inDirectory(async (directory) => {
      const limits = { discovery: { answerTimeoutMs: 20_000 } };
      await using publisher = await openNode(join(directory, 'a'));
      const information = await publishOn(publisher, CONTENT);
      const options = { listen: false as const, discovery: onLoopback(), limits };
      await using reader = await openDriver(join(directory, 'b'), options);
      const { distribution, session: handle } = reader;
      const content = await openContent(distribution, handle, Buffer.from(information));
      const request = { maxBytes: 100, timeoutMs: 15_000 };
      const reading = distribution.blockRead(handle, content, 0, request);
      reading.catch(() => undefined);
      await distribution.closeContent(handle, content);
      await expect(reading).rejects.toMatchObject({ symbol: 'ERROR_OPERATION_ABORTED' });
    }));
});

describe('where nobody has said whether to discover', () => {
  /** Whether an engine with these options uses the network for discovery. */
  const usesNetwork = async (options: Parameters<typeof openNode>[1]): Promise<boolean> => {
    let used = false;
    await inDirectory(async (directory) => {
      await using publisher = await openNode(join(directory, 'a'));
      const information = await publishOn(publisher, CONTENT);
      await using reader = await openNode(join(directory, 'b'), options);
      const events = eventsOf(reader);
      await retrieveOn(reader, information, { peers: [publisher.peer], to: join(directory, 'copy') });
      used = events.some(({ _tag }) => _tag === 'DiscoveryRequestSent');
    });
    return used;
  };
  const interfaces = Object.values(networkInterfaces()).flat() as NetworkInterfaceInfo[];
  const outside = interfaces.find(({ internal, family }) => !internal && family === 'IPv4');

  test('an engine that serves its own machine, or nobody, sends nothing', async () => {
    expect(await usesNetwork({})).toBe(false);
    expect(await usesNetwork({ listen: { host: LOOPBACK, port: 0 } })).toBe(false);
    expect(await usesNetwork({ listen: { host: 'localhost', port: 0 } })).toBe(false);
    expect(await usesNetwork({ listen: false })).toBe(false);
    expect(await usesNetwork({ listen: LISTEN, discovery: onLoopback() })).toBe(true);
    expect(await usesNetwork({ listen: LISTEN, discovery: false })).toBe(false);
  });

  test.skipIf(outside === undefined)('one that serves the network does', async () => {
    expect(await usesNetwork({ listen: { host: outside!.address, port: 0 } })).toBe(true);
    expect(await usesNetwork({ listen: { host: outside!.address, port: 0 }, discovery: false })).toBe(false);
  });

  test('a peer that is none is refused when the engine is made', () => {
    expect(() => createEngineDriver({ discovery: { peers: ['nowhere'] } })).toThrow(TypeError);
  });
});
