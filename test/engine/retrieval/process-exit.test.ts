import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'retrieval-exit-'));
  await build({
    entryPoints: [fileURLToPath(new URL('child/exit.ts', import.meta.url))],
    outfile: join(folder, 'exit.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
  });
});

afterAll(() => rm(folder, { recursive: true }));

it('a process that has closed its server ends by itself', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(folder, 'exit.mjs')], {
    timeout: 20_000,
  });
  expect({ stdout, stderr }).toEqual({ stdout: 'closed', stderr: '' });
});
