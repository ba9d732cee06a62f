import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { contentOf, inDirectory, openNode, publishOn, retrieveOn, type Node } from './support/node.js';

const CONTENT = contentOf(3_000_000);
const PATH = '/116B50EB-ECE2-41ac-8429-9F9E963361B7/';
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** A connection to `peer` that survives whatever is done to it. */
const dial = (peer: string): Promise<Socket> =>
  new Promise((resolve) => {
    const [host = '', port = ''] = peer.split(':');
    const socket = connect(Number(port), host, () => resolve(socket));
    socket.on('error', () => resolve(socket));
    sockets.push(socket);
  });

const dialAll = (peer: string, count: number): Promise<Socket[]> =>
  Promise.all(Array.from({ length: count }, () => dial(peer)));

/** Writes `count` pieces, or as many as are taken before the connection ends. */
const pour = async (socket: Socket, piece: Buffer, count: number): Promise<void> => {
  for (let sent = 0; sent < count && !socket.destroyed; sent += 1) {
    if (socket.write(piece)) continue;
    await new Promise<void>((resolve) => socket.once('drain', resolve).once('close', () => resolve()));
  }
};

const post = (body: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from(`POST ${PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`),
    body,
  ]);

const ATTACKS: Readonly<Record<string, (peer: string) => Promise<unknown>>> = {
  '300 connections that say nothing': (peer) => dialAll(peer, 300),
  '200 heads that come byte by byte': async (peer) => {
    for (const socket of await dialAll(peer, 200)) {
      const timer = setInterval(() => socket.write('P'), 50);
      socket.on('close', () => clearInterval(timer));
    }
  },
  'a head of 100 MB': async (peer) => {
    const socket = await dial(peer);
    socket.write(`POST ${PATH} HTTP/1.1\r\n`);
    await pour(socket.resume(), Buffer.from('X-Junk: yes\r\n'.repeat(80_000)), 100);
  },
  'a body of 100 MB': async (peer) => {
    const socket = await dial(peer);
    socket.write(`POST ${PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n`);
    await pour(socket.resume(), Buffer.alloc(1_000_000), 100);
  },
  'a body of 100 MB in chunks': async (peer) => {
    const socket = await dial(peer);
    socket.write(`POST ${PATH} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`);
    const chunk = Buffer.concat([Buffer.from('f4240\r\n'), Buffer.alloc(1_000_000), Buffer.from('\r\n')]);
    await pour(socket.resume(), chunk, 100);
  },
  'garbage in a row': async (peer) => {
    const socket = await dial(peer);
    await pour(socket.resume(), contentOf(100_000), 100);
  },
  'twenty thousand requests in a row whose answers it does not read': async (peer) => {
    const socket = await dial(peer);
    // MSG_NEGO_REQ of version 1.0.
    const negotiation = Buffer.from('0000010000000000100000000000000000000100000001' + '00', 'hex').subarray(
      0,
      24,
    );
    const one = post(negotiation);
    void pour(socket.pause(), Buffer.concat(Array.from({ length: 1_000 }, () => one)), 20);
    await Promise.resolve();
  },
  'requests for thousands of segments that nobody has': async (peer) => {
    const socket = (await dial(peer)).resume();
    for (let count = 0; count < 5_000 && !socket.destroyed; count += 1) {
      const id = contentOf(32, count % 251);
      id.writeUInt32LE(count, 0);
      const body = Buffer.alloc(16 + 4 + 32 + 4 + 8 + 4);
      // Version 1.0, MSG_GETBLKLIST, its size, AES-128; then the segment id and one range.
      body.writeUInt32LE(0x0001_0000, 0);
      body.writeUInt32LE(2, 4);
      body.writeUInt32LE(body.length, 8);
      body.writeUInt32LE(1, 12);
      body.writeUInt32LE(32, 16);
      id.copy(body, 20);
      body.writeUInt32LE(1, 52);
      body.writeUInt32LE(1, 60);
      socket.write(post(body));
    }
  },
};

const expectHonestServed = async (
  publisher: Node,
  directory: string,
  information: Uint8Array,
): Promise<void> => {
  await using reader = await openNode(directory, { listen: false });
  const done = await retrieveOn(reader, information, { peers: [publisher.peer] });
  expect(done.bytes).toBe(CONTENT.length);
};

it.each(Object.entries(ATTACKS))(
  '%s: an honest client is served meanwhile, and memory stays bounded',
  (_name, attack) =>
    inDirectory(async (directory) => {
      await using publisher = await openNode(join(directory, 'publisher'));
      const information = await publishOn(publisher, CONTENT);
      const before = process.memoryUsage().rss;
      const attacking = attack(publisher.peer);
      await expectHonestServed(publisher, join(directory, 'during'), information);
      await attacking;
      await expectHonestServed(publisher, join(directory, 'after'), information);
      // Attacker and victim share this process; what is sent is 100 MB and more.
      expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
    }),
);
