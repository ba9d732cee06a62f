/**
 * Runs a benchmark: `node bench/run.mjs publish [arguments]` bundles bench/publish.ts and starts it. Benchmarks are
 * TypeScript and measure the sources as they are, in processes of their own. They have no source maps, which take thirty
 * megabytes in each process.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const [name, ...args] = process.argv.slice(2);
if (name === undefined) {
  console.error('usage: node bench/run.mjs NAME [arguments]');
  process.exit(2);
}

// Inside the repository, so that packages are found from there.
const directory = await mkdtemp(join(here, '..', 'node_modules', '.bench-'));
const outfile = join(directory, `${name}.mjs`);
try {
  await build({
    entryPoints: [join(here, `${name}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'warning',
    tsconfig: join(here, '..', 'tsconfig.json'),
  });
  process.exitCode = await new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--expose-gc', outfile, ...args], {
      stdio: 'inherit',
    });
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
} finally {
  await rm(directory, { recursive: true, force: true });
}
