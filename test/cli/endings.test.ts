import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { COMMAND, run, start, inDirectory } from './run.js';

const DEAF = fileURLToPath(new URL('./deaf-server.cjs', import.meta.url));

/** A port where connections are neither taken nor refused. */
const startDeafServer = async (): Promise<number> => {
  const child = fork(DEAF);
  onTestFinished(() => void child.kill('SIGKILL'));
  const [port] = (await once(child, 'message')) as [number];
  // What fits into its queue is connected by the system.
  const isConnected = (socket: Socket): Promise<boolean> =>
    Promise.race([once(socket, 'connect').then(() => true), wait(300, false)]);
  for (;;) {
    const socket = connect({ port, host: '127.0.0.1' }).on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
    if (!(await isConnected(socket))) return port;
  }
};

describe.runIf(process.platform === 'linux')('a command ends', () => {
  it('at once when it is told to, although a connection is being made', async () => {
    const port = await startDeafServer();
    await inDirectory(async (directory) => {
      const { child, ended } = start(directory, ['get', `http://127.0.0.1:${port}/file`, '-o', 'file']);
      await wait(2_500);
      child.kill('SIGINT');
      const outcome = await Promise.race([ended, wait(5_000, 'still there', { ref: false })]);
      expect(outcome).toMatchObject({ code: 130 });
    });
  });

  it('with all that it has to say, however slowly that is read', async () => {
    await inDirectory(async (directory) => {
      // More than a pipe holds.
      const path = join(directory, 'large');
      await writeFile(path, '');
      await truncate(path, 128 * 1024 * 1024);
      await run(directory, ['ci', 'make', 'large', '--ci-version', '2', '-o', 'large.ci']);
      const show = ['--json', 'ci', 'show', 'large.ci'];
      const { stdout } = await run(directory, show);
      expect(stdout.length).toBeGreaterThan(150_000);
      const { child, ended } = start(directory, show);
      child.stdout?.pause();
      await wait(1_500);
      child.stdout?.resume();
      expect(await ended).toMatchObject({ code: 0, stdout });
    });
  });

  it.each([false, true])('with a fault when what it says cannot be written (--json: %s)', async (json) => {
    await inDirectory(async (directory) => {
      const options = ['--data-dir', join(directory, 'data'), ...(json ? ['--json'] : [])];
      const full = openSync('/dev/full', 'w');
      const { status, stderr } = spawnSync(process.execPath, [COMMAND, ...options, 'status'], {
        stdio: ['ignore', full, 'pipe'],
      });
      const text = stderr.toString();
      expect(status).toBe(1);
      expect(text.split('\n')).toHaveLength(2);
      if (!json) expect(text).toMatch(/no space left/);
      else expect(JSON.parse(text)).toMatchObject({ error: { _tag: 'System', code: 'ENOSPC' } });
    });
  });
});

describe('a command that cannot use its data directory', () => {
  it('says so, where settings are damaged', async () => {
    await inDirectory(async (directory) => {
      await mkdir(join(directory, 'data'), { recursive: true });
      await writeFile(join(directory, 'data', 'cache.json'), '{');
      const { code, stderr } = await run(directory, ['--json', 'cache', 'status']);
      expect(code).toBe(1);
      expect(JSON.parse(stderr)).toMatchObject({
        error: {
          _tag: 'System',
          code: 'PEERWEAVE_DAMAGED_SETTINGS',
          message: expect.stringMatching(/cache\.json: damaged; remove it/),
        },
      });
    });
  });

  it('says so, where it is a file', async () => {
    await inDirectory(async (directory) => {
      await writeFile(join(directory, 'data'), '');
      const { code, stderr } = await run(directory, ['cache', 'status']);
      expect([code, stderr]).toEqual([
        6,
        expect.stringMatching(/^peerweave: .*cannot use .* by --data-dir\.\n$/),
      ]);
    });
  });
});
