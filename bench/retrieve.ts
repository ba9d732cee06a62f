/**
 * Retrieving content between two processes against a plain node:http download that computes SHA-256, once thrown away
 * and once written to a file, as everything is that is retrieved.
 *
 *     node bench/run.mjs retrieve [MiB] [rounds]
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { lastValueFrom } from 'rxjs';
import { type DistributionSession } from '../src/effects/index.js';
import { createEngineDriver } from '../src/engine/index.js';
import { createPeerweave, publish } from '../src/index.js';
import { measure, median, type Measurement } from './lib/measure.js';
import { ratioTable } from './lib/table.js';
import { writeTestFile } from './lib/test-file.js';
import { inRounds, serving, transfer } from './lib/transfer.js';

const MIB = 2 ** 20;
const CHUNK = MIB;
const CONTENT_ID = Buffer.from('bench');
const TAG = Buffer.from('peerweave--bench');

/** As users do: by its path. */
const publishFile = async (session: DistributionSession, path: string): Promise<Uint8Array> => {
  const published = await lastValueFrom(publish(path, { session, contentId: CONTENT_ID }));
  if (published._tag !== 'Published') throw new Error('interrupted');
  return published.contentInformation;
};

const serve = async (kind: string, path: string, directory: string): Promise<void> => {
  if (kind !== 'peerweave') {
    const server = createServer((_, response) => createReadStream(path).pipe(response));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    await serving({ port, description: '' });
    server.close();
  } else {
    const engine = createEngineDriver({ dataDir: directory });
    const { effects, promise } = createPeerweave({ driver: engine });
    await using session = await promise(effects.openSession());
    const information = await publishFile(session, path);
    const { port } = engine.endpoint() ?? { port: 0 };
    await serving({ port, description: Buffer.from(information).toString('hex') });
    await engine.dispose();
  }
  process.disconnect();
};

/** @param path where to, if anywhere. */
const download = (port: number, bytes: number, path?: string): Promise<Measurement> =>
  measure(async () => {
    const [response] = (await once(get({ host: '127.0.0.1', port }), 'response')) as [IncomingMessage];
    const hash = createHash('sha256');
    let length = 0;
    const take = (chunk: Buffer): Buffer => {
      hash.update(chunk);
      length += chunk.length;
      return chunk;
    };
    if (path === undefined) for await (const chunk of response as AsyncIterable<Buffer>) take(chunk);
    else {
      const taken = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
        for await (const chunk of chunks) yield take(chunk);
      };
      await pipeline(response, taken, createWriteStream(path));
    }
    hash.digest();
    if (length !== bytes) throw new Error(`${length} bytes instead of ${bytes}`);
  });

/** Block by block the bytes are checked against the content information, so nothing is hashed once more here. */
const retrieve = async (
  port: number,
  bytes: number,
  information: Buffer,
  directory: string,
): Promise<Measurement> => {
  const engine = createEngineDriver({ dataDir: directory, listen: false });
  const { distribution } = engine;
  const session = await distribution.startup();
  const result = await measure(async () => {
    const content = await distribution.openContent(session, { tag: TAG, peers: [`127.0.0.1:${port}`] });
    await distribution.addContentInformation(session, content, information);
    await distribution.completeContentInformation(session, content);
    const into = Buffer.allocUnsafe(CHUNK);
    let length = 0;
    for (;;) {
      const read = await distribution.streamRead(session, content, { maxBytes: CHUNK, into });
      if (read._tag === 'End') break;
      if (read._tag !== 'Data') throw new Error(`${read._tag} at ${length}`);
      length += read.bytes.length;
    }
    if (length !== bytes) throw new Error(`${length} bytes instead of ${bytes}`);
    await distribution.closeContent(session, content);
  });
  await engine.dispose();
  return result;
};

const fetchAs = async (kind: string, path: string, rest: readonly string[]): Promise<void> => {
  const [port = '', informationPath = '', directory = ''] = rest;
  const { size } = await stat(path);
  const result =
    kind === 'peerweave'
      ? await retrieve(Number(port), size, await readFile(informationPath), directory)
      : await download(Number(port), size, kind === 'http-file' ? join(directory, 'file') : undefined);
  process.stdout.write(JSON.stringify(result));
};

const KINDS = [
  { kind: 'http', name: 'node:http and SHA-256', target: undefined },
  { kind: 'http-file', name: 'node:http, SHA-256 and a file', target: undefined },
  { kind: 'peerweave', name: 'peerweave', target: 0.9 },
];

const main = async (mib: number, rounds: number): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), 'peerweave-bench-'));
  try {
    const path = join(directory, 'file');
    writeTestFile(path, mib);
    const runs = await inRounds(KINDS, rounds, (kind) =>
      transfer({ kind, path, directory, isWarmedUp: kind !== 'http' }),
    );
    const bytes = mib * MIB;
    console.log(`${mib} MiB, median of ${rounds} rounds`);
    console.log(
      ratioTable([
        ...runs.map(({ name, clients, target }) => ({
          name: `${name}, client`,
          bytes,
          result: median(clients),
          target,
        })),
        ...runs.map(({ name, servers }) => ({ name: `${name}, server`, bytes, result: median(servers) })),
      ]),
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

const [first, kind = '', path = '', ...rest] = process.argv.slice(2);
if (first === 'serve') await serve(kind, path, rest[0] ?? '');
else if (first === 'fetch') await fetchAs(kind, path, rest);
else await main(Number(first ?? 1024), Number(kind || 3));
