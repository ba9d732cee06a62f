import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile, readFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test, fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import type { DistributionEvent } from '../../../src/driver/index.js';
import { createRetrievalServer } from '../../../src/engine/distribution/retrieval/index.js';
import {
  decodeResponse,
  decryptBlock,
  encodeRequest,
  type BlockRequest,
  type BlockResponse,
} from '../../../src/engine/distribution/wire/index.js';
import { cut, generateContent, publishedSegments, vectors } from '../wire/vectors.js';
import { afterwards, memorySource, segmentOf, startServer, until } from './harness.js';
import { missing } from '../../tools.js';

const run = promisify(execFile);
const PATH = '/116B50EB-ECE2-41ac-8429-9F9E963361B7/';
const wire = (name: string): Buffer => Buffer.from(vectors.pccrr.wire[name]!.hex!, 'hex');
const content = generateContent(65_537);
const published = { info: publishedSegments('sha256', content)[0]!, blocks: cut(content, 65_536) };
const source = memorySource([published]);
const randomBytes = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, index) => index));

interface CurlAnswer {
  readonly status: string;
  readonly body: Buffer;
}

/** An HTTP client that has nothing in common with the server. */
const curl = async (port: number, body: Uint8Array, path = PATH, ...args: string[]): Promise<CurlAnswer> => {
  const folder = await mkdtemp(join(tmpdir(), 'retrieval-'));
  try {
    const [input, output] = [join(folder, 'in'), join(folder, 'out')];
    await writeFile(input, body);
    await writeFile(output, '');
    const { stdout } = await run('curl', [
      '--silent',
      '--max-time',
      '10',
      '--noproxy',
      '*',
      '--data-binary',
      `@${input}`,
      '--output',
      output,
      '--write-out',
      '%{http_code}',
      ...args,
      `http://127.0.0.1:${port}${path}`,
    ]);
    return { status: stdout, body: await readFile(output) };
  } finally {
    await rm(folder, { recursive: true });
  }
};

/** By the protocol. */
const DEFAULT_CLIENTS = 64;

const post = async (port: number, message: Uint8Array): Promise<Buffer> => {
  const response = await fetch(`http://127.0.0.1:${port}${PATH}`, {
    method: 'POST',
    body: new Uint8Array(message),
  });
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
};

/** The same from another address of this machine. */
const postFrom = async (localAddress: string, port: number, message: Uint8Array): Promise<Buffer> => {
  const asked = request({ port, path: PATH, method: 'POST', localAddress, agent: false });
  asked.end(message);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  return Buffer.concat(await response.toArray());
};

const getBlocks = (ranges: BlockRequest['ranges'], changes: Partial<BlockRequest> = {}): Buffer =>
  encodeRequest({
    _tag: 'GetBlocks',
    cipher: 'aes-128-cbc',
    segmentId: published.info.id,
    ranges,
    ...changes,
  });

const closeOf = (socket: Socket): Promise<void> =>
  new Promise((resolve) => void socket.once('close', () => resolve()));

const blockIn = (bytes: Buffer): BlockResponse => {
  const response = decodeResponse(bytes);
  if (response._tag !== 'Block') throw new Error(`a ${response._tag} instead of a block`);
  return response;
};

describe.skipIf(missing('curl'))('asked by curl', () => {
  const sha256 = async (bytes: Buffer): Promise<string> =>
    Buffer.from(await crypto.subtle.digest('SHA-256', new Uint8Array(bytes))).toString('hex');

  it.each(['block0 aes128', 'block1 aes128'])('it answers MSG_BLK %s byte for byte', async (name) => {
    const { port } = await startServer({ source, randomBytes });
    const { status, body } = await curl(port, wire(`MSG_GETBLKS ${name.slice(0, 6)}`));
    expect(status).toBe('200');
    expect(await sha256(body)).toBe(vectors.pccrr.wire[`MSG_BLK ${name}`]!.sha256);
  });

  it('it answers MSG_BLKLIST byte for byte', async () => {
    const { port } = await startServer({ source });
    const { body } = await curl(port, wire('MSG_GETBLKLIST [0,2]'));
    expect(body.toString('hex')).toBe(wire('MSG_BLKLIST [0,2] next0').toString('hex'));
  });

  it('it answers MSG_BLKLIST for what it lacks byte for byte', async () => {
    const { port } = await startServer({ source: memorySource([]) });
    const { body } = await curl(port, wire('MSG_GETBLKLIST [0,2]'));
    expect(body.toString('hex')).toBe(wire('MSG_BLKLIST empty').toString('hex'));
  });

  it('it takes the path in any case, with and without the last slash', async () => {
    const { port } = await startServer({ source });
    for (const path of [PATH.toLowerCase(), PATH.toUpperCase(), PATH.slice(0, -1)]) {
      expect(await curl(port, wire('MSG_GETBLKS block1'), path)).toMatchObject({ status: '200' });
    }
  });

  it('it takes a whole URL as well (RFC 9112, 3.2.2)', async () => {
    const { port } = await startServer({ source });
    const target = `http://any.example${PATH}`;
    const answer = await curl(port, wire('MSG_GETBLKS block1'), PATH, '--request-target', target);
    expect(answer).toMatchObject({ status: '200' });
  });

  it('it takes Expect: 100-continue and chunked bodies', async () => {
    const { port } = await startServer({ source });
    for (const header of ['Expect: 100-continue', 'Transfer-Encoding: chunked']) {
      const { status, body } = await curl(port, wire('MSG_GETBLKS block1'), PATH, '--header', header);
      expect(status).toBe('200');
      expect(blockIn(body).blockIndex).toBe(1);
    }
  });

  it.each<readonly [string, string, string, Buffer, readonly string[]]>([
    ['another path', '404', '/', wire('MSG_GETBLKS block1'), []],
    ['a path below', '404', `${PATH}x`, wire('MSG_GETBLKS block1'), []],
    ['another method', '405', PATH, wire('MSG_GETBLKS block1'), ['--request', 'PUT']],
    ['nonsense', '400', PATH, Buffer.from('nonsense'), []],
    ['an empty body', '400', PATH, Buffer.alloc(0), []],
    ['a count that does not match', '400', PATH, miscounted(), []],
    ['a type that does not exist', '400', PATH, Buffer.from(wire('MSG_GETBLKS block1')).fill(0xfe, 6, 8), []],
    ['more than 98304 bytes', '413', PATH, Buffer.alloc(98_305), []],
    [
      'more than 98304 bytes in chunks',
      '413',
      PATH,
      Buffer.alloc(98_305),
      ['--header', 'Transfer-Encoding: chunked'],
    ],
  ])('it answers %s with %s and nothing', async (_name, status, path, body, args) => {
    const { port } = await startServer({ source });
    const answer = await curl(port, body, path, ...args);
    expect(answer.status).toBe(status);
    expect(answer.body).toHaveLength(0);
  });
});

function miscounted(): Buffer {
  const bytes = wire('MSG_GETBLKS block1');
  bytes.writeUInt32BE(2, 52);
  return bytes;
}

describe('by the rules of the protocol', () => {
  it('a version that is not spoken is answered with those that are', async () => {
    const { port } = await startServer({ source });
    const later = wire('MSG_GETSEGLIST two ids');
    later.writeUInt16BE(3, 2);
    for (const request of [later, wire('MSG_NEGO_REQ 1.0-2.0 crypto1')]) {
      expect(decodeResponse(await post(port, request))).toEqual({
        _tag: 'Negotiation',
        minVersion: { major: 1, minor: 0 },
        maxVersion: { major: 2, minor: 0 },
      });
    }
  });

  it('whom it refuses it tells, and why', async () => {
    const events: DistributionEvent[] = [];
    const emit = (event: DistributionEvent): void => void events.push(event);
    const { port } = await startServer({ source, emit, limits: { connections: 1 } });
    const sockets = [connect(port, '127.0.0.1')];
    afterwards(async () => sockets.forEach((socket) => socket.destroy()));
    const [first] = sockets;
    await once(first!, 'connect');
    const say = async (message: Uint8Array): Promise<void> => {
      first!.write(`POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: ${message.length}\r\n\r\n`);
      first!.write(message);
      await once(first!, 'data');
    };
    const later = wire('MSG_GETSEGLIST two ids');
    later.writeUInt16BE(3, 2);
    await say(later);
    sockets.push(connect(port, '127.0.0.1'));
    await closeOf(sockets[1]!);
    await say(Buffer.from('nonsense'));
    const peer = expect.stringMatching(/^127\.0\.0\.1:\d+$/);
    expect(events).toEqual(
      ['version-mismatch', 'limit', 'malformed'].map((reason) => ({ _tag: 'RequestRefused', peer, reason })),
    );
  });

  it('of the segments in a list those that are here are answered', async () => {
    const { port } = await startServer({ source });
    const request = wire('MSG_GETSEGLIST two ids');
    expect(decodeResponse(await post(port, request))).toMatchObject({
      _tag: 'SegmentList',
      requestId: request.subarray(16, 32),
      ranges: [{ index: 0, count: 1 }],
    });
  });

  it('the lowest of several blocks is answered, none for no range', async () => {
    const { port } = await startServer({ source });
    const several = [
      { index: 1, count: 1 },
      { index: 0, count: 2 },
    ];
    expect(blockIn(await post(port, getBlocks(several)))).toMatchObject({ blockIndex: 0, nextBlockIndex: 1 });
    const nothing = blockIn(await post(port, getBlocks([])));
    expect(Buffer.concat(nothing.data)).toHaveLength(0);
  });

  it.each(['none', 'aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc'] as const)(
    'asked for %s, it encrypts, and never twice with the same vector',
    async (cipher) => {
      const { port } = await startServer({ source });
      const request = getBlocks([{ index: 0, count: 1 }], { cipher });
      const [first, second] = [blockIn(await post(port, request)), blockIn(await post(port, request))];
      expect(first.cipher).toBe(cipher === 'none' ? 'aes-128-cbc' : cipher);
      expect(first.iv).not.toEqual(second.iv);
      const plain = decryptBlock(first.cipher, published.info.secret, first.iv, Buffer.concat(first.data));
      expect(plain.equals(published.blocks[0]!)).toBe(true);
    },
  );

  it('a block that is not here is answered empty, with the next one that is', async () => {
    const segment = segmentOf(4 * 65_536);
    const { port } = await startServer({
      source: memorySource([segment], (index) => index === 0 || index === 3),
    });
    const request = getBlocks([{ index: 1, count: 1 }], { segmentId: segment.info.id });
    const answer = blockIn(await post(port, request));
    expect(answer).toMatchObject({ blockIndex: 1, nextBlockIndex: 3 });
    expect(Buffer.concat(answer.data)).toHaveLength(0);
  });

  it('a block found damaged on the way from disk is answered empty', async () => {
    const damaged = memorySource([published]);
    const { port } = await startServer({
      source: { find: (id) => ({ ...damaged.find(id)!, lend: async () => undefined }) },
    });
    expect(Buffer.concat(blockIn(await post(port, wire('MSG_GETBLKS block0'))).data)).toHaveLength(0);
  });

  /** A server of so many at a time that answers nobody before it is released; it has as many requests. */
  const startHeld = async (busyAfterMs: number, activeClients = 2) => {
    let release = (): void => undefined;
    let reading = 0;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const held = memorySource([published]).find(published.info.id)!;
    const events: DistributionEvent[] = [];
    const { port, close } = await startServer({
      source: {
        find: () => ({
          ...held,
          lend: async (index, use) => {
            reading += 1;
            await gate;
            return held.lend(index, use);
          },
        }),
      },
      limits: {
        ...(activeClients === DEFAULT_CLIENTS ? {} : { activeClients }),
        busyAfterMs,
        requestsPerClient: activeClients,
      },
      emit: (event) => events.push(event),
    });
    const admitted = Array.from({ length: activeClients }, (_, index) =>
      post(port, wire(`MSG_GETBLKS block${index % 2}`)),
    );
    await until(() => reading === activeClients);
    return { port, close, release: () => release(), admitted, events };
  };

  it.each([2, DEFAULT_CLIENTS])(
    'of more than %i clients one is told that nothing is here, until another is done',
    async (clients) => {
      const { port, release, admitted, events } = await startHeld(20, clients);
      const refused = blockIn(await post(port, wire('MSG_GETBLKS block0')));
      expect(refused.nextBlockIndex).toBe(0);
      expect(Buffer.concat(refused.data)).toHaveLength(0);
      expect(decodeResponse(await post(port, wire('MSG_GETBLKLIST [0,2]')))).toMatchObject({ ranges: [] });
      expect(events.filter(({ _tag }) => _tag === 'RequestRefused')).toMatchObject([
        { reason: 'busy' },
        { reason: 'busy' },
      ]);
      release();
      for (const answer of await Promise.all(admitted))
        expect(blockIn(answer).data[0]!.length).toBeGreaterThan(0);
      expect(blockIn(await post(port, wire('MSG_GETBLKS block0'))).data[0]!.length).toBeGreaterThan(0);
    },
  );

  it('clients too many wait a while for others to be done, and are served then', async () => {
    const { port, release, admitted, events } = await startHeld(20_000);
    const waiting = Array.from({ length: 20 }, () => post(port, wire('MSG_GETBLKS block0')));
    await until(() => events.filter(({ _tag }) => _tag === 'BlockRequestReceived').length === 22);
    release();
    for (const answer of await Promise.all([...admitted, ...waiting])) {
      expect(blockIn(answer).data[0]!.length).toBeGreaterThan(0);
    }
    expect(events.some(({ _tag }) => _tag === 'RequestRefused')).toBe(false);
  });

  it.skipIf(process.platform === 'darwin')(
    'one that asks for much, and takes no answer, leaves room for others',
    async () => {
      const events: DistributionEvent[] = [];
      const { port } = await startServer({ source, emit: (event) => events.push(event) });
      // More answers than the network takes from the server while nobody reads them.
      const question = wire('MSG_GETBLKS block0');
      const head = `POST ${PATH} HTTP/1.1\r\nHost: here\r\nContent-Length: ${question.length}\r\n\r\n`;
      const request = Buffer.concat([Buffer.from(head), question]);
      const greedy = Array.from({ length: 150 }, () => {
        const socket = connect({ port, host: '127.0.0.1' });
        afterwards(async () => void socket.destroy());
        socket.pause();
        for (let count = 0; count < 200; count += 1) socket.write(request);
        return socket;
      });
      expect(greedy).toHaveLength(150);
      const isRefused = ({ _tag }: DistributionEvent): boolean => _tag === 'RequestRefused';
      await until(() => events.some(isRefused));
      for (let round = 0; round < 20; round += 1) {
        const answer = blockIn(await postFrom('127.0.0.2', port, question));
        expect(answer.data[0]!.length).toBeGreaterThan(0);
      }
      const refused = events.flatMap((event) => (event._tag === 'RequestRefused' ? [event.peer] : []));
      expect(refused.filter((peer) => !peer.startsWith('127.0.0.1:'))).toEqual([]);
    },
  );

  it.skipIf(process.platform === 'darwin')(
    'one has no more than its connections, others have theirs',
    async () => {
      const events: DistributionEvent[] = [];
      const limits = { connectionsPerClient: 3 };
      const { port } = await startServer({ source, limits, emit: (event) => events.push(event) });
      const sockets = Array.from({ length: 4 }, () => connect({ port, host: '127.0.0.1' }));
      afterwards(async () => sockets.forEach((socket) => socket.destroy()));
      const closed = await Promise.race(sockets.map(async (socket) => (await closeOf(socket), socket)));
      expect(events).toEqual([
        { _tag: 'RequestRefused', peer: expect.stringMatching(/^127\.0\.0\.1:/), reason: 'limit' },
      ]);
      const question = wire('MSG_GETBLKS block0');
      expect(blockIn(await postFrom('127.0.0.2', port, question)).data[0]!.length).toBeGreaterThan(0);
      // Whoever leaves makes room.
      const [first] = sockets.filter((socket) => socket !== closed);
      first!.destroy();
      await until(async () => {
        const one = connect({ port, host: '127.0.0.1' });
        const outcome = await Promise.race([
          closeOf(one),
          new Promise((resolve) => setTimeout(resolve, 50, 'open')),
        ]);
        one.destroy();
        return outcome === 'open';
      });
    },
  );

  it('a server that is closed lets nobody wait', async () => {
    const { port, close, admitted, events } = await startHeld(20_000);
    const all = [...admitted, post(port, wire('MSG_GETBLKS block0'))];
    await until(() => events.filter(({ _tag }) => _tag === 'BlockRequestReceived').length === 3);
    const ends = Promise.allSettled(all);
    await close();
    expect((await ends).map(({ status }) => status)).toEqual(Array(3).fill('rejected'));
  });

  it('thirty-two requests at once are all served, and each served block is told', async () => {
    const events: DistributionEvent[] = [];
    const { port } = await startServer({ source, emit: (event) => events.push(event) });
    const answers = await Promise.all(
      Array.from({ length: 32 }, () => post(port, wire('MSG_GETBLKS block0'))),
    );
    for (const answer of answers) expect(blockIn(answer).data[0]).toHaveLength(65_552);
    const sent = (): DistributionEvent[] => events.filter(({ _tag }) => _tag === 'BlockResponseSent');
    await until(() => sent().length === 32);
    const about = { segment: vectors.pccrr.segment_id, block: 0 };
    expect(events[0]).toMatchObject({ _tag: 'BlockRequestReceived', ...about });
    expect(sent()[0]).toMatchObject({
      ...about,
      bytes: 65_536,
    });
  });
});

describe('against clients that dawdle or babble', () => {
  const dial = async (port: number): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    afterwards(async () => void socket.destroy());
    await once(socket, 'connect');
    return socket;
  };
  const head = `POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 68\r\n\r\n`;

  it('a head that does not come, a body that does not come and an upload that takes too long are ended', async () => {
    const held = memorySource([published]).find(published.info.id)!;
    const { port } = await startServer({
      source: { find: () => ({ ...held, lend: () => new Promise(() => undefined) }) },
      limits: { headTimeoutMs: 100, requestTimeoutMs: 200, uploadTimeoutMs: 100 },
    });
    for (const start of [
      '',
      'POST /',
      head,
      Buffer.concat([Buffer.from(head), wire('MSG_GETBLKS block0')]),
    ]) {
      const socket = await dial(port);
      const chunks: Buffer[] = [];
      socket.on('data', (chunk) => chunks.push(chunk));
      if (start.length > 0) socket.write(start);
      await closeOf(socket);
      expect(Buffer.concat(chunks).toString('latin1')).not.toContain('200 OK');
    }
  });

  it('connections beyond the limit are closed as they come', async () => {
    const { port } = await startServer({ source, limits: { connections: 2 } });
    await dial(port);
    await dial(port);
    await closeOf(await dial(port));
  });

  test.prop([fc.array(fc.uint8Array({ minLength: 1, maxLength: 80 }), { minLength: 1, maxLength: 4 })], {
    numRuns: 40,
  })('random bytes never get a good answer, and the next request is served', async (pieces) => {
    const server = createRetrievalServer({ host: '127.0.0.1', port: 0, source });
    const { port } = await server.start();
    try {
      const chunks: Buffer[] = [];
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined).on('data', (chunk) => chunks.push(chunk));
      const closed = closeOf(socket);
      for (const piece of pieces) socket.write(Buffer.concat([Buffer.from(head), piece]));
      socket.end();
      await closed;
      expect(Buffer.concat(chunks).toString('latin1')).not.toContain('200 OK');
      expect(blockIn(await post(port, wire('MSG_GETBLKS block1'))).blockIndex).toBe(1);
    } finally {
      await server.close();
    }
  });
});

describe('its life', () => {
  it('close ends connections that are idle, silent or busy', async () => {
    const held = memorySource([published]).find(published.info.id)!;
    const { port, close } = await startServer({
      source: { find: () => ({ ...held, lend: () => new Promise(() => undefined) }) },
    });
    const sockets = await Promise.all(
      [0, 1, 2].map(async () => {
        const socket = connect(port, '127.0.0.1');
        socket.on('error', () => undefined);
        await once(socket, 'connect');
        return socket;
      }),
    );
    const request = (message: Buffer): Buffer =>
      Buffer.concat([
        Buffer.from(`POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: ${message.length}\r\n\r\n`),
        message,
      ]);
    sockets[0]!.write(request(wire('MSG_GETBLKLIST [0,2]')));
    await once(sockets[0]!, 'data');
    sockets[1]!.write(request(wire('MSG_GETBLKS block0')));
    const closed = sockets.map(closeOf);
    await close();
    await Promise.all(closed);
    await close();
  });

  it('a taken port is told by the start', async () => {
    const { port } = await startServer({ source });
    const second = createRetrievalServer({ host: '127.0.0.1', port, source });
    await expect(second.start()).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await second.close();
  });

  it('the death of the listener is told once, its close is not', async () => {
    const deaths: Error[] = [];
    let listener: { emit(event: 'error', cause: Error): boolean } | undefined;
    const remember = (message: unknown): void => {
      listener ??= (message as { socket: { server: typeof listener } }).socket.server;
    };
    subscribe('net.server.socket', remember);
    const start = async (): Promise<() => Promise<void>> => {
      const server = createRetrievalServer({ host: '127.0.0.1', port: 0, source });
      server.onDeath((cause) => deaths.push(cause));
      const { port } = await server.start();
      await post(port, wire('MSG_GETBLKS block1'));
      return () => server.close();
    };
    try {
      await (
        await start()
      )();
      expect(deaths).toEqual([]);
      listener = undefined;
      const close = await start();
      const cause = new Error('accept EMFILE');
      listener!.emit('error', cause);
      await close();
      expect(deaths).toEqual([cause]);
    } finally {
      unsubscribe('net.server.socket', remember);
    }
  });
});
