/**
 * For how long the event loop is held up while a file is published, served and fetched, in each of the processes.
 *
 *     node bench/run.mjs loop-delay [MiB]
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { lastValueFrom } from 'rxjs';
import { createEngineDriver } from '../src/engine/index.js';
import { createPeerweave, publish, retrieve } from '../src/index.js';
import { columns } from './lib/table.js';
import { writeTestFile } from './lib/test-file.js';

/** How often the timer fires whose lateness is measured; the monitor counts this in. */
const RESOLUTION_MS = 5;

interface Delays {
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

const delaysDuring = async (job: () => Promise<unknown>): Promise<Delays> => {
  const monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  monitor.enable();
  await job();
  monitor.disable();
  const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
  return {
    p50: late(monitor.percentile(50)),
    p99: late(monitor.percentile(99)),
    most: late(monitor.max),
  };
};

interface Served {
  readonly peer: string;
  readonly publishing: Delays;
}

/** Publishes the file and serves it until it is told to stop. */
const serve = async (directory: string, way: string): Promise<void> => {
  const workers = way === 'inline' ? { hashWorkers: 0 } : {};
  const driver = createEngineDriver({ dataDir: join(directory, 'server'), ...workers });
  const { effects, promise } = createPeerweave({ driver });
  await using session = await promise(effects.openSession());
  const publishing = await delaysDuring(async () => {
    const published = await lastValueFrom(publish(join(directory, 'file'), { session }));
    if (published._tag !== 'Published') throw new Error('it was not published');
    await writeFile(join(directory, 'information'), published.contentInformation);
  });
  const { host, port } = driver.endpoint() ?? { host: '', port: 0 };
  const stopped = once(process, 'message');
  const serving = await delaysDuring(async () => {
    process.send?.({ peer: `${host}:${port}`, publishing } satisfies Served);
    await stopped;
  });
  process.send?.(serving);
  process.disconnect();
};

const fetchFrom = async (directory: string, peer: string): Promise<void> => {
  const driver = createEngineDriver({ dataDir: join(directory, 'client'), listen: false });
  const { effects, promise } = createPeerweave({ driver });
  await using session = await promise(effects.openSession());
  const information = await readFile(join(directory, 'information'));
  const to = join(directory, 'copy');
  process.send?.(
    await delaysDuring(() => lastValueFrom(retrieve(information, { session, peers: [peer], to }))),
  );
  process.disconnect();
};

const message = async <Message>(child: ChildProcess): Promise<Message> => {
  const [received] = (await once(child, 'message')) as [Message];
  return received;
};

const row = (name: string, { p50, p99, most }: Delays): readonly string[] => [
  name,
  ...[p50, p99, most].map((ms) => ms.toFixed(1)),
  '50',
];

const main = async (mib: number): Promise<void> => {
  const [, program = ''] = process.argv;
  const directory = await mkdtemp(join(tmpdir(), 'peerweave-bench-'));
  try {
    writeTestFile(join(directory, 'file'), mib);
    const rows: (readonly string[])[] = [['late by ms', 'p50', 'p99', 'most', 'aim for p99']];
    for (const way of ['inline', 'threads']) {
      const server = fork(program, ['serve', directory, way]);
      const { peer, publishing } = await message<Served>(server);
      rows.push(row(`publishing, ${way}`, publishing));
      if (way === 'threads') {
        const client = fork(program, ['fetch', directory, peer]);
        rows.push(row('fetching', await message(client)));
        await once(client, 'close');
      }
      const serving = message<Delays>(server);
      server.send('stop');
      const delays = await serving;
      if (way === 'threads') rows.push(row('serving', delays));
      await once(server, 'close');
      await rm(join(directory, 'server'), { recursive: true });
    }
    console.log(`${mib} MiB`);
    console.log(columns(rows));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

const [first, directory = '', more = ''] = process.argv.slice(2);
if (first === 'serve') await serve(directory, more);
else if (first === 'fetch') await fetchFrom(directory, more);
else await main(Number(first ?? 1024));
