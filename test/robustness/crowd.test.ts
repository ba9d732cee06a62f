import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildProgram, type BuiltProgram } from '../built-program.js';
import { LineProcess } from '../engine/discovery/programs.js';
import type { CrowdOrder, CrowdReport } from './support/crowd-program.js';
import { contentOf, inDirectory } from './support/node.js';

const LENGTH = 1_100_000;
const SHA256 = createHash('sha256').update(contentOf(LENGTH)).digest('hex');

let program: BuiltProgram;
const running: LineProcess<CrowdOrder, CrowdReport>[] = [];

beforeAll(async () => {
  program = await buildProgram('support/crowd-program.ts', import.meta.url);
});
afterAll(async () => {
  for (const one of running) one.kill();
  await program.remove();
});

const startProgram = async (): Promise<LineProcess<CrowdOrder, CrowdReport>> => {
  const started = new LineProcess<CrowdOrder, CrowdReport>([process.execPath, program.path]);
  running.push(started);
  await started.read();
  return started;
};

/** Of three busy processes on a machine that runs other tests. */
const PATIENT_MS = 120_000;

it(
  'two hundred clients of one server at the same time all get every byte',
  () =>
    inDirectory(async (directory) => {
      const server = await startProgram();
      const { peer, information } = await server.order({
        serve: { dataDir: join(directory, 'server'), length: LENGTH },
      });
      const crowds = await Promise.all([startProgram(), startProgram()]);
      const ends = await Promise.all(
        crowds.map((crowd, index) =>
          crowd.order({
            retrieve: {
              dataDir: join(directory, String(index)),
              clients: 100,
              peer: peer!,
              information: information!,
            },
          }),
        ),
      );
      expect(ends.flatMap(({ ends: one }) => one)).toEqual(Array<string>(200).fill(SHA256));
      for (const one of [...crowds, server]) expect(await one.end()).toBe(0);
    }),
  PATIENT_MS,
);
