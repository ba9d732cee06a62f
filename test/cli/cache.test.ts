import { execFileSync } from 'node:child_process';
import { lstat, readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inDirectory, run, start } from './run.js';

const json = (stdout: string): unknown => JSON.parse(stdout.trim().split('\n').at(-1) ?? '');

test('the cache is carried to another machine, limited and cleared', { timeout: 120_000 }, () =>
  inDirectory((one) =>
    inDirectory(async (other) => {
      const content = Buffer.alloc(300_000, 'content');
      await writeFile(join(one, 'file'), content);
      const ci = join(one, 'ci');
      const publishing = start(one, ['publish', 'file', '--copy', '--listen', '127.0.0.1:0', '--ci-out', ci]);
      await publishing.line(/127\.0\.0\.1/);
      const file = join(one, 'package');
      expect(json((await run(one, ['--json', 'cache', 'export', ci, '-o', file])).stdout)).toEqual({
        output: file,
        bytes: (await stat(file)).size,
        segments: 1,
        blocks: 5,
        missingSegments: 0,
        missingBlocks: 0,
      });
      publishing.child.kill('SIGTERM');
      await publishing.ended;
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      expect(await run(one, ['cache', 'export', '-o', file])).toMatchObject({ code: 5 });
      const inVain = join(other, 'in-vain');
      expect(await run(other, ['cache', 'export', ci, '-o', inVain])).toMatchObject({ code: 3 });
      await expect(stat(inVain)).rejects.toMatchObject({ code: 'ENOENT' });

      expect(json((await run(other, ['--json', 'cache', 'import', file])).stdout)).toEqual({
        segments: 1,
        bytes: content.length,
        bytesHere: 0,
      });
      // From the cache alone: nobody is there to ask.
      expect(await run(other, ['retrieve', ci, '-o', 'file'])).toMatchObject({ code: 0 });
      expect((await readFile(join(other, 'file'))).equals(content)).toBe(true);
      expect(json((await run(other, ['--json', 'cache', 'verify'])).stdout)).toEqual({
        segments: 1,
        bytes: content.length,
        damagedBlocks: 0,
      });
      expect(json((await run(other, ['--json', 'cache', 'list'])).stdout)).toMatchObject({ state: 'cached' });
      const limited = await run(other, ['--json', 'cache', 'set', '--quota', '2M', '--max-age', '12h']);
      expect(json(limited.stdout)).toMatchObject({ quotaBytes: 2 * 1024 ** 2, maxAgeMs: 12 * 3_600_000 });
      const short = await run(other, ['cache', 'set', '--max-age', '1m']);
      expect(short.stdout).toMatch(/^maximum age +1 minutes$/m);
      const refused = await run(other, ['--json', 'cache', 'set', '--quota', '101%']);
      expect(refused.code).toBe(2);
      expect(refused.stderr).not.toContain('..');
      expect(json((await run(other, ['--json', 'cache', 'clear'])).stdout)).toEqual({
        segments: 1,
        bytes: content.length,
      });
      expect(json((await run(other, ['--json', 'cache', 'status'])).stdout)).toMatchObject({ segments: 0 });
      await writeFile(join(other, 'no-package'), 'PWCPx');
      expect(await run(other, ['cache', 'import', 'no-package'])).toMatchObject({ code: 9 });
    }),
  ),
);

test.skipIf(process.platform === 'win32')('an export into a pipe leaves the pipe in its place', () =>
  inDirectory(async (directory) => {
    await writeFile(join(directory, 'file'), Buffer.alloc(300_000, 'content'));
    const publishing = start(directory, ['publish', 'file', '--copy', '--listen', '127.0.0.1:0']);
    await publishing.line(/127\.0\.0\.1/);
    const [file, pipe] = [join(directory, 'package'), join(directory, 'pipe')];
    execFileSync('mkfifo', [pipe]);
    const [read, ran] = await Promise.all([
      readFile(pipe),
      run(directory, ['--json', 'cache', 'export', '-o', pipe, '--force']),
    ]);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect((await lstat(pipe)).isFIFO()).toBe(true);
    expect(json(ran.stdout)).toMatchObject({ bytes: read.length });
    expect(await run(directory, ['cache', 'export', '-o', file])).toMatchObject({ code: 0 });
    expect(read.equals(await readFile(file))).toBe(true);
    publishing.child.kill('SIGTERM');
    await publishing.ended;
  }),
);

/** Whether a process has a file open, of which Linux knows. */
const hasOpen = async (pid: number | undefined, path: string): Promise<boolean> => {
  const folder = `/proc/${pid}/fd`;
  const links = (await readdir(folder)).map((fd) => readlink(join(folder, fd)).catch(() => ''));
  return (await Promise.all(links)).includes(path);
};

test.runIf(process.platform === 'linux').each([
  ['cache import', (pipe: string) => ['cache', 'import', pipe]],
  [
    'hosted-cache',
    (pipe: string) => ['hosted-cache', '--tls-cert', pipe, '--tls-key', pipe, '--tls-listen', '127.0.0.1:0'],
  ],
])('%s waits for a pipe that nobody writes to until Ctrl-C', (_name, args) =>
  inDirectory(async (directory) => {
    const pipe = join(directory, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const waiting = start(directory, args(pipe));
    await expect.poll(() => hasOpen(waiting.child.pid, pipe)).toBe(true);
    waiting.child.kill('SIGINT');
    expect(await waiting.ended).toMatchObject({ code: 130, stdout: '' });
  }),
);
