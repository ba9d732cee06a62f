import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** What one run of a job cost its process. */
export interface Measurement {
  readonly seconds: number;
  /** User and system time of all threads while the job ran. */
  readonly cpuSeconds: number;
  /** The most memory the process ever had, start-up included. */
  readonly peakRssMiB: number;
}

const MIB = 2 ** 20;

/** Until then V8 compiles on other threads what loading the program made hot, such as Node's reader of CommonJS exports. */
const SETTLING_MS = 300;

/** Starting the program is not measured, nor what it leaves for later. */
export const measure = async (job: () => Promise<void>): Promise<Measurement> => {
  await sleep(SETTLING_MS);
  globalThis.gc?.();
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  await job();
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  const { user, system } = process.cpuUsage(cpu);
  return { seconds, cpuSeconds: (user + system) / 1e6, peakRssMiB: peakRss() / MIB };
};

/** Linux counts what a process had before it was this program into maxRSS, but not into VmHWM. */
const peakRss = (): number => {
  try {
    return peakIn(readFileSync('/proc/self/status', 'latin1'));
  } catch {
    // Not Linux.
    return process.resourceUsage().maxRSS * 1024;
  }
};

/** @param status what Linux says of a process. @throws if that is not in it. */
export const peakIn = (status: string): number => {
  const [, kib] = /^VmHWM:\s*(\d+) kB$/m.exec(status) ?? [];
  if (kib === undefined) throw new RangeError(`no peak of memory in ${status}`);
  return Number(kib) * 1024;
};

/** Runs this same program with other arguments, so that every job has a process of its own. */
export const inOwnProcess = (args: readonly string[]): Promise<Measurement> =>
  new Promise((resolve, reject) => {
    const [, program = ''] = process.argv;
    const child = spawn(process.execPath, [...process.execArgv, program, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(output) as Measurement);
      else reject(new Error(`${args.join(' ')} ended with ${code ?? 'a signal'}`));
    });
  });

/** The run that other programs on this machine disturbed least. */
export const fastest = (runs: readonly Measurement[]): Measurement => {
  const [first] = [...runs].sort((a, b) => a.seconds - b.seconds);
  if (first === undefined) throw new RangeError('no runs');
  return first;
};

/** The run with the median of the seconds. */
export const median = (runs: readonly Measurement[]): Measurement => {
  const middle = [...runs].sort((a, b) => a.seconds - b.seconds)[Math.floor(runs.length / 2)];
  if (middle === undefined) throw new RangeError('no runs');
  return middle;
};
