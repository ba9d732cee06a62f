/**
 * One file between two processes on one machine, checked and written to disk: WebTorrent against peerweave. Both serve
 * others from the file then; who reads the stream instead has it in the cache.
 *
 *     node bench/run.mjs webtorrent [MiB] [rounds]
 *
 * WebTorrent is installed on first use, from the registry that npm is set to, into a folder of its own below
 * node_modules. It is no dependency of the package.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { lastValueFrom } from 'rxjs';
import { createEngineDriver } from '../src/engine/index.js';
import { createPeerweave, publish, retrieve } from '../src/index.js';
import { measure, median, type Measurement } from './lib/measure.js';
import { ratioTable } from './lib/table.js';
import { writeTestFile } from './lib/test-file.js';
import { inRounds, serving, transfer } from './lib/transfer.js';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const [, program = ''] = process.argv;
/** Beside the folder that this program was built into. */
const FOLDER = join(dirname(program), '..', '.peerweave-bench-webtorrent');

const MANIFEST = {
  name: 'peerweave-bench-webtorrent',
  private: true,
  dependencies: { 'webrtc-polyfill': 'file:./no-webrtc', webtorrent: '2.8.5' },
  // Later ones do not run on Node 20. Two processes on a machine meet over TCP, so nothing native is needed.
  overrides: { 'uint8-util': '2.2.5', 'webrtc-polyfill': '$webrtc-polyfill' },
};
const NO_WEBRTC = { name: 'webrtc-polyfill', version: '1.2.2', type: 'module', exports: './index.js' };
const NO_CLASSES = ['RTCPeerConnection', 'RTCSessionDescription', 'RTCIceCandidate']
  .map((name) => `export const ${name} = undefined;\n`)
  .join('');

const install = (): void => {
  if (existsSync(join(FOLDER, 'node_modules', 'webtorrent', 'index.js'))) return;
  mkdirSync(join(FOLDER, 'no-webrtc'), { recursive: true });
  writeFileSync(join(FOLDER, 'package.json'), JSON.stringify(MANIFEST));
  writeFileSync(join(FOLDER, 'no-webrtc', 'package.json'), JSON.stringify(NO_WEBRTC));
  writeFileSync(join(FOLDER, 'no-webrtc', 'index.js'), NO_CLASSES);
  // What its scripts would build or download is not used.
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund'];
  execFileSync('npm', args, { cwd: FOLDER, stdio: 'inherit' });
};

/** As much of WebTorrent as is used here. */
interface Torrent {
  readonly torrentFile: Uint8Array;
  addPeer(address: string): boolean;
  once(event: 'infoHash' | 'done', listener: () => void): void;
}
interface TorrentClient {
  readonly torrentPort: number;
  seed(path: string, options: object, onSeed: (torrent: Torrent) => void): void;
  add(torrent: Uint8Array, options: object): Torrent;
  on(event: 'error', listener: (error: Error) => void): void;
  destroy(onDestroyed: () => void): void;
}

/** A client that finds nobody by itself. */
const openTorrents = async (): Promise<TorrentClient> => {
  const path = pathToFileURL(join(FOLDER, 'node_modules', 'webtorrent', 'index.js')).href;
  const { default: Client } = (await import(path)) as { default: new (options: object) => TorrentClient };
  const alone = { dht: false, tracker: false, lsd: false, utPex: false, natUpnp: false, natPmp: false };
  const client = new Client({ ...alone, utp: false });
  client.on('error', (error) => {
    throw error;
  });
  return client;
};

const closeTorrents = (client: TorrentClient): Promise<void> =>
  new Promise((resolve) => client.destroy(resolve));

/** The kinds of transfer, which are also the names of their rows. */
const [WEBTORRENT, FILE, STREAM] = ['WebTorrent', 'peerweave', 'peerweave, a stream'] as const;

type Serve = (path: string, directory: string) => Promise<void>;

const servePeerweave: Serve = async (path, directory) => {
  const driver = createEngineDriver({ dataDir: directory });
  const peers = createPeerweave({ driver });
  const session = await peers.promise(peers.effects.openSession());
  const last = await lastValueFrom(publish(path, { session }));
  if (last._tag !== 'Published') throw new Error('not published');
  const description = Buffer.from(last.contentInformation).toString('hex');
  await serving({ port: driver.endpoint()?.port ?? 0, description });
  await driver.dispose();
};

const SERVE: Readonly<Record<string, Serve>> = {
  [WEBTORRENT]: async (path) => {
    const client = await openTorrents();
    const torrent = await new Promise<Torrent>((resolve) =>
      client.seed(path, { announceList: [], announce: [] }, resolve),
    );
    const description = Buffer.from(torrent.torrentFile).toString('hex');
    await serving({ port: client.torrentPort, description });
    await closeTorrents(client);
  },
  [FILE]: servePeerweave,
  [STREAM]: servePeerweave,
};

type Fetch = (port: number, description: Buffer, directory: string) => Promise<Measurement>;

const FETCH: Readonly<Record<string, Fetch>> = {
  [WEBTORRENT]: async (port, description, directory) => {
    const client = await openTorrents();
    const result = await measure(
      () =>
        new Promise((resolve) => {
          const torrent = client.add(description, { path: directory, announce: [] });
          torrent.once('done', resolve);
          torrent.once('infoHash', () => torrent.addPeer(`127.0.0.1:${port}`));
        }),
    );
    await closeTorrents(client);
    return result;
  },
  [FILE]: async (port, information, directory) => {
    const driver = createEngineDriver({ dataDir: join(directory, 'data'), listen: false });
    const peers = createPeerweave({ driver });
    const session = await peers.promise(peers.effects.openSession());
    const result = await measure(async () => {
      const wanted = {
        session,
        peers: [`127.0.0.1:${port}`],
        to: join(directory, 'file'),
        timeoutMs: 60_000,
      };
      await lastValueFrom(retrieve(information, wanted));
    });
    await driver.dispose();
    return result;
  },
  [STREAM]: async (port, information, directory) => {
    const driver = createEngineDriver({ dataDir: directory, listen: false });
    const { effects, promise } = createPeerweave({ driver });
    const session = await promise(effects.openSession());
    const result = await measure(async () => {
      await using content = await promise(effects.openContent(session, { peers: [`127.0.0.1:${port}`] }));
      await promise(effects.addContentInformation(content, information));
      await promise(effects.completeContentInformation(content));
      const into = Buffer.allocUnsafe(MIB);
      const read = () => promise(effects.readContent(content, { maxBytes: MIB, timeoutMs: 60_000, into }));
      for (let answer = await read(); answer._tag !== 'End'; answer = await read()) {
        if (answer._tag !== 'Data') throw new Error(answer._tag);
      }
    });
    await driver.dispose();
    return result;
  },
};

const main = async (mib: number, rounds: number): Promise<void> => {
  install();
  const directory = await mkdtemp(join(tmpdir(), 'peerweave-bench-'));
  try {
    const path = join(directory, 'file');
    writeTestFile(path, mib);
    const runs = await inRounds(
      Object.keys(FETCH).map((kind) => ({ kind })),
      rounds,
      (kind) =>
        transfer({
          kind,
          path,
          directory,
          check: (fetched) => {
            if (kind !== STREAM) execFileSync('cmp', [path, join(fetched, basename(path))]);
          },
        }),
    );
    const bytes = mib * MIB;
    const clients = runs.map(({ kind, clients: all }) => ({
      name: `${kind}, client`,
      bytes,
      result: median(all),
      target: kind === WEBTORRENT ? undefined : 2,
    }));
    const servers = runs.map(({ kind, servers: all }) => ({
      name: `${kind}, server`,
      bytes,
      result: median(all),
    }));
    console.log(`${mib} MiB, median of ${rounds} rounds`);
    console.log(ratioTable([...clients, ...servers]));
    const [theirs = 0, ...ours] = runs.map(
      (_, at) => (clients[at]?.result.cpuSeconds ?? 0) + (servers[at]?.result.cpuSeconds ?? 0),
    );
    const perGib = (seconds: number): string => ((seconds / bytes) * GIB).toFixed(1);
    for (const seconds of ours) {
      console.log(
        `CPU seconds a GiB of both sides: ${perGib(theirs)} and ${perGib(seconds)}, ` +
          `${(theirs / seconds).toFixed(2)} times as many (target 2)`,
      );
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

const [first, kind = '', ...rest] = process.argv.slice(2);
if (first === 'serve') await SERVE[kind]?.(rest[0] ?? '', rest[1] ?? '');
else if (first === 'fetch') {
  const [, port, description = '', directory = ''] = rest;
  const result = await FETCH[kind]?.(Number(port), await readFile(description), directory);
  process.stdout.write(JSON.stringify(result));
} else await main(Number(first ?? 1024), Number(kind || 3));
