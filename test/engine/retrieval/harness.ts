import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';
import {
  decodeRequest,
  encodeResponse,
  encryptBlock,
  type BlockRequest,
  type BlockResponse,
} from '../../../src/engine/distribution/wire/index.js';
import {
  createRetrievalClient,
  createRetrievalServer,
  type RetrievalClientOptions,
  type RetrievalServerOptions,
} from '../../../src/engine/distribution/retrieval/index.js';
import type { Segment } from './segments.js';

export { memorySource, segmentOf, type Segment } from './segments.js';

const undo: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** Has `step` done after the test, whatever comes of it. */
export const afterwards = (step: () => Promise<void>): void => void undo.push(step);

/** Our server on a free port; its address as the client wants it. */
export const startServer = async (
  options: Partial<RetrievalServerOptions> & Pick<RetrievalServerOptions, 'source'>,
): Promise<{ readonly peer: string; readonly port: number; close(): Promise<void> }> => {
  const server = createRetrievalServer({ host: '127.0.0.1', port: 0, ...options });
  const { host, port } = await server.start();
  afterwards(() => server.close());
  return { peer: `${host}:${port}`, port, close: () => server.close() };
};

export const startClient = (
  options: RetrievalClientOptions = {},
): ReturnType<typeof createRetrievalClient> => {
  const client = createRetrievalClient(options);
  afterwards(() => client.close());
  return client;
};

export interface FakePeer {
  readonly peer: string;
  /** The messages it was sent, decoded. */
  readonly requests: ReturnType<typeof decodeRequest>[];
  /** Connections that are open at the moment. */
  readonly sockets: ReadonlySet<Socket>;
  readonly server: Server;
}

/** A peer on a plain socket that does with each request whatever `answer` does. */
export const fakePeer = async (
  answer: (socket: Socket, request: BlockRequest, index: number) => void,
): Promise<FakePeer> => {
  const requests: ReturnType<typeof decodeRequest>[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    let received = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      for (;;) {
        const head = received.indexOf('\r\n\r\n');
        if (head < 0) return;
        const length = Number(/content-length: (\d+)/i.exec(received.toString('latin1', 0, head))![1]);
        if (received.length < head + 4 + length) return;
        const request = decodeRequest(received.subarray(head + 4, head + 4 + length)) as BlockRequest;
        received = received.subarray(head + 4 + length);
        requests.push(request);
        answer(socket, request, requests.length - 1);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterwards(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return { peer: `127.0.0.1:${(server.address() as AddressInfo).port}`, requests, sockets, server };
};

/** An HTTP response with `body`, and `fields` in its head. */
export const http = (body: Uint8Array, fields = ''): Buffer =>
  Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${fields}\r\n`), body]);

/** What an honest peer with the whole segment says to `request`, with `changes` to its block. */
export const honestAnswer = (
  { info, blocks }: Segment,
  request: BlockRequest,
  changes: Partial<BlockResponse> = {},
): Buffer => {
  const { cipher, segmentId } = request;
  if (request._tag === 'GetBlockList') {
    const ranges = [{ index: 0, count: blocks.length }];
    return encodeResponse({ _tag: 'BlockList', cipher, segmentId, ranges, nextBlockIndex: 0 });
  }
  const blockIndex = request.ranges[0]!.index;
  const iv = Buffer.alloc(16, 3);
  const data = encryptBlock(cipher, info.secret, iv, blocks[blockIndex]!);
  return encodeResponse({
    _tag: 'Block',
    cipher,
    segmentId,
    blockIndex,
    nextBlockIndex: 0,
    data,
    iv,
    ...changes,
  });
};

/** Waits until `condition` holds; the test's own time limit is the bound. */
export const until = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
};

/** A signal that nobody ever raises. */
export const never = (): AbortSignal => new AbortController().signal;
