import { createCipheriv, createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPeerweave, type Peerweave } from '../../src/index.js';
import { type Clock, type DistributionSession, systemClock } from '../../src/effects/index.js';
import { createEngineDriver, type EngineDriver, type EngineOptions } from '../../src/engine/index.js';

/** The same bytes every time; no two blocks of them are equal. */
export const contentOf = (length: number, seed = 7): Buffer =>
  createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16)).update(Buffer.alloc(length));

/** All that comes until the end. */
export const collect = async <T>(items: AsyncIterable<T>): Promise<readonly T[]> => {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
};

export const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** A fresh directory, removed when the scope ends. */
export const temporaryDirectory = async (): Promise<{ readonly path: string } & AsyncDisposable> => {
  const path = await mkdtemp(join(tmpdir(), 'peerweave-http-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
};

export interface Machine extends AsyncDisposable {
  readonly driver: EngineDriver;
  readonly peers: Peerweave;
  readonly session: DistributionSession;
  readonly directory: string;
}

/** An engine with a store of its own and one session. */
export const startMachine = async (
  clock: Clock = systemClock,
  options: EngineOptions = {},
): Promise<Machine> => {
  const directory = await temporaryDirectory();
  const driver = createEngineDriver({ dataDir: join(directory.path, 'data'), ...options });
  const peers = createPeerweave({ driver, clock });
  const session = await peers.promise(peers.effects.openSession());
  return {
    driver,
    peers,
    session,
    directory: directory.path,
    [Symbol.asyncDispose]: async () => {
      await session.close();
      await driver.dispose();
      await directory[Symbol.asyncDispose]();
    },
  };
};

/** Listens on a free port of the loopback until the scope ends. */
export const listen = async (
  listener: RequestListener,
): Promise<{ readonly url: string; readonly port: number } & AsyncDisposable> => {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

export interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** As it came, whatever the Content-Encoding. */
  readonly body: Buffer;
}

/** One exchange, with the path as it is given: nothing is normalized. */
export const ask = async (
  url: string,
  {
    method = 'GET',
    headers = {},
    path,
  }: { readonly method?: string; readonly headers?: Record<string, string>; readonly path?: string } = {},
): Promise<Received> => {
  const sent = request(url, { method, headers, agent: false, ...(path === undefined ? {} : { path }) }).end();
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
  const pieces: Buffer[] = [];
  for await (const piece of response as AsyncIterable<Buffer>) pieces.push(piece);
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces) };
};

/** What a Windows 8 client sends. */
export const PEERDIST_1_1 = {
  'accept-encoding': 'gzip, deflate, peerdist',
  'x-p2p-peerdist': 'Version=1.1',
  'x-p2p-peerdistex': 'MinContentInformation=1.0, MaxContentInformation=1.0',
} as const;

/** What a Windows 7 client sends. */
export const PEERDIST_1_0 = {
  'accept-encoding': 'gzip, deflate, peerdist',
  'x-p2p-peerdist': 'Version=1.0',
} as const;

/** Version-1 content information of one segment, read by hand (MS-PCCRC 2.3). */
export const readInformation = (bytes: Buffer) => {
  const blocks = bytes.readUInt32LE(18 + 80);
  const list = bytes.subarray(18 + 84);
  return {
    version: bytes.readUInt16LE(0),
    hash: bytes.readUInt32LE(2),
    offsetInFirstSegment: bytes.readUInt32LE(6),
    readBytesInLastSegment: bytes.readUInt32LE(10),
    segments: bytes.readUInt32LE(14),
    segmentLength: bytes.readUInt32LE(18 + 8),
    hashOfData: bytes.subarray(18 + 16, 18 + 48),
    blockHashes: Array.from({ length: blocks }, (_, index) => list.subarray(index * 32, index * 32 + 32)),
    trailing: list.length - blocks * 32,
  };
};

/** The hashes of a content's blocks of 64 KiB. */
export const blockHashesOf = (content: Buffer): readonly Buffer[] =>
  Array.from({ length: Math.ceil(content.length / 65_536) }, (_, index) =>
    sha256(content.subarray(index * 65_536, (index + 1) * 65_536)),
  );
