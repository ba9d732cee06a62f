/**
 * Publishing a file by its path, as users do, against reading it and hashing each 64 KiB block on one thread.
 *
 *     node bench/run.mjs publish [MiB] [rounds]
 */
import { hash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastValueFrom } from 'rxjs';
import { createEngineDriver } from '../src/engine/index.js';
import { createPeerweave, publish } from '../src/index.js';
import { fastest, inOwnProcess, measure, type Measurement } from './lib/measure.js';
import { ratioTable } from './lib/table.js';
import { writeTestFile } from './lib/test-file.js';
import { warmUp } from './lib/warm-up.js';

const MIB = 2 ** 20;
/** Enough for threads to be worth it. */
const SMALL_MIB = 64;
const BLOCK = 65_536;
const CHUNK = 4 * MIB;

const readAndHash = (path: string): Promise<Measurement> =>
  measure(async () => {
    const fd = openSync(path, 'r');
    const chunk = Buffer.allocUnsafe(CHUNK);
    for (let count = readSync(fd, chunk); count > 0; count = readSync(fd, chunk)) {
      for (let at = 0; at < count; at += BLOCK) {
        hash('sha256', chunk.subarray(at, Math.min(at + BLOCK, count)), 'buffer');
      }
    }
    closeSync(fd);
  });

interface Way {
  readonly hashWorkers: number;
  readonly keepCopy: boolean;
  /** Of content information; 1 by default. */
  readonly version?: 2;
  /** Whether the process has published before, so that its threads run. */
  readonly isWarm?: boolean;
}

const publishFile = async (
  path: string,
  dataDir: string,
  { hashWorkers, keepCopy, version, isWarm = false }: Way,
): Promise<Measurement> => {
  const driver = createEngineDriver({ dataDir, listen: false, hashWorkers });
  const { effects, promise } = createPeerweave({ driver });
  await using session = await promise(effects.openSession());
  const publishOne = async (file: string): Promise<void> => {
    await lastValueFrom(publish(file, { session, keepCopy, version }));
  };
  if (isWarm) await publishOne(`${path}.small`);
  const result = await measure(() => publishOne(path));
  return result;
};

const JOBS: readonly {
  readonly job: string;
  readonly name: string;
  readonly target?: number;
  readonly way?: Way;
}[] = [
  { job: 'hash', name: 'read and hash, one thread' },
  { job: '0', name: 'publish, no workers', target: 0.9, way: { hashWorkers: 0, keepCopy: false } },
  { job: '1', name: 'publish, one worker', way: { hashWorkers: 1, keepCopy: false } },
  { job: '2', name: 'publish, two workers to start', way: { hashWorkers: 2, keepCopy: false } },
  {
    job: '2 warm',
    name: 'publish, two workers',
    target: 1.6,
    way: { hashWorkers: 2, keepCopy: false, isWarm: true },
  },
  { job: 'copy', name: 'publish a copy, no workers', way: { hashWorkers: 0, keepCopy: true } },
  { job: 'v2', name: 'publish version 2, no workers', way: { hashWorkers: 0, keepCopy: false, version: 2 } },
  {
    job: 'v2 2',
    name: 'publish version 2, two workers',
    way: { hashWorkers: 2, keepCopy: false, version: 2 },
  },
  { job: 'copy 2', name: 'publish a copy, two workers', way: { hashWorkers: 2, keepCopy: true } },
];

const runJob = async (job: string, path: string, directory: string): Promise<void> => {
  const way = JOBS.find((one) => one.job === job)?.way;
  if (way?.keepCopy === true) warmUp(`${path}.warm-up`, statSync(path).size);
  const result = way === undefined ? await readAndHash(path) : await publishFile(path, directory, way);
  process.stdout.write(JSON.stringify(result));
};

const main = async (mib: number, rounds: number): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), 'peerweave-bench-'));
  try {
    const path = join(directory, 'file');
    writeTestFile(path, mib);
    writeTestFile(`${path}.small`, SMALL_MIB);
    const runs = new Map<string, Measurement[]>(JOBS.map(({ job }) => [job, []]));
    for (let round = 0; round < rounds; round += 1) {
      for (const { job } of JOBS) {
        // Removed at the end only: a file system that has just lost files may take longer to make others.
        const store = join(directory, `store ${round} ${job}`);
        runs.get(job)?.push(await inOwnProcess(['job', job, path, store]));
      }
    }
    console.log(`${mib} MiB, fastest of ${rounds} rounds`);
    const rows = JOBS.map(({ job, name, target }) => {
      return { name, bytes: mib * MIB, result: fastest(runs.get(job) ?? []), target };
    });
    console.log(ratioTable(rows));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

const [first, ...rest] = process.argv.slice(2);
if (first === 'job') {
  const [job = '', path = '', directory = ''] = rest;
  await runJob(job, path, directory);
} else {
  await main(Number(first ?? 1024), Number(rest[0] ?? 3));
}
