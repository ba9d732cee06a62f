import { randomBytes } from 'node:crypto';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ask, blockHashesOf, PEERDIST_1_1, readInformation } from '../http/support.js';
import { inDirectory, run, start } from './run.js';

const CONTENT = randomBytes(300_000);

interface Served {
  readonly url: string;
  readonly peers: string;
}

const withFiles = (use: (directory: string) => Promise<void>): Promise<void> =>
  inDirectory(async (directory) => {
    await mkdir(join(directory, 'files', 'folder'), { recursive: true });
    await writeFile(join(directory, 'files', 'folder', 'content.bin'), CONTENT);
    await writeFile(join(directory, 'files', '.secret'), 'secret');
    await use(directory);
  });

test('serve answers with the files, with content information once it is prepared, and ends cleanly', () =>
  withFiles(async (directory) => {
    const serving = start(directory, ['--json', 'serve', 'files', '--prepare']);
    const { url, peers } = JSON.parse(await serving.line(/"serving"/)) as Served;
    expect(JSON.parse(await serving.line(/"prepared"/))).toEqual({ prepared: 1 });
    const content = `${url}folder/content.bin`;
    expect((await ask(content)).body.equals(CONTENT)).toBe(true);
    const encoded = await ask(content, { headers: PEERDIST_1_1 });
    expect(encoded.headers['content-encoding']).toBe('peerdist');
    expect(readInformation(encoded.body).blockHashes).toEqual(blockHashesOf(CONTENT));
    for (const path of ['/', '/folder/', '/.secret', '/../outside']) {
      expect((await ask(url, { path })).status).toBe(404);
    }
    expect(JSON.parse(await serving.line(/"peerdist"/))).toMatchObject({
      status: 200,
      path: '/folder/content.bin',
      contentBytes: CONTENT.length,
      bodyBytes: encoded.body.length,
    });

    // A second process with a cache of its own fetches the blocks from the first.
    await writeFile(join(directory, 'content.ci'), encoded.body);
    const other = ['--data-dir', join(directory, 'other')];
    const ran = await run(directory, [...other, 'retrieve', 'content.ci', '--peer', peers, '-o', 'copy']);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect((await readFile(join(directory, 'copy'))).equals(CONTENT)).toBe(true);

    serving.child.kill('SIGINT');
    expect(await serving.ended).toMatchObject({ code: 0, stderr: '' });
  }));

test('what cannot be prepared is told as a document with --json, and the rest is served', () =>
  withFiles(async (directory) => {
    await symlink('/nowhere/at/all', join(directory, 'files', 'lost'));
    const serving = start(directory, ['--json', 'serve', 'files', '--prepare']);
    await serving.line(/"prepared":1/);
    serving.child.kill('SIGINT');
    const { stderr } = await serving.ended;
    for (const line of stderr.trim().split('\n'))
      expect(JSON.parse(line)).toMatchObject({
        path: expect.stringContaining('lost'),
        error: { _tag: 'NotFound' },
      });
  }));

test('serve --index --hidden shows what else there is', () =>
  withFiles(async (directory) => {
    const serving = start(directory, ['--json', 'serve', 'files', '--index', '--hidden']);
    const { url } = JSON.parse(await serving.line(/"serving"/)) as Served;
    expect((await ask(url)).body.toString()).toContain('href="./.secret"');
    expect((await ask(`${url}.secret`)).body.toString()).toBe('secret');
    serving.child.kill('SIGTERM');
    expect((await serving.ended).code).toBe(0);
  }));

test.each([
  ['a missing directory', ['missing'], 3],
  ['a file', ['file'], 2],
  ['an address that is none', ['.', '--listen', '8080'], 2],
  ['a size that is none', ['.', '--min-size', '64K'], 2],
])('%s ends with a message and its exit code', (_name, args, code) =>
  inDirectory(async (directory) => {
    await writeFile(join(directory, 'file'), 'x');
    const ran = await run(directory, ['serve', ...args]);
    expect(ran).toMatchObject({ code, stdout: '' });
    expect(ran.stderr).not.toBe('');
    expect(ran.stderr).not.toMatch(/^\s+at /m);
  }),
);

test('a taken port is told', () =>
  withFiles(async (directory) => {
    await using taken = createServer();
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, '127.0.0.1', () => {
        const address = taken.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    const ran = await run(directory, ['serve', 'files', '--listen', `127.0.0.1:${port}`]);
    expect(ran).toMatchObject({ code: 6, stdout: '' });
    expect(ran.stderr).toContain('EADDRINUSE');
  }));
