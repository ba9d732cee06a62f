import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { slowLine } from '../../bench/lib/slow-line.js';
import { createContentServer, sendContent } from '../../src/http/index.js';
import { buildProgram, type BuiltProgram } from '../built-program.js';
import { LineProcess } from '../engine/discovery/programs.js';
import type { GetOrder, GetReport } from './get-program.js';
import { contentOf, listen, sha256, startMachine, temporaryDirectory } from './support.js';

const CONTENT = contentOf(8_000_000);
const SHA256 = sha256(CONTENT).toString('hex');
const BYTES_PER_SECOND = 4_000_000;
const CLIENTS = 4;
/** Of five busy processes on a machine that runs other tests. */
const PATIENT_MS = 120_000;

let program: BuiltProgram;
const running: LineProcess<GetOrder, GetReport>[] = [];

beforeAll(async () => {
  program = await buildProgram('get-program.ts', import.meta.url);
});
afterAll(async () => {
  for (const one of running) one.kill();
  await program.remove();
});

const startClient = async (dataDir: string) => {
  const client = new LineProcess<GetOrder, GetReport>([process.execPath, program.path]);
  running.push(client);
  await client.read();
  const { endpoint = '' } = await client.order({ start: { dataDir } });
  return { client, endpoint };
};

it(
  'four processes that start together, and end when they have it, cost a slow origin at most a twentieth more than the file',
  async () => {
    await using publisher = await startMachine();
    await using directory = await temporaryDirectory();
    const server = createContentServer({ session: publisher.session });
    const page = { bytes: CONTENT };
    await server.prepare(page);
    await using origin = await listen((request, response) => {
      void sendContent(server, request, response, page);
    });
    const line = await slowLine(origin.port, BYTES_PER_SECOND);
    try {
      const clients = await Promise.all(
        Array.from({ length: CLIENTS }, (_, index) => startClient(join(directory.path, String(index)))),
      );
      const url = `http://127.0.0.1:${line.port}/`;
      const reports = await Promise.all(
        clients.map(async ({ client, endpoint }) => {
          const peers = clients.map((other) => other.endpoint).filter((other) => other !== endpoint);
          const report = await client.order({ get: { url, peers } });
          // What it has fetched for the others must not go with it.
          expect(await client.end()).toBe(0);
          return report;
        }),
      );
      const carried = line.take();
      for (const report of reports) expect(report.sha256).toBe(SHA256);
      expect(carried).toBeGreaterThanOrEqual(CONTENT.length);
      expect(carried / CONTENT.length).toBeLessThanOrEqual(1.05);
    } finally {
      line.close();
    }
  },
  PATIENT_MS,
);
