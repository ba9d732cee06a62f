import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import {
  decodeRequest,
  decodeResponse,
  encodeResponse,
  type BlockRequest,
  type BlockResponse,
  type RetrievalRequest,
} from '../../../src/engine/distribution/wire/index.js';

const PATH = '/116B50EB-ECE2-41ac-8429-9F9E963361B7/';

/** What an honest peer says to a message, by an HTTP client that has nothing in common with the engine's. */
const askHonest = async (peer: string, message: Uint8Array): Promise<Buffer> => {
  const response = await fetch(`http://${peer}${PATH}`, { method: 'POST', body: new Uint8Array(message) });
  return Buffer.from(await response.arrayBuffer());
};

/** An honest answer to a question for a block, and what a lie can be made of. */
interface Question {
  readonly socket: Socket;
  readonly request: BlockRequest;
  /** The whole body of the answer, and the message in it. */
  readonly answer: Buffer;
  readonly block: BlockResponse;
  /** The first answer that this peer was asked for. */
  readonly first: BlockResponse;
  /** What the honest peer says to another question. */
  readonly ask: (message: Buffer) => Promise<Buffer>;
}

/** Says something to a question for a block. All other questions are answered honestly. */
export type Lie = (question: Question) => void | Promise<void>;

interface LyingPeer extends AsyncDisposable {
  readonly peer: string;
  /** Connections and questions for blocks so far. */
  readonly seen: { connections: number; blocks: number };
  /** Goes away and comes back at the same address. */
  restart(): Promise<void>;
}

const http = (body: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`), body]);

/** Sends a message, or whatever bytes, as the whole body of an HTTP answer. */
export const send = (socket: Socket, body: Uint8Array): void => void socket.write(http(body));

export const sendBlock = (socket: Socket, block: BlockResponse): void => send(socket, encodeResponse(block));

/** A peer with all that `honest` has, which asks that for every answer and lies about the blocks. */
export const listenAndLie = async (honest: string, lie: Lie, host = '127.0.0.1'): Promise<LyingPeer> => {
  const seen = { connections: 0, blocks: 0 };
  const sockets = new Set<Socket>();
  let first: BlockResponse | undefined;

  const respond = async (socket: Socket, message: Buffer): Promise<void> => {
    const request: RetrievalRequest = decodeRequest(message);
    const isBlock = request._tag === 'GetBlocks';
    if (isBlock) seen.blocks += 1;
    const answer = await askHonest(honest, message);
    if (!isBlock) {
      send(socket, answer);
      return;
    }
    const block = decodeResponse(answer);
    if (block._tag !== 'Block') throw new Error(`a ${block._tag} instead of a block`);
    first ??= block;
    await lie({ socket, request, answer, block, first, ask: (other) => askHonest(honest, other) });
  };

  const receive = (socket: Socket): void => {
    seen.connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    let received = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const head = received.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(received.toString('latin1', 0, head))?.[1]);
      const end = head + 4 + length;
      if (received.length < end) return;
      const message = received.subarray(head + 4, end);
      received = received.subarray(end);
      void respond(socket, message);
    });
  };

  const listen = async (port: number): Promise<Server> => {
    const listening = createServer(receive).listen(port, host);
    await once(listening, 'listening');
    return listening;
  };
  const stop = async (listening: Server): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    listening.close();
    await once(listening, 'close');
  };

  let server = await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    peer: `${host}:${port}`,
    seen,
    restart: async () => {
      await stop(server);
      server = await listen(port);
    },
    [Symbol.asyncDispose]: () => stop(server),
  };
};
