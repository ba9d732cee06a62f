/**
 * How much memory the command takes at most to publish and serve a file of any size, and to retrieve it, in both versions.
 * It is the command as it is built: run `npm run build` before. On Linux only.
 *
 *     node bench/run.mjs command-memory [MiB]
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { peakIn } from './lib/measure.js';
import { columns } from './lib/table.js';
import { writeTestFile } from './lib/test-file.js';

const MIB = 2 ** 20;
const MOST_MIB = 120;
const [, program = ''] = process.argv;
/** The folder of this program is in node_modules. */
const ROOT = join(dirname(program), '..', '..');
const COMMAND = join(ROOT, 'dist', 'cli', 'main.cjs');
const TELL_STATUS = join(ROOT, 'bench', 'lib', 'tell-status.cjs');

interface Running {
  readonly child: ChildProcess;
  /** Resolves when it has written this, to what it wrote so far. */
  said(text: string): Promise<string>;
  /** In MiB, once it has ended. */
  readonly peak: Promise<number>;
}

const start = (...args: readonly string[]): Running => {
  const child = spawn(process.execPath, ['--require', TELL_STATUS, COMMAND, ...args], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
  const said = async (text: string): Promise<string> => {
    while (!output.includes(text)) {
      if (child.exitCode !== null) throw new Error(`it ended without saying ${text}`);
      await Promise.race([once(child.stdout!, 'data'), once(child, 'close')]);
    }
    return output;
  };
  return { child, said, peak: peakOf(child, () => output) };
};

const peakOf = async (child: ChildProcess, output: () => string): Promise<number> => {
  let status = '';
  (child.stdio[3] as Readable).setEncoding('latin1').on('data', (text: string) => (status += text));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0 && code !== 130) throw new Error(`it ended with ${String(code)}: ${output()}`);
  return peakIn(status) / MIB;
};

const transfer = async (file: string, directory: string, version: string): Promise<readonly number[]> => {
  const data = (name: string): string => join(directory, `${name} ${version}`);
  const described = join(directory, `${version}.ci`);
  const publisher = start(
    '--data-dir',
    data('publisher'),
    'publish',
    file,
    '--ci-version',
    version,
    '--ci-out',
    described,
  );
  const [, address = ''] = /serving on (\S+);/.exec(await publisher.said('stop with Ctrl-C')) ?? [];
  const output = join(directory, 'retrieved');
  const peer = start('--data-dir', data('peer'), 'retrieve', described, '--peer', address, '-o', output);
  const peak = await peer.peak;
  await rm(output);
  await rm(data('peer'), { recursive: true });
  publisher.child.kill('SIGINT');
  return [await publisher.peak, peak];
};

const main = async (mib: number): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), 'peerweave-bench-'));
  try {
    const file = join(directory, 'file');
    writeTestFile(file, mib);
    const rows = [];
    for (const version of ['1', '2']) {
      const peaks = await transfer(file, directory, version);
      rows.push([`version ${version}`, ...peaks.map((peak) => peak.toFixed(0)), String(MOST_MIB)]);
    }
    console.log(`${mib} MiB, MiB of memory at the peak`);
    console.log(columns([['', 'publish and serve', 'retrieve', 'aim'], ...rows]));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

await main(Number(process.argv[2] ?? 1024));
