import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** What the retrieving process tells, one JSON document a line: see the `retrieve` command. */
export interface Report {
  readonly _tag: 'Retrieving' | 'Retrieved';
  readonly bytes: number;
  readonly fromPeers: Readonly<Record<string, number>>;
  readonly fromCache: number;
  readonly seconds?: number;
  readonly sha256?: string;
}

/** Runs this command in a second process, which retrieves with nothing but the content information. */
export const retrieveElsewhere = async (
  args: readonly string[],
  onReport: (report: Report) => void,
  signal: AbortSignal,
): Promise<Report> => {
  signal.throwIfAborted();
  const child = spawn(
    process.execPath,
    [process.argv[1] ?? fileURLToPath(import.meta.url), '--json', ...args],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const kill = (): void => void child.kill();
  signal.addEventListener('abort', kill, { once: true });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('exit', resolve);
  });
  let last: Report | undefined;
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      last = JSON.parse(line) as Report;
      onReport(last);
    }
    const code = await exited;
    if (code === 0 && last !== undefined) return last;
    throw new Error(`the second process ended with ${code ?? 'a signal'}`);
  } finally {
    signal.removeEventListener('abort', kill);
    kill();
  }
};
