import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'peerweave-process-'));
  const here = fileURLToPath(new URL('programs/', import.meta.url));
  await build({
    entryPoints: ['dropped', 'exits'].map((name) => join(here, `${name}.ts`)),
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  });
});
afterAll(() => rm(directory, { recursive: true }));

/** Runs a program in a process of its own, to the end. */
const run = (name: string, ...args: readonly string[]) =>
  new Promise<{ readonly code: unknown; readonly lines: readonly string[] }>((resolve) => {
    execFile(
      process.execPath,
      ['--expose-gc', join(directory, `${name}.mjs`), ...args],
      { timeout: 20_000 },
      (error, stdout) => resolve({ code: error === null ? 0 : error.code, lines: stdout.trim().split('\n') }),
    );
  });

describe('a process', () => {
  it('closes and reports a handle that was dropped, but not one that a dropped Subscription holds', async () => {
    const { code, lines } = await run('dropped');
    expect(code).toBe(0);
    // The one that is left is closed by the sweep at exit.
    expect(lines).toEqual(['HandleLeaked group', 'close group', 'end', 'close group']);
  });

  it.each([
    ['by itself', '', 0],
    ['by process.exit', 'exit', 7],
    ['by an uncaught error', 'throw', 1],
  ])(
    'ends %s with the right code, and what is open is closed then, children first',
    async (_, how, expected) => {
      const { code, lines } = await run('exits', how);
      expect(code).toBe(expected);
      expect(lines).toEqual(['open', 'close content', 'shutdown', 'close group']);
    },
  );
});
