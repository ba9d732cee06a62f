/**
 * Clients that fetch one file from one slow origin at the same time: what that costs the origin, against the file.
 *
 *     node bench/run.mjs shared-origin [MiB] [clients] [origin's MB/s] [rounds]
 */
import { fork } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createListener, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastValueFrom } from 'rxjs';
import { createEngineDriver } from '../src/engine/index.js';
import { createContentServer, get, sendContent } from '../src/http/index.js';
import { createPeerweave } from '../src/index.js';
import { slowLine } from './lib/slow-line.js';
import { message } from './lib/message.js';

const MIB = 2 ** 20;
/** The figure that is aimed at, for any number of clients. */
const TARGET = 1.05;

/** What a client tells of its download. */
interface Outcome {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly fromOrigin: number;
  readonly fromPeers: number;
  readonly sha256: string;
}

/** What a client is to do. */
interface Job {
  readonly url: string;
  readonly directory: string;
  readonly port: number;
  readonly peers: readonly string[];
}

const portOf = (server: Pick<Server, 'address'>): number => (server.address() as AddressInfo).port;

const freePort = async (): Promise<number> => {
  const server = createListener();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
};

/** The client's process: downloads once when told to, and serves its neighbours until told to stop. */
const client = async (): Promise<void> => {
  const { url, directory, port, peers: named } = await message<Job>(process);
  const driver = createEngineDriver({
    dataDir: join(directory, 'data'),
    listen: { host: '127.0.0.1', port },
    discovery: false,
  });
  const peers = createPeerweave({ driver });
  const session = await peers.promise(peers.effects.openSession());
  const go = message(process);
  process.send?.('ready');
  await go;
  const started = Date.now();
  const before = process.cpuUsage();
  const to = join(directory, 'file');
  const { counts } = await lastValueFrom(get(url, { session, to, peers: named }));
  const seconds = (Date.now() - started) / 1000;
  const { user, system } = process.cpuUsage(before);
  const hash = createHash('sha256');
  for await (const piece of createReadStream(to) as AsyncIterable<Buffer>) hash.update(piece);
  const stopped = message(process);
  const outcome: Outcome = {
    seconds,
    cpuSeconds: (user + system) / 1e6,
    fromOrigin: counts.fromOrigin,
    fromPeers: Object.values(counts.fromPeers).reduce((sum, bytes) => sum + bytes, 0),
    sha256: hash.digest('hex'),
  };
  process.send?.(outcome);
  await stopped;
  await session.close();
  await driver.dispose();
  process.disconnect();
};

/** So many clients at once. */
const crowd = async (url: string, directory: string, size: number): Promise<readonly Outcome[]> => {
  const [, program = ''] = process.argv;
  const ports = await Promise.all(Array.from({ length: size }, freePort));
  const children = ports.map(() => fork(program, ['client']));
  for (const [index, child] of children.entries()) {
    const port = ports[index] ?? 0;
    const job: Job = {
      url,
      directory: await mkdtemp(join(directory, 'client-')),
      port,
      peers: ports.filter((other) => other !== port).map((other) => `127.0.0.1:${other}`),
    };
    const ready = message(child);
    child.send(job);
    await ready;
  }
  const outcomes = children.map(async (child) => message<Outcome>(child));
  for (const child of children) child.send('go');
  const done = await Promise.all(outcomes);
  await Promise.all(
    children.map(async (child) => {
      child.send('stop');
      await once(child, 'close');
    }),
  );
  return done;
};

const main = async (
  mib: number,
  clients: number,
  megabytesPerSecond: number,
  rounds: number,
): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), 'peerweave-bench-'));
  const bytes = mib * MIB;
  const content = randomBytes(bytes);
  const sha256 = createHash('sha256').update(content).digest('hex');
  await writeFile(join(directory, 'file'), content);
  const driver = createEngineDriver({ dataDir: join(directory, 'origin'), listen: false });
  const peers = createPeerweave({ driver });
  const session = await peers.promise(peers.effects.openSession());
  const server = createContentServer({ session });
  const resource = { path: join(directory, 'file') };
  await server.prepare(resource);
  const http = createServer((request, response) => void sendContent(server, request, response, resource));
  await once(http.listen(0, '127.0.0.1'), 'listening');
  const line = await slowLine(portOf(http), megabytesPerSecond * 1e6);
  const url = `http://127.0.0.1:${line.port}/file`;
  try {
    console.log(
      `${mib} MiB behind a line of ${megabytesPerSecond} MB/s (alone ${(bytes / megabytesPerSecond / 1e6).toFixed(1)} s)`,
    );
    for (const size of [1, ...Array.from({ length: rounds }, () => clients)]) {
      line.take();
      const outcomes = await crowd(url, directory, size);
      const ratio = line.take() / bytes;
      if (outcomes.some((outcome) => outcome.sha256 !== sha256))
        throw new Error('a copy differs from the file');
      console.log(
        `${size} clients: ${ratio.toFixed(4)} of the file from the origin (at most ${TARGET} is aimed at), ` +
          `slowest ${Math.max(...outcomes.map(({ seconds }) => seconds)).toFixed(1)} s, ` +
          `${outcomes.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0).toFixed(1)} CPU seconds; MiB from origin and peers: ` +
          outcomes
            .map((one) => `${(one.fromOrigin / MIB).toFixed(1)}+${(one.fromPeers / MIB).toFixed(1)}`)
            .join(' '),
      );
      if (ratio > TARGET) process.exitCode = 1;
    }
  } finally {
    line.close();
    http.closeAllConnections();
    http.close();
    await server.close();
    await session.close();
    await driver.dispose();
    await rm(directory, { recursive: true, force: true });
  }
};

const [first, ...rest] = process.argv.slice(2);
if (first === 'client') await client();
else await main(Number(first ?? 64), Number(rest[0] ?? 4), Number(rest[1] ?? 12), Number(rest[2] ?? 3));
