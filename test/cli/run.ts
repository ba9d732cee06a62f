import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The built command: what a user runs. `npm test` builds it first. */
export const COMMAND = fileURLToPath(new URL('../../dist/cli/main.cjs', import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
  /** Resolves with the first whole line on stdout that matches. */
  line(pattern: RegExp): Promise<string>;
}

/** A program for python3 that runs a command with a terminal of its own, and prints what it writes there. */
export const AT_A_TERMINAL =
  'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';

/** Starts the command in a directory of its own. @param prefix put in front of it, such as to run it on another host. */
export const start = (
  directory: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  prefix: readonly string[] = [],
): Running => {
  const whole = [...prefix, process.execPath, COMMAND, '--data-dir', join(directory, 'data'), ...args];
  const [program = '', ...rest] = whole;
  const child = spawn(program, rest, {
    cwd: directory,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text.stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text.stderr += chunk));
  const ended = new Promise<Ran>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...text }));
  });
  const line = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = text.stdout
          .split('\n')
          .slice(0, -1)
          .find((one) => pattern.test(one));
        if (found !== undefined) resolve(found);
      };
      child.stdout.on('data', look);
      look();
      void ended.then((ran) =>
        reject(new Error(`ended with ${ran.code} before ${pattern}: ${ran.stdout}${ran.stderr}`)),
      );
    });
  return { child, ended, line };
};

export const run = (directory: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ran> =>
  start(directory, args, env).ended;

/** A fresh directory, removed when `use` is done. */
export const inDirectory = async (use: (directory: string) => Promise<void>): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), 'peerweave-cli-'));
  try {
    await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};
