/**
 * Publishing (hash and store) a file against reading it and hashing each 64 KiB block on one thread.
 *
 *     node bench/run.mjs publish [MiB] [rounds]
 */
import { createCipheriv, hash } from 'node:crypto';
import { closeSync, openSync, readSync, rmSync, statSync, writeSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openContentStore } from '../src/engine/distribution/store/index.js';
import { fastest, inOwnProcess, measure, type Measurement } from './lib/measure.js';
import { ratioTable } from './lib/table.js';

const MIB = 2 ** 20;
const BLOCK = 65_536;
const CHUNK = 4 * MIB;

/** A file whose segments all differ. */
const writeTestFile = (path: string, mib: number): void => {
  const stream = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16));
  const zeros = Buffer.alloc(MIB);
  const fd = openSync(path, 'w');
  for (let written = 0; written < mib; written += 1) writeSync(fd, stream.update(zeros));
  closeSync(fd);
};

/**
 * Fills as much of the page cache as the job will and gives it back. On a virtual machine memory that was never used, or
 * not lately, has to be fetched from the host first, which costs more than all the work measured here.
 */
const warmUp = (path: string, bytes: number): void => {
  const fd = openSync(path, 'w');
  const chunk = Buffer.alloc(MIB);
  for (let written = 0; written < bytes; written += MIB) writeSync(fd, chunk);
  closeSync(fd);
  rmSync(path);
};

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

/** Reads the next chunk while the one before is being published. */
const publish = async (path: string, directory: string, hashWorkers: number): Promise<Measurement> => {
  const store = await openContentStore({ directory, serverSecret: Buffer.from('secret'), hashWorkers });
  const file = await open(path);
  const { size } = await file.stat();
  const chunks = [0, 1].map(
    () => new Uint8Array(hashWorkers > 0 ? new SharedArrayBuffer(CHUNK) : new ArrayBuffer(CHUNK)),
  );
  const result = await measure(async () => {
    const writer = await store.beginPublication({
      contentId: Buffer.from('a'),
      hash: 'sha256',
      length: size,
    });
    let appended = Promise.resolve();
    for (let turn = 0; ; turn += 1) {
      const chunk = chunks[turn % 2]!;
      const { bytesRead } = await file.read(chunk, 0, CHUNK);
      await appended;
      if (bytesRead === 0) break;
      appended = writer.append(chunk.subarray(0, bytesRead));
    }
    await writer.complete();
  });
  await file.close();
  await store.close();
  return result;
};

const runJob = async (job: string, path: string, directory: string): Promise<void> => {
  warmUp(`${path}.warm-up`, statSync(path).size);
  const result = job === 'hash' ? await readAndHash(path) : await publish(path, directory, Number(job));
  process.stdout.write(JSON.stringify(result));
};

const JOBS = [
  { job: 'hash', name: 'read and hash, one thread', target: undefined },
  { job: '0', name: 'publish, no workers', target: 0.8 },
  { job: '1', name: 'publish, one worker', target: undefined },
  { job: '2', name: 'publish, two workers', target: 1.4 },
];

const main = async (mib: number, rounds: number): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), 'peerweave-bench-'));
  try {
    const path = join(directory, 'file');
    writeTestFile(path, mib);
    const runs = new Map<string, Measurement[]>(JOBS.map(({ job }) => [job, []]));
    for (let round = 0; round < rounds; round += 1) {
      for (const { job } of JOBS) {
        const store = join(directory, 'store');
        runs.get(job)?.push(await inOwnProcess(['job', job, path, store]));
        await rm(store, { recursive: true, force: true });
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
