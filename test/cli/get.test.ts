import { createCipheriv } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listen } from '../http/support.js';
import { inDirectory, run, start } from './run.js';

const CONTENT = createCipheriv('aes-128-ctr', Buffer.alloc(16, 3), Buffer.alloc(16)).update(
  Buffer.alloc(3_000_000),
);

interface Served {
  readonly url: string;
  readonly peers: string;
}

interface Fetched {
  readonly bytes: number;
  readonly resumedAt: number;
  readonly fromPeers: Readonly<Record<string, number>>;
  readonly fromCache: number;
  readonly fromOrigin: number;
}

const lastOf = (stdout: string): Fetched => JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Fetched;

test('get takes the blocks from a peer in another process, and only content information from the origin', () =>
  inDirectory(async (directory) => {
    await mkdir(join(directory, 'files'));
    await writeFile(join(directory, 'files', 'a b.bin'), CONTENT);
    const serving = start(directory, ['--json', 'serve', 'files', '--prepare']);
    const { url, peers } = JSON.parse(await serving.line(/"serving"/)) as Served;
    await serving.line(/"prepared"/);
    const file = `${url}a%20b.bin`;
    const other = ['--json', '--data-dir', join(directory, 'other')];

    const first = await run(directory, [...other, 'get', file, '--peer', peers]);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect((await readFile(join(directory, 'a b.bin'))).equals(CONTENT)).toBe(true);
    expect(lastOf(first.stdout)).toMatchObject({ fromPeers: { [peers]: CONTENT.length }, fromOrigin: 0 });

    const second = await run(directory, [...other, 'get', file, '-o', 'again']);
    expect(lastOf(second.stdout)).toMatchObject({ fromCache: CONTENT.length, fromPeers: {}, fromOrigin: 0 });
    expect((await readFile(join(directory, 'again'))).equals(CONTENT)).toBe(true);

    serving.child.kill('SIGINT');
    const { stdout } = await serving.ended;
    // What the server says itself: nobody has had plain bytes of it.
    expect(stdout).toContain('"kind":"peerdist"');
    expect(stdout).not.toContain('"kind":"plain"');
    expect(stdout).not.toContain('"kind":"missing-data"');
  }));

test('get goes on from where it was killed', () =>
  inDirectory(async (directory) => {
    const starts: number[] = [];
    await using origin = await listen((request, response) => {
      const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      starts.push(from);
      const headers = { ETag: '"1"', 'Accept-Ranges': 'bytes', 'Content-Length': CONTENT.length - from };
      const range = { 'Content-Range': `bytes ${from}-${CONTENT.length - 1}/${CONTENT.length}` };
      response.writeHead(from > 0 ? 206 : 200, { ...headers, ...(from > 0 ? range : {}) });
      if (starts.length > 1) response.end(CONTENT.subarray(from));
      else response.write(CONTENT.subarray(0, 1_000_000));
    });
    const fetching = start(directory, ['--json', 'get', origin.url, '-o', 'copy']);
    await fetching.line(/"Received"/);
    fetching.child.kill('SIGKILL');
    await fetching.ended;
    expect(await readdir(directory)).toContain('copy.part');

    const ran = await run(directory, ['--json', 'get', origin.url, '-o', 'copy']);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect((await readFile(join(directory, 'copy'))).equals(CONTENT)).toBe(true);
    const { resumedAt, bytes } = lastOf(ran.stdout);
    expect(resumedAt).toBeGreaterThan(0);
    expect(starts).toEqual([0, resumedAt]);
    expect(resumedAt + bytes).toBe(CONTENT.length);
    expect(await readdir(directory)).not.toContain('copy.part');
  }));

test('get stops at once by a signal', () =>
  inDirectory(async (directory) => {
    await using origin = await listen((_request, response) => {
      response.writeHead(200, { 'Content-Length': CONTENT.length });
      response.write(CONTENT.subarray(0, 500_000));
    });
    const fetching = start(directory, ['--json', 'get', origin.url, '-o', 'copy']);
    await fetching.line(/"Received"/);
    fetching.child.kill('SIGTERM');
    expect((await fetching.ended).code).toBe(130);
  }));

test.each([
  ['not there', 404, 3],
  ['forbidden', 403, 4],
  ['out of order', 503, 6],
])('an origin where it is %s (%d) makes exit code %d', (_name, status, code) =>
  inDirectory(async (directory) => {
    await using origin = await listen((_request, response) => void response.writeHead(status).end());
    const ran = await run(directory, ['--json', 'get', origin.url, '-o', 'copy']);
    expect(ran).toMatchObject({ code, stdout: '' });
    expect(JSON.parse(ran.stderr)).toMatchObject({ error: { code: `HTTP_${status}` } });
    expect(await readdir(directory)).not.toContain('copy');
  }),
);

test.each([
  ['a URL that is none', ['nowhere', '-o', 'copy']],
  ['another scheme', ['ftp://127.0.0.1/x', '-o', 'copy']],
  ['a URL without a name', ['http://127.0.0.1:1/']],
  ['a name out of the directory', ['http://127.0.0.1:1/..%2f..%5cx']],
  ['a peer that is none', ['http://127.0.0.1:1/x', '--peer', 'here']],
  ['a hosted cache that is none', ['http://127.0.0.1:1/x', '--hosted-cache', 'here']],
])('%s is wrong usage', (_name, args) =>
  inDirectory(async (directory) => {
    const ran = await run(directory, ['get', ...args]);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).not.toBe('');
    expect(ran.stderr).not.toMatch(/^\s+at /m);
  }),
);
