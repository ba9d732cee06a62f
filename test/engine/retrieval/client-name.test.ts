import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { join } from 'node:path';
import { distributionEvents } from 'peerweave';
import { expect, it } from 'vitest';
import {
  BLOCK,
  contentOf,
  inDirectory,
  openNode,
  publishOn,
  retrieveOn,
} from '../../robustness/support/node.js';

const hasIPv6 = await (async () => {
  const socket = createSocket('udp6').bind(0, '::1');
  try {
    await once(socket, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
})();

it.skipIf(!hasIPv6)('a client of IPv4 has the same name at a server for both families', () =>
  inDirectory(async (directory) => {
    await using server = await openNode(join(directory, 'server'), { listen: { host: '::', port: 0 } });
    await using reader = await openNode(join(directory, 'reader'), { listen: false });
    const content = contentOf(3 * BLOCK);
    const information = await publishOn(server, content);
    const clients = new Set<string>();
    distributionEvents(server.session).subscribe((event) => {
      if (event._tag === 'BlockResponseSent') clients.add(event.peer.replace(/:\d+$/, ''));
    });
    const { port } = server.driver.endpoint()!;
    await retrieveOn(reader, information, { peers: [`127.0.0.1:${port}`] });
    expect([...clients]).toEqual(['127.0.0.1']);
  }),
);
