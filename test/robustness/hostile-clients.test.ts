import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { parseContentInformation } from 'peerweave/engine';
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

/** MSG_NEGO_REQ from 1.0 to 2.0; by PCCRR 2.2 as every message here. */
const NEGOTIATION = Buffer.from(
  '00000001' + '00000000' + '00000018' + '00000001' + '00000001' + '00000002',
  'hex',
);

/** MSG_GETBLKLIST for all blocks of a segment. */
const askForList = (id: Buffer): Buffer => {
  const [before, behind] = [Buffer.alloc(20), Buffer.alloc(12)];
  // Version 1.0, the type, the size, AES-128, the length of the id; behind it one range, of blocks 0 to 511.
  [1, 2, 64, 1, 32].forEach((number, index) => before.writeUInt32BE(number, 4 * index));
  [1, 0, 512].forEach((number, index) => behind.writeUInt32BE(number, 4 * index));
  return Buffer.concat([before, id, behind]);
};

it('what is sent here in masses is well formed: alone, it is answered', () =>
  inDirectory(async (directory) => {
    await using publisher = await openNode(join(directory, 'publisher'));
    const information = await publishOn(publisher, CONTENT);
    const { id } = parseContentInformation(information).segments[0]!.info;
    const ask = async (message: Buffer): Promise<string> => {
      const body = new Uint8Array(message);
      const response = await fetch(`http://${publisher.peer}${PATH}`, { method: 'POST', body });
      expect(response.status).toBe(200);
      return Buffer.from(await response.arrayBuffer()).toString('hex');
    };
    // MSG_NEGO_RESP with both versions; MSG_BLKLIST with the range of 46 blocks, and one without any.
    expect(await ask(NEGOTIATION)).toBe(
      '00000018' + '00000001' + '00000001' + '00000018' + '00000001' + '00000001' + '00000002',
    );
    expect(await ask(askForList(Buffer.from(id)))).toMatch(/00000001000000000000002e00000000$/);
    expect(await ask(askForList(Buffer.alloc(32)))).toMatch(/0{64}0{8}0{8}$/);
  }));

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
    const one = post(NEGOTIATION);
    void pour(socket.pause(), Buffer.concat(Array.from({ length: 1_000 }, () => one)), 20);
    await Promise.resolve();
  },
  'requests for thousands of segments that nobody has': async (peer) => {
    const socket = (await dial(peer)).resume();
    for (let count = 0; count < 5_000 && !socket.destroyed; count += 1) {
      const id = contentOf(32, count % 251);
      id.writeUInt32BE(count, 0);
      socket.write(post(askForList(id)));
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
