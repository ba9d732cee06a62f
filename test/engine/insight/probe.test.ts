import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseContentInformation, probe } from 'peerweave/engine';
import { systemClock } from '../../../src/driver/index.js';
import { startDiscovery } from '../../../src/engine/distribution/discovery/discovery.js';
import { openUdpNetwork } from '../../../src/engine/distribution/discovery/network/udp-network.js';
import type { StoredSegment } from '../../../src/engine/distribution/ports.js';
import { contentOf, inDirectory, openNode, publishOn } from '../../robustness/support/node.js';

const LOOPBACK = '127.0.0.1';
const CONTENT = contentOf(200_000);

const freeUdpPort = async (): Promise<number> => {
  const socket = createSocket('udp4').bind(0, LOOPBACK);
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
};

describe('a probe', () => {
  it('tells of each named peer what it speaks and has, or why it does not answer', () =>
    inDirectory(async (directory) => {
      await using has = await openNode(join(directory, 'has'));
      await using lacks = await openNode(join(directory, 'lacks'));
      const contentInformation = await publishOn(has, CONTENT);
      const junk = createServer((socket) => socket.on('data', () => socket.end('junk\r\n\r\n')));
      junk.listen(0, LOOPBACK);
      await once(junk, 'listening');
      const liar = `${LOOPBACK}:${(junk.address() as AddressInfo).port}`;
      try {
        const peers = [has.peer, lacks.peer, liar, `${LOOPBACK}:9`];
        const report = await probe({ peers, contentInformation, multicast: false });
        expect(report.problems).toEqual([]);
        const versions = { minVersion: 1, maxVersion: 2, ms: expect.any(Number) };
        expect(report.peers).toEqual([
          {
            peer: has.peer,
            found: 'named',
            answer: { ...versions, segments: { asked: 1, whole: 1, partial: 0 } },
          },
          {
            peer: lacks.peer,
            found: 'named',
            answer: { ...versions, segments: { asked: 1, whole: 0, partial: 0 } },
          },
          {
            peer: liar,
            found: 'named',
            failure: { reason: 'malformed-answer', detail: 'what it says is not HTTP' },
          },
          {
            peer: `${LOOPBACK}:9`,
            found: 'named',
            failure: { reason: 'unreachable', detail: expect.stringContaining('ECONNREFUSED') },
          },
        ]);
      } finally {
        junk.close();
      }
    }));

  it('finds who answers discovery, and asks him', () =>
    inDirectory(async (directory) => {
      await using node = await openNode(join(directory, 'node'));
      const contentInformation = await publishOn(node, CONTENT);
      const [segment] = parseContentInformation(contentInformation).segments;
      const port = await freeUdpPort();
      const stored: Pick<StoredSegment, 'info' | 'has'> = { info: segment!.info, has: () => true };
      const { host, port: served } = node.driver.endpoint()!;
      const neighbour = await startDiscovery({
        clock: systemClock,
        random: randomBytes,
        emit: () => undefined,
        limits: {},
        openNetwork: (onDatagram) =>
          openUdpNetwork({
            clock: systemClock,
            port,
            interfaces: [LOOPBACK],
            hearsMulticastAt: () => true,
            hearsUnicast: false,
            onDatagram,
          }),
        multicast: true,
        hosts: [],
        peers: [],
        sources: [],
        serving: {
          source: { find: () => stored as StoredSegment },
          endpoint: { host, port: served },
        },
        answersAnywhere: false,
      });
      try {
        const { peers } = await probe({ contentInformation, port, interfaces: [LOOPBACK] });
        expect(peers).toMatchObject([
          { peer: node.peer, found: 'discovered', answer: { segments: { asked: 1, whole: 1 } } },
        ]);
        const both = await probe({ contentInformation, peers: [node.peer], port, interfaces: [LOOPBACK] });
        expect(both.peers).toMatchObject([{ peer: node.peer, found: 'discovered' }]);
      } finally {
        await neighbour.close();
      }
    }));

  it('refuses what is no peer, and stops when it is told to', async () => {
    await expect(probe({ peers: ['nowhere'] })).rejects.toThrow(TypeError);
    await expect(probe({ peers: ['127.0.0.1:9'], signal: AbortSignal.abort() })).rejects.toThrow('aborted');
    await expect(probe({ contentInformation: Buffer.from('junk') })).rejects.toThrow();
  });
});
